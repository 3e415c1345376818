import NIOCore

/// One request on an association, from its sending to its final response. Lives on the event loop.
final class RequestorOperation {
  enum Body {
    case none
    case dataSet(ByteBuffer)
    /// The operation's `sender` writes command and data set, of so many bytes.
    case store(length: Int)
  }

  enum State {
    case sending
    case waiting
    /// C-CANCEL is sent; only the final response counts.
    case cancelling
  }

  let phase: AssociationError.Phase
  private(set) var contextID: UInt8
  let command: CommandSet
  private(set) var body: Body
  private(set) var messageID: UInt16
  /// PS3.7 knows a C-CANCEL for it.
  let isCancellable: Bool
  /// Takes pending responses, in order.
  let onPending: (Response) -> Void
  /// Takes their identifiers instead, which they must have.
  let matches: MatchDelivery?
  /// Pending responses are still wanted when it has been cancelled: counters are, matches are not.
  let isHeardAfterCancel: Bool
  /// Takes the instances that the peer stores with us meanwhile: the sub-operations of a C-GET.
  let onStore: ((StoreRequest) -> StoreReception)?
  let completion: (Result<Response, any Error>) -> Void
  var state: State = .sending
  /// Whose turn it is with this operation.
  var sender: StoreSender?
  /// Its completion starts another one of these at once.
  var isFollowed: Bool { series?.hasNext == true }
  var series: (any OperationSeries)?
  /// A response that came before all was sent.
  var early: Response?

  init(_ request: OutgoingRequest, completion: @escaping (Result<Response, any Error>) -> Void) {
    phase = request.phase
    contextID = request.contextID
    command = request.command
    body = request.body
    messageID = request.messageID
    isCancellable = request.isCancellable
    onPending = request.onPending
    matches = request.matches
    isHeardAfterCancel = request.isHeardAfterCancel
    onStore = request.onStore
    self.completion = completion
  }

  /// Takes the place of one that was answered, with another of the same kind.
  func begin(contextID: UInt8, messageID: UInt16, body: Body) {
    self.contextID = contextID
    self.messageID = messageID
    self.body = body
    state = .sending
    early = nil
  }

  private static let largeLength = 1 << 16

  /// It may be under way for long after our system has taken it.
  var isLarge: Bool {
    switch body {
    case .none: false
    case .dataSet(let bytes): bytes.readableBytes > Self.largeLength
    case .store(let length): length > Self.largeLength
    }
  }

  /// `C-FIND`
  var name: String { command.field?.operation ?? "DIMSE" }
}

/// Operations that follow one another, each as soon as the one before it is answered.
protocol OperationSeries: AnyObject {
  /// Another one starts as soon as the one under way has succeeded.
  var hasNext: Bool { get }
}

/// What is needed to make a `RequestorOperation` on the event loop.
struct OutgoingRequest: Sendable {
  var phase: AssociationError.Phase
  var contextID: UInt8
  var command: CommandSet
  var messageID: UInt16
  var body: RequestorOperation.Body = .none
  var isCancellable = false
  var isHeardAfterCancel = false
  var onPending: @Sendable (Response) -> Void = { _ in }
  var matches: MatchDelivery?
  var onStore: (@Sendable (StoreRequest) -> StoreReception)?
}

extension RequestorOperation.Body: Sendable {}

/// A response: its command set and, where there is one, its data set still encoded.
struct Response: Sendable {
  var command: CommandSet
  var dataSet: ByteBuffer?

  var status: Status { command.responseStatus ?? Status(0x0110) }
}
