/// Suggestions for a name that is not known.
public enum Nearest {
  /// The nearest of `names` that `name` may have been meant for, at most `limit`: the same but for case, beginning
  /// with it, or a few slips of the finger away.
  public static func names(to name: String, among names: some Sequence<String>, limit: Int = 3) -> [String] {
    let wanted = Array(name.lowercased().unicodeScalars)
    let tolerance = max(2, wanted.count / 3)
    let near = Set(names).compactMap { candidate -> (Int, String)? in
      let scalars = Array(candidate.lowercased().unicodeScalars)
      if wanted.count >= 3, scalars.starts(with: wanted) { return (1, candidate) }
      let distance = distance(wanted, scalars)
      return distance <= tolerance && distance < max(wanted.count, scalars.count) ? (distance, candidate) : nil
    }
    .sorted { $0 < $1 }
    guard let best = near.first?.0 else { return [] }
    return near.prefix { $0.0 == best }.prefix(limit).map(\.1)
  }

  /// The number of single-letter changes, insertions, removals and swaps of neighbours between two words
  /// (optimal string alignment).
  static func distance<Letter: Equatable>(_ a: [Letter], _ b: [Letter]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }

  /// `did you mean "A" or "B"?`, or nil when nothing is near.
  public static func suggestion(for name: String, among names: some Sequence<String>) -> String? {
    let near = self.names(to: name, among: names).map { "\"\($0)\"" }
    return near.isEmpty ? nil : "did you mean \(near.joined(separator: " or "))?"
  }
}
