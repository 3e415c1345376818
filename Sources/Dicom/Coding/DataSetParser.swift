import NIOCore

/// The reader's machine: one pass over the bytes, one record an element, no recursion.
///
/// Open data sets, sequences and items are frames on a stack. A frame's records gather in `pending`; when it closes,
/// they move to `records` as one block, and the record of the frame itself takes their place.
struct DataSetParser {
  enum Outcome {
    case finished
    case failed(DataSetReadError)
    /// The bytes given end here, but the data set does not.
    case needsMore(Int)
  }

  struct Frame {
    enum Kind { case dataSet, sequence, fragments }
    var kind: Kind
    /// `implicitVR` and `bigEndian`, as they hold inside.
    var flags: ElementRecord.Flags
    /// Where it must end: the end of the frame around it when its own length is undefined.
    var end: Int
    var isUndefined = false
    var pendingStart: Int
    var record: ElementRecord
    var lastTag: UInt32 = 0
    var isUnsorted = false
    /// Whether (0028,0103) says that pixels are signed, here or around.
    var isSigned = false
    /// Where `records` stood when this frame was opened on the guess that a value of VR UN is a sequence.
    var guess: Int?
  }

  /// Whether to stop at the pixel data of the outermost data set.
  var leavesPixelData = false
  /// Where set, to stop before the first element of the outermost data set that is behind this one.
  var last: Tag?
  let total: Int

  var position = 0
  var frames: [Frame] = []
  var pending: [ElementRecord] = []
  var records: [ElementRecord] = []
  var creators = PrivateCreators()
  private let form: EncodingForm
  /// How many frames were opened on a guess.
  private var openGuesses = 0
  /// The first thing that was wrong but did not stop the reader.
  private var problem: DataSetReadError?
  /// Where the next byte is that is not zero, as far as has been looked for one.
  private var nonzero = 0

  init(form: EncodingForm, total: Int) {
    self.form = form
    self.total = total
    var flags: ElementRecord.Flags = []
    if !form.isExplicitVR { flags.insert(.implicitVR) }
    if form.isBigEndian { flags.insert(.bigEndian) }
    frames.reserveCapacity(8)
    pending.reserveCapacity(64)
    let record = ElementRecord(
      tag: .item, vr: .UN, form: .item, flags: flags, headerLength: 0, valueOffset: 0,
      valueLength: UInt32(truncatingIfNeeded: total))
    frames.append(Frame(kind: .dataSet, flags: flags, end: total, pendingStart: 0, record: record))
  }

  /// The data set that was parsed, from these same bytes.
  func dataSet(
    of bytes: ByteBuffer, deflated: ByteBuffer? = nil, defaultCharacterSet: CharacterSet
  ) -> DataSet {
    let block = frames[0].record.block
    return DataSet(
      source: DataSetSource(bytes: bytes, records: records, deflated: deflated), block: block,
      extent: 0..<bytes.readableBytes,
      form: form, inheritedCharacterSet: defaultCharacterSet)
  }

  mutating func parse(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    var outcome: Outcome?
    while outcome == nil {
      let top = frames.count - 1
      if position >= frames[top].end {
        if frames[top].isUndefined { outcome = fail(.delimiterMissing, at: position) }
        if outcome == nil {
          if top == 0 { outcome = .finished } else { closeFrame(delimited: false) }
        }
      } else {
        outcome =
          switch frames[top].kind {
          case .dataSet: readElement(bytes)
          case .sequence: readItem(bytes)
          case .fragments: readFragment(bytes)
          }
      }
      if case .failed = outcome, takeBackGuess() { outcome = nil }
    }
    // What was read before a problem stays readable.
    while frames.count > 1 { closeFrame(delimited: false) }
    moveBlock()
    switch (outcome, problem) {
    case (.finished?, let problem?), (.failed?, let problem?): return .failed(problem)
    default: return outcome ?? .finished
    }
  }

  // MARK: - Elements

  mutating func readElement(_ bytes: UnsafeRawBufferPointer) -> Outcome? {
    let top = frames.count - 1
    let end = frames[top].end
    guard let room = roomForHeader(bytes, end: end) else { return headerOutcome(bytes, end: end) }
    var flags = frames[top].flags
    let tag = loadTag(bytes, position, flags)
    if let last, top == 0, tag > last { return .finished }
    if tag.group == 0xFFFE { return readStrayDelimiter(tag, bytes) }
    if tag.rawValue == 0, top == 0, frames[0].lastTag > 0, let outcome = readZeros(bytes) { return outcome }

    var headerLength = 8
    var vr = VR.UN
    var length: UInt32
    if !flags.contains(.implicitVR) {
      let first = bytes[position + 4]
      let second = bytes[position + 5]
      if let known = VR(first, second) {
        vr = known
        if known.hasLongLength { headerLength = 12 }
      } else if isLetter(first) && isLetter(second) {
        // A VR of the future has the long form (PS3.5 §7.1.2), which shows by its reserved bytes.
        flags.insert(.interpretedVR)
        if bytes[position + 6] == 0, bytes[position + 7] == 0, room >= 12 { headerLength = 12 }
      } else {
        flags.insert(.implicitVR)
      }
    }
    if flags.contains(.implicitVR) {
      vr = implicitVR(of: tag, bytes)
      length = load32(bytes, position + 4, flags)
    } else if headerLength == 12 {
      guard room >= 12 else { return headerOutcome(bytes, end: end) }
      length = load32(bytes, position + 8, flags)
    } else {
      length = UInt32(load16(bytes, position + 6, flags))
    }
    return readValue(tag, vr, flags, headerLength: headerLength, length: length, bytes)
  }

