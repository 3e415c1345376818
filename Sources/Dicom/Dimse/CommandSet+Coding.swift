import NIOCore

/// Command sets are Implicit VR Little Endian whatever was negotiated, PS3.7 §6.3.1.
extension CommandSet {
  /// No honest command set is longer: a handful of UIDs, titles and numbers.
  static let maximumLength = 1 << 16
  private static let noDataSet: UInt16 = 0x0101

  init(decoding bytes: ByteBuffer) throws(CommandSetError) {
    var bytes = bytes
    var commandField: UInt16?
    var dataSetType: UInt16?
    self.init(commandField: 0)
    while bytes.readableBytes > 0 {
      guard
        let (group, element, length) = bytes.readMultipleIntegers(
          endianness: .little, as: (UInt16, UInt16, UInt32).self)
      else { throw .truncated }
      guard group == 0 else { throw .foreignElement(group, element) }
      guard Int(length) <= bytes.readableBytes, var value = bytes.readSlice(length: Int(length)) else {
        throw .lengthOutOfBounds(element: element, length: Int(length), available: bytes.readableBytes)
      }
      switch element {
      case 0x0100: commandField = value.readInteger(endianness: .little)
      case 0x0800: dataSetType = value.readInteger(endianness: .little)
      default: set(element, &value)
      }
    }
    guard let commandField else { throw .missing("the command field (0000,0100)") }
    self.commandField = commandField
    // Absent in a C-CANCEL of some peers, which never has one.
    hasDataSet = dataSetType.map { $0 != Self.noDataSet } ?? false
  }

  private mutating func set(_ element: UInt16, _ value: inout ByteBuffer) {
    func number() -> UInt16? { value.getInteger(at: value.readerIndex, endianness: .little) }
    func text() -> String { AETitle.trim(value.readableBytesView) }
    switch element {
    case 0x0002: affectedSOPClassUID = UID(text())
    case 0x0003: requestedSOPClassUID = UID(text())
    case 0x0110: messageID = number()
    case 0x0120: messageIDBeingRespondedTo = number()
    case 0x0600: moveDestination = text()
    case 0x0700: priority = number()
    case 0x0900: status = number()
    case 0x0901:
      while let (group, element) = value.readMultipleIntegers(endianness: .little, as: (UInt16, UInt16).self) {
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
    Self.writeHeader(0x0000, 4, &buffer)
    let lengthPosition = buffer.writerIndex
    buffer.writeInteger(0 as UInt32)
    let start = buffer.writerIndex
    Self.write(0x0002, affectedSOPClassUID, &buffer)
    Self.write(0x0003, requestedSOPClassUID, &buffer)
    Self.write(0x0100, commandField, &buffer)
    Self.write(0x0110, messageID, &buffer)
    Self.write(0x0120, messageIDBeingRespondedTo, &buffer)
    Self.write(0x0600, moveDestination, &buffer)
    Self.write(0x0700, priority, &buffer)
    Self.write(0x0800, hasDataSet ? 0x0000 : Self.noDataSet, &buffer)
    Self.write(0x0900, status, &buffer)
    if !offendingElements.isEmpty {
      Self.writeHeader(0x0901, offendingElements.count * 4, &buffer)
      for tag in offendingElements {
        buffer.writeMultipleIntegers(
          UInt16(truncatingIfNeeded: tag >> 16), UInt16(truncatingIfNeeded: tag), endianness: .little)
      }
    }
    Self.write(0x0902, errorComment.map(Self.longString), &buffer)
    Self.write(0x0903, errorID, &buffer)
    Self.write(0x1000, affectedSOPInstanceUID, &buffer)
    Self.write(0x1001, requestedSOPInstanceUID, &buffer)
    Self.write(0x1002, eventTypeID, &buffer)
    Self.write(0x1008, actionTypeID, &buffer)
    Self.write(0x1020, remainingSuboperations, &buffer)
    Self.write(0x1021, completedSuboperations, &buffer)
    Self.write(0x1022, failedSuboperations, &buffer)
    Self.write(0x1023, warningSuboperations, &buffer)
    Self.write(0x1030, moveOriginatorAETitle, &buffer)
    Self.write(0x1031, moveOriginatorMessageID, &buffer)
    buffer.setInteger(UInt32(buffer.writerIndex - start), at: lengthPosition, endianness: .little)
  }

  /// LO: at most 64 characters, no backslash (PS3.5 §6.2), of the default repertoire, for a command set names no other.
  private static func longString(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(64).map { scalar -> Unicode.Scalar in
      (0x20...0x7E).contains(scalar.value) && scalar != "\\" ? scalar : "?"
    }
    return String(String.UnicodeScalarView(scalars))
  }

  private static func writeHeader(_ element: UInt16, _ length: Int, _ buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(0 as UInt16, element, UInt32(length), endianness: .little)
  }

  private static func write(_ element: UInt16, _ value: UInt16?, _ buffer: inout ByteBuffer) {
    guard let value else { return }
    writeHeader(element, 2, &buffer)
    buffer.writeInteger(value, endianness: .little)
  }

  private static func write(_ element: UInt16, _ value: UID?, _ buffer: inout ByteBuffer) {
    write(element, value?.rawValue, padding: 0, &buffer)
  }

  private static func write(_ element: UInt16, _ value: String?, padding: UInt8 = 0x20, _ buffer: inout ByteBuffer) {
    guard let value else { return }
    let count = value.utf8.count
    writeHeader(element, count + count % 2, &buffer)
    buffer.writeString(value)
    if count % 2 == 1 { buffer.writeInteger(padding) }
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
