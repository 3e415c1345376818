import NIOCore
import Testing

@testable import Dicom

@Suite("Command sets and messages")
struct CommandSetTests {
  static let full: CommandSet = {
    var command = CommandSet(.cMoveResponse)
    command.messageID = 7
    command.messageIDBeingRespondedTo = 6
    command.affectedSOPClassUID = .studyRootMove
    command.affectedSOPInstanceUID = "1.2.3"
    command.requestedSOPClassUID = "1.2.3.4"
    command.requestedSOPInstanceUID = "1.2.3.45"
    command.moveDestination = "DEST"
    command.priority = 2
    command.hasDataSet = true
    command.status = 0xA702
    command.offendingElements = [0x0008_0052, 0x0020_000D]
    command.errorComment = "odd"
    command.errorID = 3
    command.eventTypeID = 1
    command.actionTypeID = 1
    command.remainingSuboperations = 1
    command.completedSuboperations = 2
    command.failedSuboperations = 3
    command.warningSuboperations = 4
    command.moveOriginatorAETitle = "ORIGIN"
    command.moveOriginatorMessageID = 99
    return command
  }()

  @Test("what is encoded is decoded to the same")
  func roundTrip() throws {
    var bytes = ByteBuffer()
    Self.full.encode(into: &bytes)
    #expect(bytes.getInteger(at: 8, endianness: .little, as: UInt32.self) == UInt32(bytes.readableBytes - 12))
    #expect(try CommandSet(decoding: bytes) == Self.full)
  }

  @Test("the longest values of all elements are encoded, and decoded to the same")
  func longest() throws {
    let uid = UID(String(repeating: "1.", count: 31) + "11")
    var command = Self.full
    command.affectedSOPClassUID = uid
    command.affectedSOPInstanceUID = uid
    command.requestedSOPClassUID = uid
    command.requestedSOPInstanceUID = uid
    command.moveDestination = "ABCDEFGHIJKLMNOP"
    command.moveOriginatorAETitle = "ABCDEFGHIJKLMNOP"
    command.errorComment = String(repeating: "x", count: 64)
    command.offendingElements = (0..<1000).map { 0x0008_0000 + $0 }
    var bytes = ByteBuffer(string: "before")
    command.encode(into: &bytes)
    bytes.moveReaderIndex(forwardBy: 6)
    #expect(try CommandSet(decoding: bytes) == command)
  }

  @Test(
    "what is no command set is named",
    arguments: [
      ([0, 0, 0, 1, 2, 0, 0], .truncated),
      ([8, 0, 0x18, 0, 0, 0, 0, 0], .foreignElement(0x0008, 0x0018)),
      ([0, 0, 0x10, 1, 3, 0, 0, 0, 1, 0], .lengthOutOfBounds(element: 0x0110, length: 3, available: 2)),
      ([0, 0, 0x10, 1, 2, 0, 0, 0, 1, 0], .missing("the command field (0000,0100)")),
      // The field is there, of one byte.
      ([0, 0, 0, 1, 1, 0, 0, 0, 1], .missing("the command field (0000,0100)")),
    ] as [([UInt8], CommandSetError)])
  func noCommand(_ bytes: [UInt8], _ error: CommandSetError) {
    #expect(throws: error) { try CommandSet(decoding: ByteBuffer(bytes: bytes)) }
  }

  @Test("a comment goes out as a long string of the default repertoire")
  func comment() throws {
    var command = CommandSet(.cStoreResponse)
    command.errorComment = "Größe\\\n" + String(repeating: "x", count: 100)
    var bytes = ByteBuffer()
    command.encode(into: &bytes)
    let comment = try CommandSet(decoding: bytes).errorComment
    #expect(comment == "Gr??e??" + String(repeating: "x", count: 57))
  }

