import Dicom
import Dispatch
import NIOConcurrencyHelpers
import NIOCore

/// An instance on its way in: bytes that become a stored instance with ``commit(durable:stored:)`` or leave nothing behind.
///
/// Each method may be called on any thread, one after the other. Memory stays bounded whatever the size: a megabyte that is
/// filled, another that is written meanwhile, one that waits for that so that the disk does not, and the head of the data
/// set, from which the index is filled.
public final class IncomingInstance: Sendable {
  /// Covers the head of nearly all data sets up to the last attribute that the index keeps.
  static let headLimit = 64 << 10
  /// What is longer does not stay in the system's cache.
  static let cachedLimit = 64 << 10

  public let description: ReceptionDescription
  private let index: LocalIndex
  private let metaLength: Int
  private let state: NIOLockedValueBox<State>

  private struct State {
    /// Nil when the instance has ended.
    var piece: Piece?
    /// It is longer than a piece: what came before is in a file.
    var isLong = false
    /// A thread has the file and writes the pieces before this one.
    var isWriting = false
    /// Those it has not come to.
    var full: [Piece] = []
    /// What is to be done behind that.
    var next: Next?
    var file: PartialFile?
    /// Of all that has come.
    var digest = FileDigest()
    /// The head of the data set, when the piece does not hold it any more.
    var head: ByteBuffer?
    /// What the head said, when everything is in the file.
    var header: InstanceHeader?
    var failure: StorageError?
  }

  private enum Next {
    /// Take these, for which there was no room, and tell.
    case take(ByteBuffer, @Sendable () -> Void)
    case commit(@Sendable () -> Void)
  }

  init(_ description: ReceptionDescription, index: LocalIndex) throws {
    self.description = description
    self.index = index
    let piece = index.pieces.take()
    let meta = index.recent.beginning(description)
    metaLength = meta.readableBytes
    var first = State(piece: piece)
    _ = meta.withUnsafeReadableBytes { Self.append($0, to: piece, &first) }
    state = NIOLockedValueBox(first)
  }

  deinit { abandon() }

  /// Takes the next bytes of the data set, as they are encoded in the transfer syntax that was announced. Takes as long as
  /// it takes to copy them, and for every megabyte as long as to write that.
  /// - Throws: ``StorageError``; the instance is then lost, and its commit fails with it.
  public func write(_ bytes: ByteBuffer) throws {
    try bytes.withUnsafeReadableBytes { try write($0) }
  }

