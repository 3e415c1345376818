/// Finds the VR of private elements that do not carry one, by the creator of their block (PS3.5 §7.8.1).
struct PrivateCreators {
  /// The record of the creator looked at last, and what it says: elements of a block follow each other.
  private var lastOffset: UInt32?
  private var lastCreator = ""

  /// The VR of a private element, from the elements of its data set that come before it.
  mutating func vr(of tag: Tag, among elements: ArraySlice<ElementRecord>, _ bytes: UnsafeRawBufferPointer) -> VR? {
    guard let creatorTag = tag.privateCreatorTag else { return nil }
    // Elements ascend, except in data sets that are wrong anyway.
    var low = elements.startIndex
    var high = elements.endIndex
    while low < high {
      let middle = (low + high) / 2
      if elements[middle].tag < creatorTag { low = middle + 1 } else { high = middle }
    }
    guard low < elements.endIndex, elements[low].tag == creatorTag, elements[low].form == .value else { return nil }
    let record = elements[low]
    if record.valueOffset != lastOffset {
      guard record.valueRange.upperBound <= bytes.count, record.valueLength <= 128 else { return nil }
      let value = UnsafeRawBufferPointer(rebasing: bytes[record.valueRange])
      lastCreator = String(decoding: value.trimmed(leading: true), as: UTF8.self)
      lastOffset = record.valueOffset
    }
    return DataDictionary.attribute(for: tag, creator: lastCreator)?.vr
  }
}

extension UnsafeRawBufferPointer {
  /// Without the spaces and nulls at the end, and without spaces at the beginning.
  func trimmed(leading: Bool) -> UnsafeRawBufferPointer {
    var start = 0
    var end = count
    while end > start, self[end - 1] == Ascii.space || self[end - 1] == Ascii.null { end -= 1 }
    while leading, start < end, self[start] == Ascii.space { start += 1 }
    return UnsafeRawBufferPointer(rebasing: self[start..<end])
  }
}
