import GRDB

/// The alternatives of a key as a condition over a column that holds single values as they are compared.
struct ValueCondition {
  private(set) var sql: SQL = ""
  /// All alternatives are single values.
  private(set) var isExact = true
  /// Every value of the column has to be looked at.
  private(set) var isSlow = false

  /// - Parameter alternatives: those that are names, moments or ask for absence are somebody else's.
  init(_ alternatives: [ValueMatcher.Alternative], over column: String) {
    let exact = alternatives.compactMap { if case .exact(let text) = $0 { text } else { nil } }
    var parts: [SQL] = exact.isEmpty ? [] : ["\(sql: column) IN \(exact)"]
    for alternative in alternatives {
      switch alternative {
      case .exact, .name, .moments, .absent: continue
      case .pattern(let pattern): parts.append(self.pattern(pattern, column))
      case .range(let from, let through): parts.append(Self.range(from, through, column))
      }
      isExact = false
    }
    sql = parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " OR ")))"
  }

  /// What begins with a text lies between two others, where an index has it.
  private mutating func pattern(_ pattern: String, _ column: String) -> SQL {
    let matches: SQL = "\(sql: column) GLOB \(Self.glob(pattern))"
    let prefix = pattern.prefix { !ValueMatcher.isWildcard($0) }
    if prefix.isEmpty {
      isSlow = true
      return matches
    }
    return "(\(matches) AND \(sql: column) >= \(prefix) AND \(sql: column) < \(prefix + "\u{10FFFF}"))"
  }

  private static func range(_ from: String?, _ through: String?, _ column: String) -> SQL {
    // What has no value lies in no range, and an empty text is before all others.
    var bounds: [SQL] = [from.map { "\(sql: column) >= \($0)" } ?? "\(sql: column) <> ''"]
    if let through { bounds.append("\(sql: column) <= \(through)") }
    return "(\(bounds.joined(separator: " AND ")))"
  }

  /// A pattern for SQLite, to which `[` is special as well.
  static func glob(_ pattern: String) -> String { pattern.replacing("[", with: "[[]") }
}

extension ValueMatcher.Alternative {
  /// A text that may hold `*` and `?`.
  init(_ text: String) { self = text.contains(where: ValueMatcher.isWildcard) ? .pattern(text) : .exact(text) }
}
