/// What `Ctrl-S` writes: lines, and what to call them.
struct SavedText: Sendable {
  /// `12 rows`.
  var what: String
  /// The usual end of the file's name.
  var ending: String
  var lines: [String]

  /// Fields as a line of comma-separated values (RFC 4180). A line end inside a field would tear its row in two for half of
  /// the programs that read such files: it becomes a blank.
  static func row(_ fields: [String]) -> String {
    fields.map { field in
      let field = field.replacing("\r\n", with: " ").replacing("\n", with: " ").replacing("\r", with: " ")
      return field.contains(where: { ",\"".contains($0) })
        ? "\"" + field.replacing("\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",")
  }
}

/// What is kept for a person beyond the end of the program, by name.
enum Kept: String, CaseIterable, Sendable {
  /// A query saved by name.
  case query = "saved query"
  /// What was asked of a modality last.
  case form = "form"
  /// What was typed after `:`; the name is a number, the newest the largest.
  case command = "command"
  /// The columns of a list.
  case columns = "columns"

  /// May hold what identifies a patient: kept on disk only under `RememberQueries`, or when a person saves it by name.
  var isPrivate: Bool { self == .form || self == .command }
}
