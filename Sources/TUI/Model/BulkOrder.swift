import Operations

/// The options of `:find`, `:move` and `:store` for the rows of a file: the words of the command line.
extension BulkOrder {
  static let options = ["--from", "--result", "--rate", "--between", "--stop-after"]
  private static let paths = ["--from", "--result"]

  /// - Parameters:
  ///   - words: what follows the verb.
  ///   - modality: the first of them, as it is configured.
  init(_ verb: String, _ words: [String], _ modality: String) throws(Command.Complaint) {
    let verb: Verb = verb == "move" ? .move : ["store", "send"].contains(verb) ? .store : .find
    let values = Self.values(words.dropFirst())
    let known = Self.options + (verb == .move ? ["--target"] : [])
    if let other = values.first(where: { !$0.option.isEmpty && !known.contains($0.option) }) {
      throw Command.Complaint(words: "no option \(other.option); there is \(known.joined(separator: ", "))")
    }
    if let empty = values.first(where: { $0.value.isEmpty && !$0.option.isEmpty }) {
      throw Command.Complaint(words: "\(empty.option) what?")
    }
    let given = Dictionary(values.map { ($0.option, $0.value) }, uniquingKeysWith: { _, last in last })
    self.init(verb: verb, modality: modality, path: given["--from"] ?? "")
    result = given["--result"]
    target = given["--target"]
    if let plain = given[""], !plain.isEmpty {
      guard verb == .move, target == nil else {
        throw Command.Complaint(words: "\(plain) and --from exclude each other")
      }
      target = plain
    }
    if let target, let complaint = Modality.complaint(aboutAETitle: target) {
      throw Command.Complaint(words: complaint)
    }
    if let rate = given["--rate"] {
      guard let perHour = BulkPace.perHour(parsing: rate) else {
        throw Command.Complaint(words: "--rate \(rate): expected a number an hour, such as 120/h")
      }
      pace.perHour = perHour
    }
    if let between = given["--between"] {
      guard let window = BulkPace.window(parsing: between) else {
        throw Command.Complaint(words: "--between \(between): expected two times, such as 19:00-06:00")
      }
      pace.window = window
    }
    if let limit = given["--stop-after"] {
      guard let limit = Int(limit), limit > 0 else {
        throw Command.Complaint(words: "--stop-after \(limit): expected at least 1")
      }
      stopAfter = limit
    }
  }

  /// Each option with what follows it, for a path may hold blanks; an empty one for what comes before them.
  private static func values(_ words: some Sequence<String>) -> [(option: String, value: String)] {
    var values: [(option: String, value: String)] = [("", "")]
    for word in words {
      if word.hasPrefix("--") {
        values.append((word, ""))
      } else {
        let last = values[values.count - 1].value
        values[values.count - 1].value = last.isEmpty ? word : last + " " + word
      }
    }
    return values
  }

  /// The path that is typed after an option that takes one.
  static func pathBeingTyped(_ text: some StringProtocol) -> String? {
    let places = paths.compactMap { option in text.ranges(of: " \(option) ").last.map { $0.upperBound } }
    guard let place = places.max() else { return nil }
    let rest = text[place...].drop { $0 == " " }
    return rest.contains(" -") ? nil : String(rest)
  }
}