  /// The same for who must not wait for a disk: a thread that may writes a megabyte while the next one is filled. It goes
  /// with the other way only for bytes before or after all of these.
  /// - Parameter onRoom: called once, on any thread, where the result is false.
  /// - Returns: false where the disk is behind; nothing else may be called before `onRoom`. What goes wrong is thrown by
  ///   the next call.
  public func write(_ bytes: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool {
    try state.withLockedValue { state in
      if let failure = state.failure { throw failure }
      guard state.piece != nil else { throw Self.closed }
      guard let rest = fill(bytes, &state) else { return true }
      state.next = .take(rest, onRoom)
      return false
    }
  }

  /// - Returns: what there is no room for before the disk has done what it is doing.
  private func fill(_ bytes: ByteBuffer, _ state: inout State) -> ByteBuffer? {
    var rest = bytes
    while let piece = state.piece {
      let left = rest.withUnsafeReadableBytes { Self.append($0, to: piece, &state).count }
      rest.moveReaderIndex(forwardBy: rest.readableBytes - left)
      if left == 0 { return nil }
      if state.full.count >= Self.fullLimit { return rest }
      writeMeanwhile(piece, &state)
    }
    return nil
  }

  private static let fullLimit = 1

  /// Takes what there is room for, and its digest while it is in the processor's cache and more is on its way.
  ///
  /// - Returns: the rest.
  private static func append(
    _ bytes: UnsafeRawBufferPointer, to piece: Piece, _ state: inout State
  ) -> UnsafeRawBufferPointer {
    let rest = piece.append(bytes)
    state.digest.update(UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count - rest.count)))
    return rest
  }

  private func writeMeanwhile(_ piece: Piece, _ state: inout State) {
    if state.head == nil { state.head = head(piece, limit: Self.headLimit) }
    state.piece = index.pieces.take()
    state.isLong = true
    state.full.append(piece)
    if state.isWriting { return }
    state.isWriting = true
    index.files.async { [self] in writeFull() }
  }

  private func put(_ piece: Piece, _ file: PartialFile?) throws -> PartialFile {
    var file =
      try file
      ?? PartialFile(
        in: index.writingSession(), isLarge: piece.count > Self.cachedLimit,
        isAwaited: index.options.durability == .fsync)
    do { try file.write(piece) } catch {
      file.end()
      throw error
    }
    return file
  }

  /// Writes the full pieces until there are no more.
  private func writeFull() {
    var written: Result<PartialFile, any Error>?
    while let (piece, file) = nextFull(after: written) {
      written = Result { try put(piece, file) }
      index.pieces.giveBack(piece)
    }
  }

  /// What to write next, and into which file; there is room for one more then.
  private func nextFull(after written: Result<PartialFile, any Error>?) -> (Piece, PartialFile?)? {
    let (next, goOn) = state.withLockedValue { state -> ((Piece, PartialFile?)?, (@Sendable () -> Void)?) in
      switch written {
      case .success(let file): state.file = file
      case .failure(let error): state.failure = error as? StorageError ?? Self.closed
      case nil: break
      }
      // Failed now, or given up meanwhile.
      if state.failure != nil || state.piece == nil { end(&state) }
      var next: (Piece, PartialFile?)?
      if !state.full.isEmpty {
        next = (state.full.removeFirst(), state.file)
        state.file = nil
      }
      state.isWriting = next != nil
      switch state.next {
      case .take(let bytes, let onRoom):
        let rest = fill(bytes, &state)
        state.next = rest.map { .take($0, onRoom) }
        return (next, rest == nil ? onRoom : nil)
      case .commit(let commit) where !state.isWriting:
        state.next = nil
        return (nil, commit)
      default: return (next, nil)
      }
    }
    goOn?()
    return next
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    try state.withLockedValue { state in
      if let failure = state.failure { throw failure }
      guard let piece = state.piece else { throw Self.closed }
      do {
        var rest = Self.append(bytes, to: piece, &state)
        while !rest.isEmpty {
          try flush(piece, &state)
          rest = Self.append(rest, to: piece, &state)
        }
      } catch let error as StorageError {
        state.failure = error
        end(&state)
        throw error
      }
    }
  }

  /// The identifier of the study it belongs to; nil where the head of the data set does not tell.
  public var study: String? {
    state.withLockedValue { state in
      guard let head = state.head ?? state.piece.map({ head($0, limit: Self.headLimit) }) else { return nil }
      return try? InstanceHeader(dataSet(head, isWhole: true) { throw Self.closed }).identity.study
    }
  }

  private func flush(_ piece: Piece, _ state: inout State) throws {
    guard !state.isWriting else { throw Self.closed }
    if state.head == nil { state.head = head(piece, limit: Self.headLimit) }
    let file = state.file
    state.file = nil
    state.isLong = true
    state.file = try put(piece, file)
    piece.empty()
  }

  private func checkFilled(_ piece: Piece, _ state: State) throws {
    guard piece.count == metaLength, !state.isLong else { return }
    throw StorageError(.notDicom, "The data set is empty: there is nothing to store.")
  }

  private func head(_ piece: Piece, limit: Int) -> ByteBuffer {
    ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: piece.bytes[metaLength...]).prefix(limit))
  }

  /// Makes what was written a stored instance.
  ///
  /// - Parameters:
  ///   - durable: called once, on any thread, when the instance is there for good, or with why it is not: nothing is left
  ///     of it then. The `storeStatusCode` of a ``StorageError`` is what to answer.
  ///   - stored: called once, after `durable`, when it is a file that is found; with an error when it was not stored, or
  ///     is safe but cannot be made a file now, which is tried again until it can.
  public func commit(
    durable: @escaping @Sendable (Result<Void, any Error>) -> Void,
    stored: @escaping @Sendable (Result<StoredInstance, any Error>) -> Void
  ) {
    do {
      if isQuicklyStored {
        commitToFile(durable, stored)
      } else if try !commitToJournal(durable, stored) {
        let commit: @Sendable () -> Void = { self.commitToFile(durable, stored) }
        let isWriting = state.withLockedValue { state in
          if state.isWriting { state.next = .commit(commit) }
          return state.isWriting
        }
        if !isWriting { index.files.async(execute: commit) }
      }
    } catch {
      abandon()
      durable(.failure(error))
      stored(.failure(error))
    }
  }

  /// Makes what was written a stored instance, and waits for that.
  public func commit() throws -> StoredInstance {
    let (done, result) = (DispatchSemaphore(value: 0), NIOLockedValueBox<Result<StoredInstance, any Error>?>(nil))
    commit(
      durable: { _ in },
      stored: { outcome in
        result.withLockedValue { $0 = outcome }
        done.signal()
      })
    done.wait()
    guard let outcome = result.withLockedValue({ $0 }) else { throw Self.closed }
    return try outcome.get()
  }

  // MARK: Many at once

  /// Nothing more comes: everything goes into a file of its own, and the memory is free.
  func finishFile() throws {
    try state.withLockedValue { state in
      if state.header != nil { return }
      if let failure = state.failure { throw failure }
      guard let piece = state.piece else { throw Self.closed }
      try checkFilled(piece, state)
      try flush(piece, &state)
      let path = state.file?.path ?? ""
      let dataSet = try dataSet(state.head ?? ByteBuffer()) { try index.options.file(path).dataSet }
      state.header = try InstanceHeader(dataSet, index.recent)
      index.pieces.giveBack(piece)
      state.piece = nil
      state.head = nil
    }
  }

  /// Syncs what was written, before it gets a name.
  func makeDurable() throws {
    try finishFile()
    try state.withLockedValue { state in
      guard let file = state.file else { throw Self.closed }
      try Posix.sync(file.descriptor, path: file.path)
    }
  }

  /// Gives the file its place.
  /// - Parameter isDurable: whether file and folder are synced here, and not by who calls.
  func commit(isDurable: Bool) throws -> StoredInstance {
    try finishFile()
    return try state.withLockedValue { state in
      guard let file = state.file, let header = state.header else { throw Self.closed }
      defer { end(&state) }
      let stored = try index.placement.place(
        file, header, description, dataSetOffset: metaLength, digest: state.digest.value, isDurable: isDurable)
      state.file?.close()
      return stored
    }
  }

  // MARK: One at a time

  /// Whether it takes no longer to store than to copy it into the system's cache: not worth another thread.
  private var isQuicklyStored: Bool {
    guard index.options.durability == .none, !index.writer.isBehind else { return false }
    return state.withLockedValue { !$0.isLong && $0.failure == nil && $0.piece?.count ?? 0 <= Self.cachedLimit }
      && !TransferSyntax(uid: description.transferSyntaxUID).isDeflated
  }

  /// - Returns: false when it is not for the journal.
  private func commitToJournal(
    _ durable: @escaping @Sendable (Result<Void, any Error>) -> Void,
    _ stored: @escaping @Sendable (Result<StoredInstance, any Error>) -> Void
  ) throws -> Bool {
    try state.withLockedValue { state in
      if let failure = state.failure { throw failure }
      guard let piece = state.piece else { throw Self.closed }
      try checkFilled(piece, state)
      guard !state.isLong, index.options.durability == .fsync,
        !TransferSyntax(uid: description.transferSyntaxUID).isDeflated
      else { return false }
      let journal = try index.journal()
      if journal.isBroken { return false }
      let dataSet = try dataSet(of: piece)
      try InstanceHeader.check(dataSet)
      let (received, digest, bytes) = (ReceptionTime.now, state.digest.value, piece.count)
      let arrival: @Sendable () throws -> Arrival = { [index, description, metaLength] in
        Arrival(
          header: try InstanceHeader(dataSet, index.recent), description: description, received: received,
          bytes: bytes, dataSetOffset: metaLength, digest: digest)
      }
      state.piece = nil
      journal.append(
        Journal.Entry(
          piece: piece, received: received, digest: digest, arrival: arrival, durable: durable, stored: stored))
      return true
    }
  }

  private func commitToFile(
    _ durable: @Sendable (Result<Void, any Error>) -> Void,
    _ stored: @Sendable (Result<StoredInstance, any Error>) -> Void
  ) {
    let result = Result { try commit(isDurable: index.options.durability == .fsync) }
    if case .failure = result { abandon() }
    durable(result.map { _ in })
    stored(result)
  }

  /// Leaves nothing behind. Without effect after a commit.
  public func abandon() { state.withLockedValue { end(&$0) } }

  private static var closed: StorageError {
    StorageError(.closed, "The instance was stored or abandoned already.")
  }

  private func end(_ state: inout State) {
    for piece in state.full + [state.piece].compactMap(\.self) { index.pieces.giveBack(piece) }
    state.full = []
    state.piece = nil
    state.file?.end()
    state.file = nil
    state.head = nil
    state.header = nil
  }

  /// What holds the identifiers and main tags of an instance that is whole in a piece.
  private func dataSet(of piece: Piece) throws -> DataSet {
    try dataSet(head(piece, limit: Self.headLimit)) { [self] in
      try dataSet(head(piece, limit: .max), isWhole: true) { throw Self.closed }
    }
  }

  /// What holds the identifiers and main tags: the head where it reaches so far, else everything.
  private func dataSet(
    _ head: ByteBuffer, isWhole: Bool = false, orElse more: () throws -> DataSet
  ) throws -> DataSet {
    let syntax = TransferSyntax(uid: description.transferSyntaxUID)
    do {
      if !syntax.isDeflated {
        let (dataSet, problem) = DataSetReader.readTolerantly(
          head, transferSyntax: syntax,
          defaultCharacterSet: index.options.characterSet(ofSender: description.sendingAETitle))
        let isAll = isWhole || head.readableBytes < Self.headLimit
        if isWhole || (problem?.tag).map({ $0 > MainTags.last }) ?? isAll { return dataSet }
      }
      return try more()
    } catch let error as StorageError {
      throw error
    } catch {
      throw StorageError(.notDicom, "The data set cannot be read: \(error).")
    }
  }
}
