import Testing

@testable import LocalIndex

/// XXH64 against the values that its reference implementation gives.
@Suite struct FileDigestTests {
  static let known: [(count: Int, digest: UInt64)] = [
    (0, 0xEF46_DB37_51D8_E999),
    (1, 0xE934_A84A_DB05_2768),
    (4, 0xFFCE_D860_4453_CC1E),
    (8, 0x884A_1736_14B8_1B8D),
    (31, 0xC346_D2B5_9B4D_8EE1),
    (32, 0xCBF5_9C51_16FF_32B4),
    (33, 0x0C53_5D1A_CAFB_8EAD),
    (63, 0xE26A_A9E2_A95F_8E4F),
    (100, 0x6AC1_E580_3216_6597),
    (1000, 0x6EF4_36B0_0EBA_4078),
  ]

  /// Bytes 0, 1, ... 255, 0, ...
  static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

  @Test("is that of the reference implementation", arguments: known) func reference(_ count: Int, _ digest: UInt64) {
    var all = FileDigest()
    Self.bytes(count).withUnsafeBytes { all.update($0) }
    #expect(all.value == digest)
  }

  @Test("is the same however the bytes come", arguments: [1, 3, 7, 31, 32, 33, 64, 100]) func pieces(_ length: Int) {
    let bytes = Self.bytes(1000)
    var whole = FileDigest()
    bytes.withUnsafeBytes { whole.update($0) }
    var pieces = FileDigest()
    for start in stride(from: 0, to: bytes.count, by: length) {
      Array(bytes[start..<min(start + length, bytes.count)]).withUnsafeBytes { pieces.update($0) }
    }
    #expect(pieces.value == whole.value)
  }
}
