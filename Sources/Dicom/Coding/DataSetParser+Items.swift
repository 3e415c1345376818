/// Items, fragments and delimiters (PS3.5 §7.5, §A.4).
extension DataSetParser {
  mutating func readItem(_ bytes: UnsafeRawBufferPointer) -> Outcome? {
    let top = frames.count - 1
    let end = frames[top].end
    guard roomForHeader(bytes, end: end) != nil else { return headerOutcome(bytes, end: end) }
    let flags = frames[top].flags
    let tag = loadTag(bytes, position, flags)
    switch tag {
    case .item:
      let length = load32(bytes, position + 4, flags)
      var record = ElementRecord(
        tag: tag, vr: .UN, form: .item, flags: flags, headerLength: 8,
        valueOffset: UInt32(truncatingIfNeeded: position + 8), valueLength: length)
      if length == .max {
        record.flags.insert(.undefinedLength)
        open(record, kind: .dataSet, end: end, isUndefined: true)
      } else {
        let left = end - position - 8
        if Int(length) > left {
          guard cutOff(length: Int(length), left: left, frames[top].record.tag) else {
            return fail(.valueCutOff(length: Int(length), available: left), at: position, frames[top].record.tag)
          }
          record.valueLength = UInt32(left)
          record.flags.insert(.incomplete)
        }
        open(record, kind: .dataSet, end: position + 8 + Int(record.valueLength))
      }
      position += 8
    case .sequenceDelimitationItem where frames[top].isUndefined:
      closeFrame(delimited: true)
    case .sequenceDelimitationItem, .itemDelimitationItem:
      position += 8  // where it does not belong: nothing is lost by passing over it
    default:
      return fail(.notAnItem(found: tag), at: position, frames[top].record.tag)
    }
    return nil
  }

  mutating func readFragment(_ bytes: UnsafeRawBufferPointer) -> Outcome? {
    let top = frames.count - 1
    let end = frames[top].end
    guard roomForHeader(bytes, end: end) != nil else { return headerOutcome(bytes, end: end) }
    let flags = frames[top].flags
    let tag = loadTag(bytes, position, flags)
    let length = load32(bytes, position + 4, flags)
    switch tag {
    case .item:
      let left = end - position - 8
      var record = ElementRecord(
        tag: tag, vr: .UN, form: .item, flags: flags, headerLength: 8,
        valueOffset: UInt32(truncatingIfNeeded: position + 8), valueLength: length)
      if Int(length) > left {
        guard length != .max, cutOff(length: Int(length), left: left, frames[top].record.tag) else {
          return fail(.valueCutOff(length: Int(length), available: left), at: position, frames[top].record.tag)
        }
        record.valueLength = UInt32(left)
        record.flags.insert(.incomplete)
      }
      let fragmentEnd = position + 8 + Int(record.valueLength)
      guard fragmentEnd <= bytes.count else { return .needsMore(fragmentEnd) }
      pending.append(record)
      position = fragmentEnd
    case .sequenceDelimitationItem:
      closeFrame(delimited: true)
    default:
      return fail(.notAnItem(found: tag), at: position, frames[top].record.tag)
    }
    return nil
  }

  /// A delimiter or item among elements.
  mutating func readStrayDelimiter(_ tag: Tag, _ bytes: UnsafeRawBufferPointer) -> Outcome? {
    let isOpenItem = frames[frames.count - 1].isUndefined
    switch tag {
    case .itemDelimitationItem where isOpenItem:
      closeFrame(delimited: true)
    case .sequenceDelimitationItem where isOpenItem, .item where isOpenItem:
      closeFrame(delimited: false)  // the item's own delimiter is missing; the sequence sees this one again
    case .itemDelimitationItem, .sequenceDelimitationItem:
      position += 8
    default:
      return fail(.notAnItem(found: tag), at: position, tag)
    }
    return nil
  }
}
