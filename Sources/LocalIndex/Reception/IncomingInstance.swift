import Dicom
import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An instance on its way in: a partial file that becomes a stored instance with ``commit()`` or leaves nothing behind.
///
/// Each method may be called on any thread, one after the other. Writing takes as long as handing the bytes to the
/// system takes; memory stays bounded whatever the size, for only the head of the data set is kept, from which the index
/// is filled.
public final class IncomingInstance: Sendable {
  /// Covers the head of nearly all data sets up to the last attribute that the index keeps.
  static let headLimit = 64 << 10

  public let description: ReceptionDescription
  private let index: LocalIndex
  private let state: NIOLockedValueBox<State>

  private struct State {
    var path: String
    var descriptor: Int32
    /// The meta information, until it goes out in front of the first bytes.
    var meta: ByteBuffer?
    var head: ByteBuffer
    var dataSetBytes = 0
    var fileBytes = 0
    /// Of the file as it grows.
    var digest = FileDigest()
    var failure: StorageError?
  }

  init(_ description: ReceptionDescription, index: LocalIndex) throws {
    self.description = description
    self.index = index
    let meta = description.metaInformation.encoded()
    let (path, descriptor) = try index.writingSession().makeFile()
    state = NIOLockedValueBox(State(path: path, descriptor: descriptor, meta: meta, head: ByteBuffer()))
  }

  deinit { abandon() }

  /// Takes the next bytes of the data set, as they are encoded in the transfer syntax that was announced.
  /// - Throws: ``StorageError``; the instance is then lost, and ``commit()`` throws it again.
  public func write(_ bytes: ByteBuffer) throws {
    try bytes.withUnsafeReadableBytes { try write($0) }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    try state.withLockedValue { state in
      if let failure = state.failure { throw failure }
      guard state.descriptor >= 0 else { throw Self.closed }
      do {
        if let meta = state.meta {
          state.meta = nil
          state.fileBytes += meta.readableBytes
          meta.withUnsafeReadableBytes { state.digest.update($0) }
          if bytes.count < Self.headLimit {
            // A small instance goes out with its meta information in one write.
            var both = meta
            both.writeBytes(bytes)
            try both.withUnsafeReadableBytes { try Posix.write($0, to: state.descriptor, path: state.path) }
          } else {
            try meta.withUnsafeReadableBytes { try Posix.write($0, to: state.descriptor, path: state.path) }
            try Posix.write(bytes, to: state.descriptor, path: state.path)
          }
        } else {
          try Posix.write(bytes, to: state.descriptor, path: state.path)
        }
      } catch let error as StorageError {
        state.failure = error
        Self.discard(&state)
        throw error
      }
      let room = Self.headLimit - state.head.readableBytes
      if room > 0 { state.head.writeBytes(bytes.prefix(room)) }
      state.digest.update(bytes)
      state.dataSetBytes += bytes.count
      state.fileBytes += bytes.count
    }
  }

  /// Makes what was written a stored instance, which it is for good when this returns; it blocks for the disk.
  ///
  /// - Throws: ``StorageError``; nothing is left of the instance then. `storeStatusCode` is what to answer.
  public func commit() throws -> StoredInstance {
    try commit(isDurable: index.options.durability == .fsync)
  }

  /// - Parameter isDurable: whether file and folder are synced here, and not by who calls (``makeDurable()``).
  func commit(isDurable: Bool) throws -> StoredInstance {
    try state.withLockedValue { state in
      if let failure = state.failure { throw failure }
      guard state.descriptor >= 0 else { throw Self.closed }
      defer { Self.discard(&state) }
      if state.dataSetBytes == 0 {
        throw StorageError(.notDicom, "The data set is empty: there is nothing to store.")
      }
      let header = try header(state)
      let arrival = Arrival(
        path: state.path, descriptor: state.descriptor, header: header, description: description,
        bytes: state.fileBytes, dataSetOffset: state.fileBytes - state.dataSetBytes, digest: state.digest.value)
      return try index.place(arrival, isDurable: isDurable)
    }
  }

  /// Syncs what was written, before it gets a name.
  func makeDurable() throws {
    try state.withLockedValue { state in
      guard state.descriptor >= 0 else { throw Self.closed }
      try Posix.sync(state.descriptor, path: state.path)
    }
  }

  /// Leaves nothing behind. Without effect after ``commit()``.
  public func abandon() { state.withLockedValue { Self.discard(&$0) } }

  private static var closed: StorageError {
    StorageError(.closed, "The instance was stored or abandoned already.")
  }

  private static func discard(_ state: inout State) {
    guard state.descriptor >= 0 else { return }
    Posix.close(state.descriptor)
    state.descriptor = -1
    unlink(state.path)
    state.head = ByteBuffer()
  }

  /// The identifiers and main tags, from the head where that reaches, else from the file.
  private func header(_ state: State) throws -> InstanceHeader {
    let syntax = TransferSyntax(uid: description.transferSyntaxUID)
    if !syntax.isDeflated {
      let (dataSet, problem) = DataSetReader.readTolerantly(
        state.head, transferSyntax: syntax, defaultCharacterSet: index.options.defaultCharacterSet)
      let isBehindMainTags = (problem?.tag).map { $0 > MainTags.last } ?? (problem == nil)
      if isBehindMainTags { return try InstanceHeader(dataSet) }
    }
    do {
      let file = try DicomFile(path: state.path, defaultCharacterSet: index.options.defaultCharacterSet)
      return try InstanceHeader(file.dataSet)
    } catch let error as StorageError {
      throw error
    } catch {
      throw StorageError(.notDicom, "The data set cannot be read: \(error).")
    }
  }
}