  /// Zeros up to the end of a file were added to fill it up; they are no elements.
  ///
  /// - Returns: nil when something else follows.
  private mutating func readZeros(_ bytes: UnsafeRawBufferPointer) -> Outcome? {
    if nonzero <= position {
      nonzero = bytes[position...].firstIndex { $0 != 0 } ?? bytes.count
    }
    guard nonzero == bytes.count else { return nil }
    guard bytes.count == total else { return .needsMore(bytes.count + 1) }
    position = total
    return .finished
  }

  mutating func readValue(
    _ tag: Tag, _ vr: VR, _ flags: ElementRecord.Flags, headerLength: Int, length: UInt32,
    _ bytes: UnsafeRawBufferPointer
  ) -> Outcome? {
    let top = frames.count - 1
    let start = position + headerLength
    var record = ElementRecord(
      tag: tag, vr: vr, form: .value, flags: flags, headerLength: UInt8(headerLength),
      valueOffset: UInt32(truncatingIfNeeded: start), valueLength: length)
    if tag.rawValue <= frames[top].lastTag, pending.count > frames[top].pendingStart { frames[top].isUnsorted = true }
    frames[top].lastTag = tag.rawValue

    let isPixelData = leavesPixelData && top == 0 && tag.isPixelData
    if length == .max {
      record.flags.insert(.undefinedLength)
      record.valueLength = 0
      if isPixelData { return leave(record) }
      return openUndefined(record)
    }
    let left = frames[top].end - start
    var length = length
    if Int(length) > left {
      guard left >= 0, cutOff(length: Int(length), left: left, tag) else {
        return fail(.valueCutOff(length: Int(length), available: max(0, left)), at: position, tag)
      }
      length = UInt32(left)
      record.valueLength = length
      record.flags.insert(.incomplete)
    }
    if isPixelData { return leave(record) }
    if vr == .UN || vr == .SQ, length > 0, start + 4 > bytes.count, bytes.count < total { return .needsMore(start + 4) }
    if vr == .UN && !flags.contains(.implicitVR) {
      record = interpretUnknown(record, bytes)
    } else if record.vr == .SQ, flags.contains(.implicitVR), !mayBeSequence(record, bytes) {
      record.vr = .UN  // the dictionary says SQ, the value does not
    }
    if record.vr == .SQ {
      record.form = .sequence
      let isGuess = record.flags.contains(.interpretedVR)
      open(record, kind: .sequence, end: start + Int(length), guess: isGuess ? records.count : nil)
      position = start
      return nil
    }
    guard start + Int(length) <= bytes.count else { return .needsMore(start + Int(length)) }
    if tag == .pixelRepresentation, length >= 2 { frames[top].isSigned = load16(bytes, start, flags) == 1 }
    pending.append(record)
    position = start + Int(length)
    return nil
  }

  /// An undefined length makes a sequence of items or of fragments (PS3.5 §7.5, §A.4).
  mutating func openUndefined(_ undefined: ElementRecord) -> Outcome? {
    var record = undefined
    switch record.vr {
    case .OB, .OW, .OF, .OD, .OL, .OV:
      record.form = .fragments
      if record.flags.contains(.implicitVR) { record.vr = .OB }  // as PS3.5 §A.4 has it for fragments
    case .UN:
      // Implicit VR Little Endian inside, whatever the transfer syntax (PS3.5 §6.2.2 note 4, CP-246).
      record.flags.insert([.implicitVR, .interpretedVR])
      record.flags.remove(.bigEndian)
      record.vr = .SQ
      record.form = .sequence
    case .SQ:
      record.form = .sequence
    default:
      guard record.flags.contains(.implicitVR) else {
        return fail(.undefinedLength(record.vr), at: position, record.tag)
      }
      record.flags.insert(.interpretedVR)
      record.vr = .SQ
      record.form = .sequence
    }
    open(
      record, kind: record.form == .fragments ? .fragments : .sequence, end: frames[frames.count - 1].end,
      isUndefined: true)
    position = Int(record.valueOffset)
    return nil
  }

  mutating func leave(_ left: ElementRecord) -> Outcome {
    var record = left
    record.flags.insert(.leftInFile)
    record.form = record.flags.contains(.undefinedLength) ? .fragments : .value
    pending.append(record)
    return .finished
  }

