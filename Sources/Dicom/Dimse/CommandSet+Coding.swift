import NIOCore

/// Command sets are Implicit VR Little Endian whatever was negotiated, PS3.7 §6.3.1.
extension CommandSet {
  /// No honest command set is longer: a handful of UIDs, titles and numbers.
  static let maximumLength = 1 << 16
  static let noDataSet: UInt16 = 0x0101

  init(decoding bytes: ByteBuffer) throws(CommandSetError) {
    self.init(commandField: 0)
    let error = bytes.withUnsafeReadableBytes { memory in
      do throws(CommandSetError) {
        try read(memory)
        return nil as CommandSetError?
      } catch { return error }
    }
    if let error { throw error }
  }

  private mutating func read(_ bytes: UnsafeRawBufferPointer) throws(CommandSetError) {
    var (commandField, dataSetType): (UInt16?, UInt16?)
    try Self.forEachElement(of: bytes) { element, value in
      switch element {
      case 0x0100: commandField = value.number(at: 0)
      case 0x0800: dataSetType = value.number(at: 0)
      default: set(element, value)
      }
    }
    guard let commandField else { throw .missing("the command field (0000,0100)") }
    self.commandField = commandField
    // Absent in a C-CANCEL of some peers, which never has one.
    hasDataSet = dataSetType.map { $0 != Self.noDataSet } ?? false
  }

