import NIOCore

#if !FUZZING
  @testable import Dicom
#endif

/// What the fuzz target of the network does with an input, shared with the test that replays what it found (`Fuzz/`).
///
/// The first byte says how the rest is to be understood. Beside crashes, hangs and memory it looks for broken promises:
/// a stream yields the same whatever the pieces it comes in, what was decoded and encoded again decodes to the same,
/// and no credential is ever printed.
enum HostilePDUs {
  struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
  }

  /// More than any input is long, and less than would be too long for a P-DATA-TF of a real peer.
  static let maximumDataLength = 16384

  static func exercise(_ input: ByteBuffer) throws {
    var rest = input.slice()
    guard let mode: UInt8 = rest.readInteger() else { return }
    switch mode & 7 {
    case 0: try stream(rest.slice())
    case 1: try pdu(.associateRequest, fixedFields + rest.readableBytesView)
    case 2: try pdu(.associateAccept, fixedFields + rest.readableBytesView)
    case 3: try userInformation(rest.slice())
    case 4: try command(rest.slice())
    case 5: try pdu(.data, Array(rest.readableBytesView))
    case 6: try events(rest.readableBytesView)
    default: try explanation(String(decoding: rest.readableBytesView, as: UTF8.self))
    }
  }

  /// Version, titles and what is reserved: what stands before the items of an A-ASSOCIATE PDU.
  private static let fixedFields =
    [0, 1, 0, 0] + Array("CALLED          CALLING         ".utf8) + [UInt8](repeating: 0, count: 32)

  // MARK: PDUs

  private static func pdu(_ type: PDUType, _ body: [UInt8]) throws {
    var bytes = ByteBuffer()
    bytes.writeInteger(type.rawValue)
    bytes.writeInteger(0 as UInt8)
    bytes.writeInteger(UInt32(body.count))
    bytes.writeBytes(body)
    try stream(bytes)
  }

  /// The frames of a stream of PDUs, with what they make, and how it ended.
  private struct Reading: Equatable {
    var control: [PDU] = []
    var dataLengths: [Int] = []
    var commands: [CommandSet] = []
    var dataSets: [ByteBuffer] = [ByteBuffer()]
    var problem: String?
  }

  private static func stream(_ bytes: ByteBuffer) throws {
    let whole = reading(bytes, pieces: max(1, bytes.readableBytes))
    for size in [1, 3, 7] where reading(bytes, pieces: size) != whole {
      throw BrokenPromise(description: "in pieces of \(size) the stream is another: \(whole)")
    }
    for pdu in whole.control {
      _ = "\(pdu)"
      try encodedAgain(pdu)
    }
    try wholePDUs(bytes, whole)
  }

  private static func reading(_ bytes: ByteBuffer, pieces size: Int) -> Reading {
    var bytes = bytes
    var stream = PDUStream(maximumDataLength: maximumDataLength)
    var assembler = MessageAssembler()
    var reading = Reading()
    while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0 {
      stream.append(piece)
      do {
        while let frame = try stream.next() {
          switch frame {
          case .pdu(let pdu, _): reading.control.append(pdu)
          case .dataPDU(let length): reading.dataLengths.append(length)
          case .fragment(let fragment): try add(fragment, &assembler, &reading)
          }
        }
      } catch {
        // What was wrong is said; the bytes shown with it depend on how many had come.
        reading.problem = "\(type(of: error))"
        return reading
      }
      stream.releaseInput()
    }
    return reading
  }

  private static func add(
    _ fragment: PDUStream.Fragment, _ assembler: inout MessageAssembler, _ reading: inout Reading
  ) throws {
    switch try assembler.add(fragment) {
    case .incomplete: break
    case .command(let command, _): reading.commands.append(command)
    case .data(let bytes, let isLast):
      reading.dataSets[reading.dataSets.count - 1].writeImmutableBuffer(bytes)
      if isLast { reading.dataSets.append(ByteBuffer()) }
    }
  }

  /// PDUs decoded whole are those of the stream.
  private static func wholePDUs(_ bytes: ByteBuffer, _ expected: Reading) throws {
    var bytes = bytes
    var control: [PDU] = []
    do {
      while let pdu = try PDUDecoder.decode(&bytes, maximumLength: maximumDataLength) {
        if pdu.type != .data { control.append(pdu) }
      }
    } catch { _ = error.description }
    guard control.starts(with: expected.control) || expected.control.starts(with: control) else {
      throw BrokenPromise(description: "whole they are \(control), in a stream \(expected.control)")
    }
  }

  private static func encodedAgain(_ pdu: PDU) throws {
    // Text that was no UTF-8 is longer afterwards, and cut, once; from there on nothing changes.
    let once = try decoded(pdu)
    let twice = try decoded(once)
    if once != twice { throw BrokenPromise(description: "encoded and decoded it is another: \(once) \(twice)") }
  }

  private static func decoded(_ pdu: PDU) throws -> PDU {
    var bytes = PDUEncoder.encode(pdu)
    guard let decoded = try PDUDecoder.decode(&bytes), bytes.readableBytes == 0 else {
      throw BrokenPromise(description: "what was encoded is no whole PDU: \(pdu)")
    }
    return decoded
  }

  // MARK: Parts

  private static func userInformation(_ bytes: ByteBuffer) throws {
    var bytes = bytes
    guard var information = try? PDUDecoder.userInformation(&bytes) else { return }
    try PDUEncoder.check(information)
    for negotiation in information.extendedNegotiations {
      let offered = QueryCapabilities(information: negotiation.information)
      let answer = negotiation.answered(with: .relational)
      let agreed = QueryCapabilities(information: answer.information)
      guard agreed.isSubset(of: offered), answer.information.count <= negotiation.information.count else {
        throw BrokenPromise(description: "\(answer) agrees to more than \(negotiation)")
      }
    }
    if let window = information.asynchronousOperationsWindow {
      guard window.narrowed(to: .synchronous) == .synchronous else {
        throw BrokenPromise(description: "\(window) is not narrowed")
      }
    }
    let secret = "open sesame"
    information.userIdentity?.secondaryField = Array(secret.utf8)
    if information.userIdentity?.username == nil { information.userIdentity?.primaryField = Array(secret.utf8) }
    if let identity = information.userIdentity, "\(identity)\(String(reflecting: identity))".contains(secret) {
      throw BrokenPromise(description: "a credential is printed")
    }
    let request = AssociateRequestPDU(
      calledAETitle: "A", callingAETitle: "B", presentationContexts: [], userInformation: information)
    try encodedAgain(.associateRequest(request))
  }

  private static func command(_ bytes: ByteBuffer) throws {
    guard let command = try? CommandSet(decoding: bytes) else { return }
    _ = command.responseStatus?.description
    let once = try again(command)
    if try again(once) != once { throw BrokenPromise(description: "encoded and decoded it is another: \(once)") }
    // Cut for a peer that takes next to nothing, it is the same command.
    guard let encoder = MessageEncoder(maximumPDULength: 10) else {
      throw BrokenPromise(description: "no room in ten bytes")
    }
    var pdus = ByteBuffer()
    encoder.encode(once, contextID: 1, into: &pdus)
    if reading(pdus, pieces: 5).commands != [once] {
      throw BrokenPromise(description: "cut into fragments it is another: \(once)")
    }
  }

  private static func again(_ command: CommandSet) throws -> CommandSet {
    var bytes = ByteBuffer()
    command.encode(into: &bytes)
    return try CommandSet(decoding: bytes)
  }

  /// Any events in any order: an empty cell changes nothing, and an idle machine has nothing left to do.
  private static func events(_ bytes: ByteBufferView) throws {
    let all: [AssociationStateMachine.Event] = [
      .associateRequest, .transportConnected, .associateAcceptReceived, .associateRejectReceived,
      .transportConnectionIndicated, .associateRequestReceived(acceptable: true),
      .associateRequestReceived(acceptable: false), .associateResponseAccept, .associateResponseReject, .dataRequest,
      .dataReceived, .releaseRequest, .releaseRequestReceived, .releaseResponseReceived, .releaseResponse,
      .abortRequest, .abortReceived, .transportClosed, .artimExpired, .invalidPDUReceived,
    ]
    var machine = AssociationStateMachine(role: (bytes.first ?? 0) & 1 == 0 ? .requestor : .acceptor)
    for byte in bytes.dropFirst() {
      let before = machine
      let action = machine.handle(all[Int(byte) % all.count])
      if action == nil, machine != before { throw BrokenPromise(description: "an empty cell changed \(before)") }
    }
    // Whatever has happened, a closed connection ends it.
    _ = machine.handle(.transportClosed)
    if machine.state != .sta1 { throw BrokenPromise(description: "closed, and in \(machine.state)") }
  }

  private static func explanation(_ text: String) throws {
    guard let explanations = try? Explanation.of(text) else { return }
    if explanations.isEmpty || explanations.contains(where: { $0.words.isEmpty }) {
      throw BrokenPromise(description: "no words for \(text)")
    }
    for explanation in explanations where (try? Explanation.of(explanation.code))?.contains(explanation) != true {
      throw BrokenPromise(description: "\(explanation.code) is not found again")
    }
  }
}
