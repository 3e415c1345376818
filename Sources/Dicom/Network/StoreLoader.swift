import NIOConcurrencyHelpers
import NIOCore

/// An instance that is to be stored, and who wants to know about it.
public struct OutgoingStore: Sendable {
  public enum Source: Sendable {
    case memory(StoreSource)
    /// Says what to send, ahead of its turn; called on a thread that may block.
    case later(@Sendable () throws -> StoreSource)
  }

  public var source: Source
  /// Gets the bytes of the data set written so far, on the event loop. A small one has only its answer.
  public var onProgress: @Sendable (Int) -> Void
  /// Gets the peer's status, or why there is none, in the order of the instances: on the event loop, or on the thread that
  /// sends small ones. Not called for one that was never begun because the association had ended.
  public var completion: @Sendable (Result<Status, any Error>) -> Void

  public init(
    source: Source, onProgress: @escaping @Sendable (Int) -> Void = { _ in },
    completion: @escaping @Sendable (Result<Status, any Error>) -> Void
  ) {
    self.source = source
    self.onProgress = onProgress
    self.completion = completion
  }
}

/// An instance whose turn may come.
final class LoadedStore: Sendable {
  /// Those of the `OutgoingStore`.
  let onProgress: @Sendable (Int) -> Void
  let completion: @Sendable (Result<Status, any Error>) -> Void
  let contextID: UInt8
  let messageID: UInt16
  /// Bytes of the data set.
  let length: Int
  /// Reads the pieces behind the first one; nil: there are none.
  let rest: PieceReader?

  init(_ store: OutgoingStore, contextID: UInt8, messageID: UInt16, length: Int, rest: PieceReader?) {
    onProgress = store.onProgress
    completion = store.completion
    self.contextID = contextID
    self.messageID = messageID
    self.length = length
    self.rest = rest
  }

  /// One read, one write, and taken by our system at once.
  var isSmall: Bool { rest == nil && length < StoreLoader.largeCapacity }

  func close() { rest?.close() }
}

/// Has the instances to be sent ready before their turn comes, so that a small one costs neither a wait for the disk nor a
/// change of threads: one in memory when the one before it has left, of files some at once.
final class StoreLoader: Sendable {
  /// What one visit of the disk loads: so many instances, or so many bytes of them.
  static let batchCount = 32
  static let batchBytes = 1 << 20
  /// Memory that is used again: touching new pages costs more than reading into known ones.
  private static let maximumSpare = 2 * batchCount
  private static let maximumLargeSpare = 6
  static let largeCapacity = 1 << 16

  /// One that cannot be sent stands in the row with its error.
  typealias Loaded = Result<(store: LoadedStore, first: StorePiece), LoadFailure>

  struct LoadFailure: Error {
    var completion: @Sendable (Result<Status, any Error>) -> Void
    var error: any Error
  }

  private struct Spare {
    var small: [ByteBuffer] = []
    var large: [ByteBuffer] = []
  }

  private let next: @Sendable () -> OutgoingStore?
  private let ahead: @Sendable () -> Int
  private let association: Association
  private let encoder: MessageEncoder
  private let moveOriginator: MoveOriginator?
  private let priority: Priority
  private let spare = NIOLockedValueBox(Spare())
  /// Whether any of the last ones came from a file, and one that was taken and must be waited for.
  private let taken = NIOLockedValueBox<(isOnDisk: Bool, store: OutgoingStore?)>((false, nil))

  init(
    _ next: @escaping @Sendable () -> OutgoingStore?, ahead: @escaping @Sendable () -> Int, association: Association,
    encoder: MessageEncoder, moveOriginator: MoveOriginator?, priority: Priority
  ) {
    self.next = next
    self.ahead = ahead
    self.association = association
    self.encoder = encoder
    self.moveOriginator = moveOriginator
    self.priority = priority
  }

  /// What comes next is most likely on the disk too.
  var isOnDisk: Bool { taken.withLockedValue { $0.isOnDisk } }

  /// Loads one that is in memory, without blocking. Nil: the next is not.
  func loadFromMemory() -> (loaded: Loaded?, isExhausted: Bool)? {
    guard let store = next() else { return (nil, true) }
    guard case .memory = store.source else {
      taken.withLockedValue { $0 = (true, store) }
      return nil
    }
    return (load(store), false)
  }

  /// How many to load where so many are loaded already; 0: those are enough for now.
  func useful(beside ready: Int) -> Int {
    guard ready <= Self.batchCount / 2 else { return 0 }
    let count = min(Self.batchCount, max(1, ahead()))
    return ready <= count / 2 ? count : 0
  }

  /// Loads so many more, or what there are. It blocks; never two at once.
  func load(_ count: Int) -> (loaded: [Loaded], isExhausted: Bool) {
    var loaded: [Loaded] = []
    var bytes = 0
    var isOnDisk = false
    while loaded.count < count, bytes < Self.batchBytes {
      guard let store = taken.withLockedValue({ $0.store.take() }) ?? next() else { return (loaded, true) }
      if case .later = store.source { isOnDisk = true }
      let one = load(store)
      if case .success(let one) = one { bytes += one.first.bytes.readableBytes }
      loaded.append(one)
    }
    taken.withLockedValue { $0.isOnDisk = isOnDisk }
    return (loaded, false)
  }

  private func load(_ store: OutgoingStore) -> Loaded {
    do {
      return .success(try loaded(store))
    } catch {
      return .failure(LoadFailure(completion: store.completion, error: error))
    }
  }

  private func loaded(_ store: OutgoingStore) throws -> (store: LoadedStore, first: StorePiece) {
    let source =
      switch store.source {
      case .memory(let source): source
      case .later(let source): try source()
      }
    guard let context = association.context(for: source) else {
      throw association.error(.noAcceptedContext([source.sopClassUID]), .store)
    }
    let id = association.allocateMessageID()
    var command = CommandSet(.cStoreRequest)
    command.messageID = id
    command.affectedSOPClassUID = source.sopClassUID
    command.affectedSOPInstanceUID = source.sopInstanceUID
    command.priority = priority.rawValue
    command.moveOriginatorAETitle = moveOriginator?.aeTitle
    command.moveOriginatorMessageID = moveOriginator?.messageID
    command.hasDataSet = true
    do throws(PieceReaderError) {
      let (first, rest) = try PieceReader.begin(
        command, source.content, contextID: context.id, encoder, in: buffer(for:))
      let length = rest?.length ?? first.length
      return (LoadedStore(store, contextID: context.id, messageID: id, length: length, rest: rest), first)
    } catch {
      throw association.error(.local("cannot read the instance to send: \(error)"), .store)
    }
  }

  /// The piece after the last one read.
  func next(of reader: PieceReader) throws -> StorePiece {
    var buffer = buffer(for: reader.length)
    return try reader.next(behind: &buffer)
  }

  private func buffer(for length: Int) -> ByteBuffer {
    let isLarge = length >= Self.largeCapacity / 2
    var buffer = spare.withLockedValue { (isLarge ? $0.large.popLast() : $0.small.popLast()) ?? ByteBuffer() }
    // Its own memory as soon as nobody else holds it.
    buffer.clear()
    return buffer
  }

  /// Takes back the memory of a piece that was written.
  func recycle(_ buffer: ByteBuffer) {
    spare.withLockedValue { spare in
      if buffer.capacity >= Self.largeCapacity {
        if spare.large.count < Self.maximumLargeSpare { spare.large.append(buffer) }
      } else if spare.small.count < Self.maximumSpare {
        spare.small.append(buffer)
      }
    }
  }
}
