/// Comma-separated values (RFC 4180) with a header; a semicolon or a tab in the header instead of a comma is understood.
public struct CSVTable: Sendable, Hashable {
  public var header: [String]
  /// Each as long as the header: short ones are filled up, what is too much is left out.
  public var rows: [[String]]

  /// - Throws: ``OperationError`` where there is no header, or a quote is not closed.
  public init(parsing text: String) throws(OperationError) {
    var lines = try Self.lines(text)
    lines.removeAll { $0 == [""] }
    guard let first = lines.first else { throw OperationError("it is empty; expected a line of keywords first") }
    let header = first.map { field in String(field.drop { $0 == "\u{FEFF}" }.filter { !$0.isWhitespace }) }
    self.header = header
    rows = lines.dropFirst().map { line in
      header.indices.map { $0 < line.count ? line[$0] : "" }
    }
  }

  private static func lines(_ text: String) throws(OperationError) -> [[String]] {
    let head = text.prefix { !$0.isNewline }
    let separator = [Character("\t"), ";"].first { head.contains($0) && !head.contains(",") } ?? ","
    var lines: [[String]] = []
    var line: [String] = []
    var field = ""
    var isQuoted = false
    var rest = text[...]
    while let next = rest.popFirst() {
      if isQuoted {
        if next != "\"" {
          field.append(next)
        } else if rest.first == "\"" {
          field.append("\"")
          rest = rest.dropFirst()
        } else {
          isQuoted = false
        }
      } else if next == "\"", field.isEmpty {
        isQuoted = true
      } else if next == separator {
        line.append(field)
        field = ""
      } else if next.isNewline {
        lines.append(line + [field])
        (line, field) = ([], "")
      } else {
        field.append(next)
      }
    }
    if isQuoted { throw OperationError("a quote on line \(lines.count + 1) is not closed") }
    if !field.isEmpty || !line.isEmpty { lines.append(line + [field]) }
    return lines
  }

  /// One line, without its end.
  public static func line(_ fields: [String]) -> String {
    fields.map { field in
      guard field.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return field }
      return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }.joined(separator: ",")
  }
}
