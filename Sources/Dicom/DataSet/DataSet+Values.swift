import NIOCore

extension DataSet {
  /// What text in this data set is encoded in: (0008,0005), else what was given at reading, or the parent's.
  public var characterSet: CharacterSet {
    guard let position = position(of: .specificCharacterSet) else { return inheritedCharacterSet }
    let terms = withValue(at: position) { value in
      value.bytes.split(separator: Ascii.backslash, omittingEmptySubsequences: false).map {
        String(decoding: UnsafeRawBufferPointer(rebasing: $0).trimmed(leading: true), as: UTF8.self)
      }
    }
    return CharacterSet(specificCharacterSet: terms ?? [], default: inheritedCharacterSet)
  }

  /// The first value as text, decoded and without padding: nil when absent or no text or number, "" when empty.
  public func string(_ tag: Tag) -> String? {
    guard let position = position(of: tag) else { return nil }
    if let text = withValue(at: position, { $0.firstPlainText }), let text { return text }
    return strings(at: position).map { $0.first ?? "" }
  }

  /// All values as text, decoded and without padding; none when absent or empty.
  public func strings(_ tag: Tag) -> [String] {
    position(of: tag).flatMap { strings(at: $0) } ?? []
  }

  /// All values as one text with backslashes between them, decoded and without padding: nil when absent or a sequence, ""
  /// when empty.
  public func joinedStrings(_ tag: Tag) -> String? {
    guard let position = position(of: tag) else { return nil }
    if let text = withValue(at: position, { $0.plainText }), let text { return text }
    if Element(dataSet: self, position: position).vr == .SQ { return nil }
    return strings(at: position)?.joined(separator: "\\") ?? ""
  }

  /// The first value as an integer; nil when absent, empty or no integer.
  public func integer(_ tag: Tag) -> Int? { integers(tag).first }

  /// All values as integers: US SS UL SL UV SV, IS and DS that hold integers. None when one of them is none.
  public func integers(_ tag: Tag) -> [Int] {
    guard let position = position(of: tag) else { return [] }
    if let numbers = withValue(at: position, { $0.integers }), let numbers { return numbers }
    let texts = strings(at: position) ?? []
    let numbers = texts.compactMap { text in Int(dicomText: text) }
    return numbers.count == texts.count ? numbers : []
  }

  /// The first value as a number; nil when absent, empty or no number.
  public func decimal(_ tag: Tag) -> Double? { decimals(tag).first }

  /// All values as numbers: DS, IS and every binary number. None when one of them is none.
  public func decimals(_ tag: Tag) -> [Double] {
    guard let position = position(of: tag) else { return [] }
    return decimals(at: position)
  }

  func decimals(at position: Int) -> [Double] {
    if let numbers = withValue(at: position, { $0.decimals }), let numbers { return numbers }
    let texts = strings(at: position) ?? []
    let numbers = texts.compactMap { Double(dicomText: $0) }
    return numbers.count == texts.count ? numbers : []
  }

  /// The first value as a UID; nil when absent or empty.
  public func uid(_ tag: Tag) -> UID? {
    guard let text = string(tag), !text.isEmpty else { return nil }
    return UID(text)
  }

  /// All values as UIDs.
  public func uids(_ tag: Tag) -> [UID] { strings(tag).map { UID($0) } }

  /// All values as tags (AT).
  public func tagValues(_ tag: Tag) -> [Tag] {
    position(of: tag).flatMap { withValue(at: $0) { $0.vr == .AT ? $0.tags : [] } } ?? []
  }

  /// The first value as a person name; nil when absent.
  public func personName(_ tag: Tag) -> PersonName? { string(tag).map { PersonName($0) } }

  /// The items of a sequence; none when absent.
  public func items(_ tag: Tag) -> [DataSet] { self[tag]?.items ?? [] }

