import Dicom
import Glibc

/// An attribute of a query: to match, or with an empty value to be returned (PS3.4 §C.2.2.2).
public struct QueryKey: Sendable, Hashable {
  public var tag: Tag
  public var value: String

  public init(_ tag: Tag, _ value: String = "") {
    self.tag = tag
    self.value = value
  }

  /// A key as on the command line: `PatientName=DOE*`; the attribute by keyword or as `00100010`. Dates may be typed as in
  /// the console: `StudyDate=today`, see ``DateInput/range(_:today:)``.
  ///
  /// - Parameter today: seconds since 1970.
  /// - Throws: ``OperationError`` with the nearest keywords when there is no such attribute, or what is not a date.
  public init(parsing text: String, today: Int = time(nil)) throws(OperationError) {
    guard let equals = text.firstIndex(of: "=") else {
      throw OperationError("\"\(text)\" is not a query key; expected Keyword=value, such as PatientName=DOE*")
    }
    try self.init(
      reading: String(text[text.index(after: equals)...]), of: Self.tag(parsing: String(text[..<equals])), today: today)
  }

  /// A key with what a person wrote as its value.
  init(reading value: String, of tag: Tag, today: Int = time(nil)) throws(OperationError) {
    guard DataDictionary.attribute(for: tag)?.vr == .DA else {
      self.init(tag, value)
      return
    }
    guard let date = DateInput.key(value, today: today) else {
      throw OperationError(
        "\(tag.keyword ?? tag.description): \"\(value)\" is not a date or a range of dates; expected one such as 20240115, "
          + "2024-01-15, 2024-01, today, -7d (the last 7 days), 20240101-20240331 or 2024-01..2024-03")
    }
    self.init(tag, date)
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
