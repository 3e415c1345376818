import NIOCore

/// Watches what goes over the wire. Called on event loops: it must be quick and must not block.
public protocol TraceObserver: Sendable {
  func observe(_ event: TraceEvent)
  /// Whether it wants the raw bytes too (for a packet capture). False unless said otherwise.
  var wantsBytes: Bool { get }
}

extension TraceObserver {
  public var wantsBytes: Bool { false }
}

/// Something that happened on a connection.
public struct TraceEvent: Sendable {
  /// Counts connections of this process.
  public var connection: Int
  public var time: ContinuousClock.Instant
  public var direction: Direction
  /// Address and port of the other side.
  public var peer: String
  /// Bytes on the wire, headers included.
  public var size: Int
  public var content: Content

  public enum Direction: String, Hashable, Sendable { case sent, received }

  public enum Content: Sendable {
    case opened(local: String, isRequestor: Bool)
    /// Any PDU but P-DATA-TF.
    case pdu(PDU)
    /// A P-DATA-TF begins, of this type and length; what it holds follows.
    case dataPDU
    /// A whole command set.
    case command(CommandSet, contextID: UInt8)
    /// A piece of a data set; patient data, so not shown unless asked for.
    case data(contextID: UInt8, isLast: Bool, length: Int)
    /// Bytes as they were read or written, when wanted.
    case bytes(ByteBuffer)
    /// Bytes that are no PDU, in words.
    case invalid(String)
    case closed
  }

  /// One line without patient data.
  public var summary: String {
    switch content {
    case .opened(let local, let isRequestor): "connection \(isRequestor ? "to" : "from") \(peer), ours \(local)"
    case .pdu(let pdu): Self.words(pdu)
    case .dataPDU: "P-DATA-TF, \(size) bytes"
    case .command(let command, let contextID): "context \(contextID): \(Self.words(command))"
    case .data(let contextID, let isLast, let length):
      "context \(contextID): data set, \(length) bytes\(isLast ? ", last" : "")"
    case .bytes(let bytes): "\(bytes.readableBytes) bytes"
    case .invalid(let words): "invalid: \(words)"
    case .closed: "connection closed"
    }
  }

  private static func words(_ pdu: PDU) -> String {
    switch pdu {
    case .associateRequest(let request):
      "\(pdu.type) \(request.callingAETitle) -> \(request.calledAETitle), "
        + "\(request.presentationContexts.count) presentation contexts"
    case .associateAccept(let accept):
      "\(pdu.type) \(accept.presentationContexts.count { $0.result == .acceptance }) of "
        + "\(accept.presentationContexts.count) presentation contexts accepted"
    case .associateReject(let rejection): "\(pdu.type) \(rejection)"
    case .abort(let abort): "\(pdu.type) \(abort)"
    case .data, .releaseRequest, .releaseResponse: "\(pdu.type)"
    }
  }

  private static func words(_ command: CommandSet) -> String {
    var parts = [command.field?.description ?? "command \(hexadecimal(command.commandField))"]
    if let id = command.messageID { parts.append("message \(id)") }
    if let id = command.messageIDBeingRespondedTo { parts.append("to message \(id)") }
    if let status = command.responseStatus { parts.append(status.description) }
    if let uid = command.affectedSOPClassUID { parts.append(uid.name ?? uid.rawValue) }
    return parts.joined(separator: ", ")
  }
}

/// Writes events as lines of text.
public struct TextTrace: TraceObserver {
  private let start = ContinuousClock.now
  private let write: @Sendable (String) -> Void

  /// `write` is called with each line, without its end, on event loops.
  public init(_ write: @escaping @Sendable (String) -> Void) { self.write = write }

  public func observe(_ event: TraceEvent) {
    let (seconds, attoseconds) = start.duration(to: event.time).components
    let milliseconds = String(1000 + attoseconds / 1_000_000_000_000_000).dropFirst()
    let arrow = event.direction == .sent ? "->" : "<-"
    write("\(seconds).\(milliseconds) #\(event.connection) \(arrow) \(event.peer) \(event.summary)")
  }
}
