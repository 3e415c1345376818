import Dicom

extension LocalQuery.Key {
  /// The keys that one attribute of an identifier stands for, by what was agreed on with the one who asks; none where it only
  /// asks for the value.
  static func keys(_ tag: Tag, _ values: [String], _ agreed: QueryCapabilities) -> [LocalQuery.Key] {
    if agreed.contains(.emptyValueMatching), values == ["\"\""] { return [LocalQuery.Key(absent: tag)] }
    if agreed.contains(.multipleValueMatching), values.count > 1, hasMultipleValueMatching(tag) {
      return values.map { LocalQuery.Key(tag, $0) }
    }
    let value = values.joined(separator: "\\")
    return value.isEmpty ? [] : [LocalQuery.Key(tag, value)]
  }

  /// PS3.4 §C.2.2.2.8: where the attribute may have several values itself, and its VR is one of these.
  private static func hasMultipleValueMatching(_ tag: Tag) -> Bool {
    [.AE, .AS, .AT, .CS, .LO, .PN, .SH, .UC].contains(tag.dictionaryVR)
      && DataDictionary.attribute(for: tag)?.vm != "1"
  }
}