  /// Goes through an encoded set.
  @inline(__always)
  static func forEachElement(
    of bytes: UnsafeRawBufferPointer, _ body: (_ element: UInt16, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(CommandSetError) {
    var position = 0
    while position < bytes.count {
      guard let group = bytes.number(at: position), let element = bytes.number(at: position + 2),
        let length = bytes.number(at: position + 4, as: UInt32.self).map(Int.init)
      else { throw .truncated }
      position += 8
      guard group == 0 else { throw .foreignElement(group, element) }
      let available = bytes.count - position
      guard length <= available else {
        throw .lengthOutOfBounds(element: element, length: length, available: available)
      }
      body(element, UnsafeRawBufferPointer(rebasing: bytes[position..<position + length]))
      position += length
    }
  }

  private mutating func set(_ element: UInt16, _ value: UnsafeRawBufferPointer) {
    func number() -> UInt16? { value.number(at: 0) }
    func text() -> String { AETitle.trim(value) }
    switch element {
    case 0x0002: affectedSOPClassUID = UID(text())
    case 0x0003: requestedSOPClassUID = UID(text())
    case 0x0110: messageID = number()
    case 0x0120: messageIDBeingRespondedTo = number()
    case 0x0600: moveDestination = text()
    case 0x0700: priority = number()
    case 0x0900: status = number()
    case 0x0901:
      for offset in stride(from: 0, to: value.count, by: 4) {
        guard let group = value.number(at: offset), let element = value.number(at: offset + 2) else { break }
        offendingElements.append(UInt32(group) << 16 | UInt32(element))
      }
    case 0x0902: errorComment = text()
    case 0x0903: errorID = number()
    case 0x1000: affectedSOPInstanceUID = UID(text())
    case 0x1001: requestedSOPInstanceUID = UID(text())
    case 0x1002: eventTypeID = number()
    case 0x1008: actionTypeID = number()
    case 0x1020: remainingSuboperations = number()
    case 0x1021: completedSuboperations = number()
    case 0x1022: failedSuboperations = number()
    case 0x1023: warningSuboperations = number()
    case 0x1030: moveOriginatorAETitle = text()
    case 0x1031: moveOriginatorMessageID = number()
    default: break  // the group length, retired elements and whatever else may come
    }
  }

  /// Appends the encoded set, group length first, elements ascending.
  func encode(into buffer: inout ByteBuffer) {
    let errorComment = errorComment.map(Self.longString)
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { memory in
      var writer = Writer(memory: memory)
      writer.writeHeader(0x0000, 4)
      let lengthPosition = writer.count
      writer.write(0 as UInt32)
      let start = writer.count
      writer.write(0x0002, affectedSOPClassUID)
      writer.write(0x0003, requestedSOPClassUID)
      writer.write(0x0100, commandField)
      writer.write(0x0110, messageID)
      writer.write(0x0120, messageIDBeingRespondedTo)
      writer.write(0x0600, moveDestination)
      writer.write(0x0700, priority)
      writer.write(0x0800, hasDataSet ? 0x0000 : Self.noDataSet)
      writer.write(0x0900, status)
      if !offendingElements.isEmpty {
        writer.writeHeader(0x0901, offendingElements.count * 4)
        for tag in offendingElements {
          writer.write(UInt16(truncatingIfNeeded: tag >> 16))
          writer.write(UInt16(truncatingIfNeeded: tag))
        }
      }
      writer.write(0x0902, errorComment)
      writer.write(0x0903, errorID)
      writer.write(0x1000, affectedSOPInstanceUID)
      writer.write(0x1001, requestedSOPInstanceUID)
      writer.write(0x1002, eventTypeID)
      writer.write(0x1008, actionTypeID)
      writer.write(0x1020, remainingSuboperations)
      writer.write(0x1021, completedSuboperations)
      writer.write(0x1022, failedSuboperations)
      writer.write(0x1023, warningSuboperations)
      writer.write(0x1030, moveOriginatorAETitle)
      writer.write(0x1031, moveOriginatorMessageID)
      memory.storeBytes(of: UInt32(writer.count - start).littleEndian, toByteOffset: lengthPosition, as: UInt32.self)
      return writer.count
    }
  }

  /// As many bytes as the encoded set can have: of its 23 elements none but texts and offending elements is longer than 12.
  private var capacity: Int {
    func length(_ text: String?) -> Int { text?.utf8.count ?? 0 }
    let uids =
      length(affectedSOPClassUID?.rawValue) + length(requestedSOPClassUID?.rawValue)
      + length(affectedSOPInstanceUID?.rawValue) + length(requestedSOPInstanceUID?.rawValue)
    let texts = length(moveDestination) + length(errorComment) + length(moveOriginatorAETitle)
    return 23 * 12 + uids + texts + offendingElements.count * 4
  }

  /// LO: at most 64 characters, no backslash (PS3.5 §6.2), of the default repertoire, for a command set names no other.
  private static func longString(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(64).map { scalar -> Unicode.Scalar in
      (0x20...0x7E).contains(scalar.value) && scalar != "\\" ? scalar : "?"
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// Writes elements to memory that has room for all of them: through a buffer, one number takes as long as the whole set.
  private struct Writer {
    let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

    mutating func write<Number: FixedWidthInteger>(_ number: Number) {
      memory.storeBytes(of: number.littleEndian, toByteOffset: count, as: Number.self)
      count += MemoryLayout<Number>.size
    }

    mutating func writeHeader(_ element: UInt16, _ length: Int) {
      write(0 as UInt16)
      write(element)
      write(UInt32(length))
    }

    mutating func write(_ element: UInt16, _ value: UInt16?) {
      guard let value else { return }
      writeHeader(element, 2)
      write(value)
    }

    mutating func write(_ element: UInt16, _ value: UID?) { write(element, value?.rawValue, padding: 0) }

    mutating func write(_ element: UInt16, _ value: String?, padding: UInt8 = 0x20) {
      guard let utf8 = value?.utf8 else { return }
      writeHeader(element, utf8.count + utf8.count % 2)
      UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyBytes(from: utf8)
      count += utf8.count
      if utf8.count % 2 == 1 { write(padding) }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Little endian; nil when fewer bytes are there.
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = UInt16.self) -> Number? {
    guard offset + MemoryLayout<Number>.size <= count else { return nil }
    return Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

/// Why bytes are not a command set.
public enum CommandSetError: Error, Hashable, Sendable, CustomStringConvertible {
  case truncated
  case foreignElement(UInt16, UInt16)
  case lengthOutOfBounds(element: UInt16, length: Int, available: Int)
  case missing(String)

  public var description: String {
    switch self {
    case .truncated: "a command set ends amid an element"
    case .foreignElement(let group, _): "a command set holds an element of group \(hexadecimal(group))"
    case .lengthOutOfBounds(let element, let length, let available):
      "the length of command element \(hexadecimal(element)) says \(length) bytes where \(available) are left"
    case .missing(let what): "a command set lacks \(what)"
    }
  }
}
