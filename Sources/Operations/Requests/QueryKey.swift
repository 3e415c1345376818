import Dicom

/// An attribute of a query: to match, or with an empty value to be returned (PS3.4 §C.2.2.2).
public struct QueryKey: Sendable, Hashable {
  public var tag: Tag
  public var value: String

  public init(_ tag: Tag, _ value: String = "") {
    self.tag = tag
    self.value = value
  }

  /// A key as on the command line: `PatientName=DOE*`; the attribute by keyword or as `00100010`.
  ///
  /// - Throws: ``OperationError`` with the nearest keywords when there is no such attribute.
  public init(parsing text: String) throws(OperationError) {
    guard let equals = text.firstIndex(of: "=") else {
      throw OperationError("\"\(text)\" is not a query key; expected Keyword=value, such as PatientName=DOE*")
    }
    self.init(try Self.tag(parsing: String(text[..<equals])), String(text[text.index(after: equals)...]))
  }

  /// An attribute by keyword or as `00100010`.
  public static func tag(parsing text: String) throws(OperationError) -> Tag {
    if let tag = Tag(parsing: text) { return tag }
    let keywords = QueryAttributes.suggested.compactMap(\.keyword)
    let hint = Nearest.suggestion(for: text, among: keywords)
    throw OperationError(
      "\"\(text)\" is not an attribute of DICOM"
        + (hint.map { "; \($0)" } ?? "; expected a keyword, such as PatientName, or gggg,eeee"))
  }

  /// The keyword, else the tag.
  public var name: String { tag.keyword ?? tag.description }
}
