import NIOConcurrencyHelpers

/// A megabyte of memory in which an instance collects: where a journal record is written from, or a piece of a file. It
/// begins at an address from which a disk can be written directly (`O_DIRECT`), with room in front for a record's header.
///
/// Unchecked: it belongs to one instance at a time, whose methods are called one after the other, and then to the journal.
final class Piece: @unchecked Sendable {
  static let capacity = 1 << 20
  /// What disks and file systems write as one.
  static let block = 4096

  private let memory: UnsafeMutableRawBufferPointer
  /// How much of it is filled.
  private(set) var count = 0

  init() {
    // A block in front for the header, one behind for the padding.
    memory = .allocate(byteCount: Self.capacity + 2 * Self.block, alignment: Self.block)
  }

  deinit { memory.deallocate() }

  var room: Int { Self.capacity - count }

  /// What it holds.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[Self.block..<Self.block + count]) }

  /// Takes as much as there is room for. - Returns: the rest.
  func append(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let taken = min(bytes.count, room)
    if taken > 0 {
      UnsafeMutableRawBufferPointer(rebasing: memory[(Self.block + count)...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
      count += taken
    }
    return UnsafeRawBufferPointer(rebasing: bytes[taken...])
  }

  func empty() { count = 0 }

  /// What it holds with `length` zeros in front of it, and more behind it up to `total` bytes.
  func framed(length: Int, total: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: memory[(Self.block - length)..<Self.block])
      .initializeMemory(as: UInt8.self, repeating: 0)
    let end = Self.block + count
    let padded = Self.block - length + total
    if padded > end {
      UnsafeMutableRawBufferPointer(rebasing: memory[end..<padded]).initializeMemory(as: UInt8.self, repeating: 0)
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory[(Self.block - length)..<padded])
  }
}

/// Pieces that are not in use: fresh memory costs a fault for each page of it.
final class PieceStore: Sendable {
  /// As many as wait to be made files, and some that are being filled.
  private static let limit = Journal.backlogLimit + 4
  private let idle = NIOLockedValueBox<[Piece]>([])

  func take() -> Piece { idle.withLockedValue { $0.popLast() } ?? Piece() }

  func giveBack(_ piece: Piece) {
    piece.empty()
    idle.withLockedValue { if $0.count < Self.limit { $0.append(piece) } }
  }
}