  // MARK: - Frames

  mutating func open(
    _ record: ElementRecord, kind: Frame.Kind, end: Int, isUndefined: Bool = false, guess: Int? = nil
  ) {
    if guess != nil { openGuesses += 1 }
    frames.append(
      Frame(
        kind: kind, flags: record.flags.intersection([.implicitVR, .bigEndian]), end: end, isUndefined: isUndefined,
        pendingStart: pending.count, record: record, isSigned: frames[frames.count - 1].isSigned, guess: guess))
  }

  mutating func closeFrame(delimited: Bool) {
    moveBlock()
    let frame = frames.removeLast()
    if frame.guess != nil { openGuesses -= 1 }
    var record = frame.record
    if record.flags.contains(.undefinedLength) {
      record.valueLength = UInt32(truncatingIfNeeded: position) - record.valueOffset
      if delimited { position += 8 } else { record.flags.insert(.incomplete) }
    }
    pending.append(record)
  }

  /// Moves the records of the innermost frame into a block, sorted, the last of equal tags only.
  mutating func moveBlock() {
    let top = frames.count - 1
    let start = frames[top].pendingStart
    frames[top].record.blockStart = UInt32(truncatingIfNeeded: records.count)
    if frames[top].kind == .dataSet && frames[top].isUnsorted {
      let sorted = pending[start...].enumerated()
        .sorted { ($0.element.tag, $0.offset) < ($1.element.tag, $1.offset) }.map(\.element)
      for (index, record) in sorted.enumerated()
      where index + 1 == sorted.count || sorted[index + 1].tag != record.tag {
        records.append(record)
      }
    } else {
      records.append(contentsOf: pending[start...])
    }
    frames[top].record.blockCount = UInt32(truncatingIfNeeded: records.count) - frames[top].record.blockStart
    pending.removeSubrange(start...)
  }

  /// Notes that a value ends before its length says so, and whether to go on with what there is of it: not within a
  /// guess, which it shows to be wrong.
  mutating func cutOff(length: Int, left: Int, _ tag: Tag) -> Bool {
    guard openGuesses == 0 else { return false }
    problem =
      problem
      ?? DataSetReadError(
        reason: .valueCutOff(length: length, available: left), offset: position, tag: tag)
    return true
  }

  /// When what stopped the reader lies within a value of VR UN that was taken for a sequence, it was none: the value
  /// is kept as bytes, and reading goes on behind it.
  mutating func takeBackGuess() -> Bool {
    guard let index = frames.lastIndex(where: { $0.guess != nil }), let count = frames[index].guess else {
      return false
    }
    var record = frames[index].record
    pending.removeSubrange(frames[index].pendingStart...)
    records.removeSubrange(count...)
    position = frames[index].end
    frames.removeSubrange(index...)
    record.form = .value
    record.vr = .UN
    record.flags.remove(.interpretedVR)
    if !frames[index - 1].flags.contains(.implicitVR) { record.flags.remove(.implicitVR) }
    pending.append(record)
    return true
  }

  // MARK: - Bytes

  /// How many bytes there are for a header, nil when it is fewer than eight.
  func roomForHeader(_ bytes: UnsafeRawBufferPointer, end: Int) -> Int? {
    let room = min(end, bytes.count) - position
    // Up to twelve are looked at; where the bytes given are only the beginning, all twelve must be there.
    if bytes.count < total && bytes.count - position < 12 { return nil }
    return room >= 8 ? room : nil
  }

  mutating func headerOutcome(_ bytes: UnsafeRawBufferPointer, end: Int) -> Outcome {
    if bytes.count < total && bytes.count - position < 12 && end - position >= 8 { return .needsMore(position + 12) }
    if frames.count == 1, position < bytes.count, frames[0].lastTag > 0, let outcome = readZeros(bytes) {
      return outcome
    }
    return fail(.headerCutOff(available: max(0, end - position)), at: position)
  }

  func fail(_ reason: DataSetReadError.Reason, at offset: Int, _ tag: Tag? = nil) -> Outcome {
    .failed(
      DataSetReadError(
        reason: reason, offset: offset, tag: tag ?? (frames.count > 1 ? frames[frames.count - 1].record.tag : nil)))
  }

  @inline(__always)
  func load16(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ flags: ElementRecord.Flags) -> UInt16 {
    let value = bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return flags.contains(.bigEndian) ? UInt16(bigEndian: value) : UInt16(littleEndian: value)
  }

  @inline(__always)
  func load32(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ flags: ElementRecord.Flags) -> UInt32 {
    let value = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return flags.contains(.bigEndian) ? UInt32(bigEndian: value) : UInt32(littleEndian: value)
  }

  @inline(__always)
  func loadTag(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ flags: ElementRecord.Flags) -> Tag {
    Tag(load16(bytes, offset, flags), load16(bytes, offset + 2, flags))
  }
}
