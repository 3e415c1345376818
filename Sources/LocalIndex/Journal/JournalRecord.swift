import CZlib

/// One instance in a journal: a header, the bytes of its file, and zeros up to the end of the block, so that no later record
/// shares a block with it.
///
/// ```
///  0  "FLUOROJ2"
///  8  generation    of this filling of the journal; what an earlier one left behind has another
/// 16  offset        where the record begins in the journal
/// 24  length        of the instance's file
/// 28  nanoseconds  }
/// 32  seconds      } since 1970: when it was received
/// 40  digest        of the instance's file: ``FileDigest``
/// 48  start         where in the record the file begins: behind the header; in a long one, a block behind its beginning
/// 52  checksum      CRC-32 of the header before it
/// ```
///
/// All numbers are little endian. Between the header and the file there are zeros.
struct JournalRecord: Equatable {
  static let headerLength = 56
  private static let checksumOffset = 52
  private static let magic: UInt64 = 0x324A_4F52_4F55_4C46
  /// The file of a longer one begins with a block, so that it can be written past the system's cache.
  static let shortLimit = 64 << 10

  var generation: UInt64
  var received: ReceptionTime
  var digest: UInt64
  var file: [UInt8]

  private static func start(_ length: Int) -> Int { length > shortLimit ? Piece.block : headerLength }

  /// How many bytes a record takes whose file has so many.
  static func size(_ length: Int) -> Int {
    (start(length) + length + Piece.block - 1) / Piece.block * Piece.block
  }

  /// Puts the header in front of a piece. - Returns: the record, ready to be written.
  static func seal(
    _ piece: Piece, generation: UInt64, offset: Int, received: ReceptionTime, digest: UInt64
  ) -> UnsafeRawBufferPointer {
    let length = piece.count
    let record = piece.framed(length: start(length), total: size(length))
    func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
      record.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
    }
    put(magic, at: 0)
    put(generation, at: 8)
    put(UInt64(offset), at: 16)
    put(UInt32(length), at: 24)
    put(UInt32(received.nanoseconds), at: 28)
    put(Int64(received.seconds), at: 32)
    put(digest, at: 40)
    put(UInt32(start(length)), at: 48)
    put(checksum(UnsafeRawBufferPointer(record)), at: checksumOffset)
    return UnsafeRawBufferPointer(record)
  }

  private static func checksum(_ record: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(crc32(0, record.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(checksumOffset)))
  }

  /// The whole records at the beginning of a journal: reading ends at the first that is not whole, or of another
  /// generation than the first.
  /// - Parameters:
  ///   - read: fills a buffer from an offset; returns how many bytes there were.
  ///   - body: returns whether to go on.
  static func forEach(
    read: (_ offset: Int, _ buffer: UnsafeMutableRawBufferPointer) throws -> Int,
    _ body: (JournalRecord) throws -> Bool
  ) throws {
    var offset = 0
    var generation: UInt64?
    while let record = try self.record(at: offset, generation, read) {
      generation = record.generation
      offset += size(record.file.count)
      guard try body(record) else { return }
    }
  }

  private static func record(
    at offset: Int, _ expected: UInt64?, _ read: (Int, UnsafeMutableRawBufferPointer) throws -> Int
  ) throws -> JournalRecord? {
    var block = [UInt8](repeating: 0, count: Piece.block)
    guard try block.withUnsafeMutableBytes({ try read(offset, $0) }) == block.count else { return nil }
    func number<Number: FixedWidthInteger>(_ offset: Int, _ type: Number.Type) -> Number {
      block.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }
    let generation = number(8, UInt64.self)
    let length = Int(number(24, UInt32.self))
    guard number(0, UInt64.self) == magic, number(16, UInt64.self) == UInt64(offset),
      generation == expected ?? generation, length <= Piece.capacity, number(48, UInt32.self) == UInt32(start(length)),
      block.withUnsafeBytes({ checksum($0) }) == number(checksumOffset, UInt32.self)
    else { return nil }
    let rest = size(length) - block.count
    if rest > 0 {
      block += [UInt8](repeating: 0, count: rest)
      let got = try block.withUnsafeMutableBytes {
        try read(offset + Piece.block, UnsafeMutableRawBufferPointer(rebasing: $0[Piece.block...]))
      }
      guard got == rest else { return nil }
    }
    let file = block[start(length)..<start(length) + length]
    let digest = number(40, UInt64.self)
    guard block[headerLength..<file.startIndex].allSatisfy({ $0 == 0 }),
      block[file.endIndex...].allSatisfy({ $0 == 0 }), file.withUnsafeBytes({ FileDigest.of($0) }) == digest
    else { return nil }
    return JournalRecord(
      generation: generation,
      received: ReceptionTime(seconds: Int(number(32, Int64.self)), nanoseconds: Int(number(28, UInt32.self))),
      digest: digest, file: Array(file))
  }
}