  @Test("cut off anywhere it is an error, never half a command with a length beyond the end")
  func truncated() throws {
    var bytes = ByteBuffer()
    CommandSet(.cEchoRequest).encode(into: &bytes)
    for length in 0..<bytes.readableBytes {
      let part = try #require(bytes.getSlice(at: 0, length: length))
      _ = try? CommandSet(decoding: part)
    }
    bytes.setInteger(0xFFFF_FFFF as UInt32, at: 4, endianness: .little)
    #expect(throws: CommandSetError.self) { try CommandSet(decoding: bytes) }
  }

  /// Encodes, frames, and assembles again.
  static func pass(_ command: CommandSet, _ dataSet: ByteBuffer?, limit: UInt32) throws -> (CommandSet, ByteBuffer) {
    let encoder = try #require(MessageEncoder(maximumPDULength: limit))
    var bytes = ByteBuffer()
    encoder.encode(command, contextID: 5, into: &bytes)
    if let dataSet { encoder.encode(dataSet: dataSet, contextID: 5, into: &bytes) }
    let (received, data, _) = try receive(bytes, limit: limit, dataLength: dataSet?.readableBytes)
    return (received, data)
  }

  /// Frames and assembles a message; tells in how many PDUs it came.
  private static func receive(
    _ bytes: ByteBuffer, limit: UInt32, dataLength: Int?
  ) throws -> (CommandSet, ByteBuffer, pdus: Int) {
    var pdus = 0
    var stream = PDUStream(maximumDataLength: limit == 0 ? 1 << 20 : Int(limit))
    var assembler = MessageAssembler()
    var received: CommandSet?
    var data = ByteBuffer()
    stream.append(bytes)
    while let frame = try stream.next() {
      if case .dataPDU = frame { pdus += 1 }
      guard case .fragment(let fragment) = frame else { continue }
      switch try assembler.add(fragment) {
      case .incomplete: break
      case .command(let command, let contextID):
        #expect(contextID == 5)
        received = command
      case .data(let bytes, let isLast):
        data.writeImmutableBuffer(bytes)
        #expect(isLast == (data.readableBytes == dataLength))
      }
    }
    #expect(!assembler.isAmidMessage)
    return (try #require(received), data, pdus)
  }

  @Test(
    "a message goes in one PDU where it fits and the peer is known to take that, in one for each part to others",
    arguments: [
      (Implementation.classUID, 2000, 16384, 1), ("1.2.276.0.7230010.3.0.3.6.7", 2000, 16384, 1),
      ("1.2.826.0.1.3680043.9.3811.2.1.1", 2000, 0, 1), ("1.2.3", 2000, 16384, 2), (nil, 2000, 16384, 2),
      // One byte more than there is room for, and exactly as many.
      (Implementation.classUID, 2000, 2110, 2), (Implementation.classUID, 2000, 2112, 1),
      (Implementation.classUID, 2000, 200, 12),
    ] as [(UID?, Int, UInt32, Int)])
  func wholeMessage(_ peer: UID?, _ count: Int, _ limit: UInt32, _ pdus: Int) throws {
    var command = CommandSet(.cStoreRequest)
    command.messageID = 7
    command.affectedSOPClassUID = .ctImageStorage
    command.affectedSOPInstanceUID = "1.2.3"
    command.priority = 0
    command.hasDataSet = true
    let dataSet = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    let encoder = try #require(MessageEncoder(maximumPDULength: limit, peer: peer))
    var bytes = ByteBuffer()
    encoder.encode(command, .bytes(dataSet), contextID: 5, into: &bytes)
    let received = try Self.receive(bytes, limit: limit, dataLength: count)
    #expect(received.0 == command && received.1 == dataSet)
    #expect(received.pdus == pdus, "the command has \(bytes.readableBytes) bytes in all")
  }

  @Test("a message passes through PDUs of any length", arguments: [8, 12, 100, 16384, 0] as [UInt32])
  func message(_ limit: UInt32) throws {
    let dataSet = ByteBuffer(bytes: (0..<5000).map { UInt8(truncatingIfNeeded: $0) })
    let (command, data) = try Self.pass(Self.full, dataSet, limit: limit)
    #expect(command == Self.full)
    #expect(data == dataSet)
  }

  @Test("a maximum length without room for data is no maximum length")
  func tooSmall() {
    #expect(MessageEncoder(maximumPDULength: 7) == nil)
    #expect(MessageEncoder(maximumPDULength: 8)?.maximumFragment == 2)
    #expect(MessageEncoder(maximumPDULength: 0)?.maximumFragment == 131_066)
    #expect(MessageEncoder(maximumPDULength: nil)?.maximumFragment == 131_066)
  }

  @Test("fragments in disorder are named")
  func disorder() throws {
    func fragment(
      _ id: UInt8, command: Bool, last: Bool, _ bytes: ByteBuffer = ByteBuffer(bytes: [1, 2])
    )
      -> PDUStream.Fragment
    {
      PDUStream.Fragment(
        contextID: id, isCommand: command, isLast: last, endsPDV: true, endsPDU: true, bytes: bytes)
    }
    var assembler = MessageAssembler()
    #expect(throws: MessageError.dataWithoutCommand(contextID: 1)) {
      try assembler.add(fragment(1, command: false, last: true))
    }
    _ = try assembler.add(fragment(1, command: true, last: false))
    #expect(throws: MessageError.contextChanged(from: 1, to: 3)) {
      try assembler.add(fragment(3, command: true, last: false))
    }
    var bytes = ByteBuffer()
    Self.full.encode(into: &bytes)
    assembler = MessageAssembler()
    _ = try assembler.add(fragment(1, command: true, last: true, bytes))
    #expect(throws: MessageError.commandAmidData(contextID: 1)) {
      try assembler.add(fragment(1, command: true, last: true))
    }
    #expect(throws: MessageError.contextChanged(from: 1, to: 3)) {
      try assembler.add(fragment(3, command: false, last: true))
    }
    assembler = MessageAssembler()
    #expect(throws: MessageError.self) {
      for _ in 0..<100 {
        _ = try assembler.add(fragment(1, command: true, last: false, ByteBuffer(repeating: 0, count: 1000)))
      }
    }
  }

  @Test(
    "status codes mean what their service says",
    arguments: [
      (0x0000, nil, "Success", .success), (0xA700, .storage, "Refused: out of resources", .failure),
      (0xA801, .move, "Refused: move destination unknown", .failure),
      (0xA900, .find, "Error: identifier does not match SOP class", .failure),
      (0xA900, .storage, "Error: data set does not match SOP class", .failure),
      (0xB000, .storage, "Warning: coercion of data elements", .warning),
      (0xB000, .move, "Warning: sub-operations complete, one or more failures or warnings", .warning),
      (0xC123, .find, "Error: unable to process", .failure),
      (0xFE00, .find, "Matching terminated due to a cancel request", .cancel),
      (0xFF01, .find, "Pending: matches are continuing, one or more optional keys were not supported", .pending),
      (0x0122, .move, "Refused: SOP class not supported", .failure), (0x0211, nil, "Unrecognized operation", .failure),
    ] as [(UInt16, Service?, String, StatusMeaning.Kind)])
  func statuses(_ code: UInt16, _ service: Service?, _ words: String, _ kind: StatusMeaning.Kind) {
    let status = Status(code, service: service)
    #expect(status.words == words)
    #expect(status.type == kind)
  }

  @Test("the peer's comment is part of the words, an unknown code is not hidden")
  func comments() {
    #expect(Status(0xA700, service: .storage, errorComment: "disk").words == "Refused: out of resources (disk)")
    #expect(Status(0x1234).description.hasPrefix("0x1234 Failure"))
  }

  @Test("no entry of the book is hidden by one before it")
  func nothingHidden() {
    for service in Service.allCases {
      let own = StatusBook.entries.filter { $0.services.contains(service) }
      for (index, entry) in own.enumerated() {
        let isHidden = own[..<index].contains {
          $0.codes.contains(entry.codes.lowerBound) && $0.codes.contains(entry.codes.upperBound)
        }
        #expect(!isHidden, "\(service) \(entry.codes)")
      }
    }
  }
}
