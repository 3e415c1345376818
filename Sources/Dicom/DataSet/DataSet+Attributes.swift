extension DataSet {
  /// The first value of an attribute as text, by its keyword: `dataSet.patientName`.
  ///
  /// The same as ``string(_:)``: decoded, without padding, nil when absent, "" when empty. For values of other types
  /// see ``value(_:as:)``.
  public subscript(dynamicMember attribute: KeyPath<Tag.Type, Tag>) -> String? {
    string(Tag.self[keyPath: attribute])
  }

  /// The tag of a private attribute in this data set: the block that its creator has reserved (PS3.5 §7.8.1), and the
  /// attribute's number within it. Nil when the creator has reserved none in this group.
  public func privateTag(group: UInt16, creator: String, element: UInt8) -> Tag? {
    var position = insertionPosition(of: Tag(group, 0x0010))
    while position < count {
      let tag = tag(at: position)
      guard tag.group == group, tag.isPrivateCreator else { return nil }
      if string(tag) == creator { return Tag(group, tag.element << 8 | UInt16(element)) }
      position += 1
    }
    return nil
  }

  /// A private element, by the creator of its block and its number within it.
  public subscript(group: UInt16, creator: String, element: UInt8) -> Element? {
    privateTag(group: group, creator: creator, element: element).flatMap { self[$0] }
  }

  /// How many bytes follow the last element and belong to none: zeros a file was filled up with, stray delimiters.
  public var trailingByteCount: Int {
    guard edits == nil, form != nil else { return 0 }
    let end = source.records[block].reduce(extent.lowerBound) { max($0, $1.extent.upperBound) }
    return max(0, extent.upperBound - end)
  }
}
