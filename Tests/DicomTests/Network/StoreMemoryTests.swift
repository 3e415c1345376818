import NIOCore
import Testing

@testable import Dicom

@Suite("Small instances in memory until they are sent")
struct StoreMemoryTests {
  private static func bytes(_ seed: Int, count: Int) -> ByteBuffer {
    ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) })
  }

  private static func kept(_ bytes: ByteBuffer, in memory: StoreMemory) -> StoreMemory.Bytes? {
    guard var room = memory.room(bytes.readableBytes...bytes.readableBytes) else { return nil }
    bytes.withUnsafeReadableBytes { room.free.copyMemory(from: $0) }
    return room.keep(bytes.readableBytes, from: 0)
  }

  @Test("what several threads keep at once is what each gave, and what has no room is not kept")
  func keeping() async throws {
    let memory = try #require(StoreMemory(capacity: 100_000))
    let all = await withTaskGroup(of: (Int, StoreMemory.Bytes?).self) { group in
      for number in 0..<300 {
        group.addTask {
          (number, Self.kept(Self.bytes(number, count: 400 + number), in: memory))
        }
      }
      var all: [Int: StoreMemory.Bytes] = [:]
      for await (number, bytes) in group { all[number] = bytes }
      return all
    }
    #expect(all.count > 100 && all.count < 300, "\(all.count) of about 182 that there is room for")
    for (number, bytes) in all {
      var buffer = ByteBuffer()
      bytes.write(at: 0, count: bytes.count, into: &buffer)
      #expect(buffer == Self.bytes(number, count: 400 + number))
    }
  }

  @Test("it goes in the same PDUs as from anywhere else", arguments: [64, 100, 1000, 131_066])
  func pieces(_ maximumFragment: Int) throws {
    let bytes = Self.bytes(7, count: 1000)
    let memory = try #require(StoreMemory(capacity: 4096))
    let kept = try #require(Self.kept(bytes, in: memory))
    let encoder = try #require(MessageEncoder(maximumPDULength: UInt32(maximumFragment + 6)))
    let wires = [StoreSource.Memory.bytes(bytes), .kept(kept)].map { memory in
      var wire = ByteBuffer()
      encoder.encode(CommandSet(.cStoreRequest), memory, contextID: 3, into: &wire)
      return wire
    }
    #expect(wires[0] == wires[1] && wires[0].readableBytes > 1000)
  }
}
