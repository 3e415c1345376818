extension DataSetParser {
  mutating func implicitVR(of tag: Tag, _ bytes: UnsafeRawBufferPointer) -> VR {
    let top = frames.count - 1
    if tag.isPrivate {
      if tag.isPrivateCreator { return .LO }
      if tag.isGroupLength { return .UL }
      return creators.vr(of: tag, among: pending[frames[top].pendingStart...], bytes) ?? .UN
    }
    switch AttributeIndex.vr(of: tag) {
    case .one(let vr): return vr
    case .usOrSS: return frames[top].isSigned ? .SS : .US
    case .obOrOW, .usOrOW, .usOrSSOrOW: return .OW
    case .some(.none), nil: return tag.isGroupLength ? .UL : .UN
    }
  }

  /// A value of VR UN is encoded as Implicit VR Little Endian would encode it (PS3.5 §6.2.2 note 3): with the
  /// dictionary's VR it can be read.
  mutating func interpretUnknown(_ unknown: ElementRecord, _ bytes: UnsafeRawBufferPointer) -> ElementRecord {
    var record = unknown
    let vr = implicitVR(of: record.tag, bytes)
    guard vr != .UN else { return record }
    if vr == .SQ {
      guard mayBeSequence(record, bytes) else { return record }
      record.flags.insert(.implicitVR)
    }
    record.vr = vr
    record.flags.insert(.interpretedVR)
    record.flags.remove(.bigEndian)
    return record
  }

  /// Whether a value is empty or begins as a sequence in little endian does.
  func mayBeSequence(_ record: ElementRecord, _ bytes: UnsafeRawBufferPointer) -> Bool {
    let start = Int(record.valueOffset)
    guard record.valueLength > 0 else { return true }
    return start + 4 <= bytes.count && loadTag(bytes, start, []).group == 0xFFFE
  }

  func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
}

extension Tag {
  /// Pixel Data, Float Pixel Data and Double Float Pixel Data (PS3.3 §C.7.6.3, §C.7.6.24, §C.7.6.25).
  var isPixelData: Bool {
    self == .pixelData || self == .floatPixelData || self == .doubleFloatPixelData
  }
}