  /// The value as text, all values; nil when it is neither text nor numbers.
  func strings(at position: Int) -> [String]? {
    withValue(at: position) { value -> [String]? in
      let vr = value.vr
      if vr.isText || vr == .UI {
        guard !value.bytes.isEmpty else { return [] }
        return texts(of: value.bytes, vr)
      }
      if vr == .AT { return value.tags.map(\.hexadecimal) }
      if let integers = value.integers { return integers.map(String.init) }
      if vr == .UV { return value.unsigned.map(String.init) }
      if let decimals = value.decimals { return decimals.map { $0.description } }
      guard vr == .UN, value.bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == Ascii.null }) else { return nil }
      return texts(of: value.bytes, .LO)
    } ?? nil
  }

  private func texts(of bytes: UnsafeRawBufferPointer, _ vr: VR) -> [String] {
    let bytes = bytes.trimmed(leading: false)
    // Asking for the character set costs a search: most text is ASCII.
    let needsCharacterSet =
      vr.usesSpecificCharacterSet && bytes.contains { $0 >= 0x80 || $0 == Ascii.escape || $0 == 0x7E }
    let set = needsCharacterSet ? characterSet : vr.usesSpecificCharacterSet ? .ascii : .latin1
    let values = set.decode(bytes, splitting: vr.isMultiValuedText || vr == .UI, personName: vr == .PN)
    return values.map { Self.trimmed($0, leading: !vr.keepsLeadingSpaces) }
  }

  private static func trimmed(_ text: String, leading: Bool) -> String {
    var text = text[...]
    while let last = text.utf8.last, last == Ascii.space || last == Ascii.null { text = text.dropLast() }
    while leading, text.utf8.first == Ascii.space { text = text.dropFirst() }
    return String(text)
  }

  /// Calls a function with the value's bytes where they lie; nil for sequences, fragments and values left in a file.
  func withValue<Result>(at position: Int, _ body: (RawValue) -> Result) -> Result? {
    switch content(at: position) {
    case .read(let record) where record.form == .value && !record.flags.isAbsent:
      return source.bytes.withUnsafeReadableBytes { bytes in
        body(
          RawValue(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[record.valueRange]), vr: record.vr,
            isBigEndian: record.flags.contains(.bigEndian)))
      }
    case .value(_, let vr, let bytes):
      return bytes.withUnsafeReadableBytes { body(RawValue(bytes: $0, vr: vr, isBigEndian: false)) }
    default:
      return nil
    }
  }
}

/// A value's bytes with what is needed to read numbers from them.
struct RawValue {
  let bytes: UnsafeRawBufferPointer
  let vr: VR
  let isBigEndian: Bool

  /// The first value when it is text that needs no character set to be read, as most is: one string, and no list of
  /// them.
  var firstPlainText: String? {
    guard vr.isText else { return nil }
    let usesCharacterSet = vr.usesSpecificCharacterSet
    let isSplit = vr.isMultiValuedText
    var end = 0
    while end < bytes.count {
      let byte = bytes[end]
      if byte == Ascii.backslash, isSplit { break }
      if byte >= 0x80 || byte == Ascii.escape { return nil }
      // JIS X 0201 has other characters in these places.
      if usesCharacterSet, byte == 0x7E || byte == Ascii.backslash { return nil }
      end += 1
    }
    let value = UnsafeRawBufferPointer(rebasing: bytes[..<end]).trimmed(leading: !vr.keepsLeadingSpaces)
    return String(decoding: value, as: UTF8.self)
  }

  /// All values, backslashes between them, when they stand there as they are to be read, as most do: text that needs no
  /// character set, and none but the last padded.
  var plainText: String? {
    guard vr.isText else { return nil }
    let usesCharacterSet = vr.usesSpecificCharacterSet
    let isSplit = vr.isMultiValuedText
    var isPadded = false
    var isFirst = true
    for byte in bytes {
      if byte >= 0x80 || byte == Ascii.escape { return nil }
      if byte == Ascii.backslash {
        if usesCharacterSet || isSplit && isPadded { return nil }
        isFirst = isSplit
      } else if usesCharacterSet, byte == 0x7E {
        return nil
      } else {
        isPadded = byte == Ascii.space || byte == Ascii.null
        if isFirst, isPadded { return nil }
        isFirst = false
      }
    }
    return String(decoding: bytes.trimmed(leading: false), as: UTF8.self)
  }

  /// The values of a binary integer VR; nil for other VRs and for what Int does not hold.
  var integers: [Int]? {
    switch vr {
    case .US: numbers(UInt16.self).map(Int.init)
    case .SS: numbers(Int16.self).map(Int.init)
    case .UL: numbers(UInt32.self).map(Int.init)
    case .SL: numbers(Int32.self).map(Int.init)
    case .SV: numbers(Int64.self).map(Int.init)
    case .UV:
      unsigned.contains { $0 > UInt64(Int.max) } ? nil : unsigned.map { Int(truncatingIfNeeded: $0) }
    default: nil
    }
  }

  var unsigned: [UInt64] { numbers(UInt64.self) }

  /// The values of a binary number VR; nil for other VRs.
  var decimals: [Double]? {
    switch vr {
    case .FL: numbers(UInt32.self).map { Double(Float(bitPattern: $0)) }
    case .FD: numbers(UInt64.self).map { Double(bitPattern: $0) }
    case .UV: unsigned.map { Double($0) }
    default: integers?.map { Double($0) }
    }
  }

  var tags: [Tag] {
    let halves = numbers(UInt16.self)
    return stride(from: 0, to: halves.count & ~1, by: 2).map { Tag(halves[$0], halves[$0 + 1]) }
  }

  /// Whole numbers only; bytes left over at the end are none.
  func numbers<Number: FixedWidthInteger>(_ type: Number.Type) -> [Number] {
    let size = MemoryLayout<Number>.size
    return (0..<bytes.count / size).map {
      let value = bytes.loadUnaligned(fromByteOffset: $0 * size, as: Number.self)
      return isBigEndian ? Number(bigEndian: value) : Number(littleEndian: value)
    }
  }
}
