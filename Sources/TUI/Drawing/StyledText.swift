enum Alignment: Sendable {
  case left, right
  /// On the left; where it does not fit, its middle is left out: identifiers begin alike and differ in their ends.
  case identifier
}

/// Text in pieces, each with its style.
struct StyledText: Hashable, Sendable, ExpressibleByStringInterpolation {
  struct Span: Hashable, Sendable {
    var text: String
    var style: Style
  }

  var spans: [Span] = []
  /// Where lines after the first begin when it is wrapped.
  var hang = 0

  init(_ text: String = "", _ role: Role = .text) {
    if !text.isEmpty { spans = [Span(text: text, style: Style(role))] }
  }

  init(stringLiteral value: String) { self.init(value) }

  static func + (left: StyledText, right: StyledText) -> StyledText {
    var sum = left
    sum.spans += right.spans
    return sum
  }

  static func += (left: inout StyledText, right: StyledText) { left.spans += right.spans }

  /// A line of details: what it is, and at the same column in each line what that is here.
  static func detail(_ label: String, _ value: StyledText, width: Int = 12) -> StyledText {
    var line = StyledText(label + String(repeating: " ", count: max(1, width - label.count)), .dim) + value
    line.hang = width
    return line
  }

  /// The same words, all in one role.
  func role(_ role: Role) -> StyledText { StyledText(plain, role) }

  var plain: String { spans.map(\.text).joined() }
  var isEmpty: Bool { spans.allSatisfy(\.text.isEmpty) }
  var width: Int { spans.reduce(0) { $0 + CellText.width($1.text) } }
}

extension Sequence<StyledText> {
  func joined(_ separator: StyledText) -> StyledText {
    var sum = StyledText()
    for part in self where !part.isEmpty { sum += sum.isEmpty ? part : separator + part }
    return sum
  }
}
