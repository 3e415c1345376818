/// XXH64 of bytes as they pass: it tells whether a file is still what was written, at the speed of memory. It is no
/// protection against somebody who means to deceive. (The algorithm: https://github.com/Cyan4973/xxHash, seed 0.)
struct FileDigest: Sendable {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
  private static let stripe = 32

  private var lanes: SIMD4<UInt64> = [prime1 &+ prime2, prime2, 0, 0 &- prime1]
  /// What is left over of the last bytes, less than a stripe.
  private var rest: [UInt8] = []
  private var count: UInt64 = 0

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var digest = FileDigest()
    digest.update(bytes)
    return digest.value
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count &+= UInt64(bytes.count)
    var bytes = bytes[...]
    if !rest.isEmpty {
      let missing = bytes.prefix(Self.stripe - rest.count)
      rest += missing
      bytes = bytes.dropFirst(missing.count)
      guard rest.count == Self.stripe else { return }
      lanes = rest.withUnsafeBytes { Self.mix(lanes, $0) }
      rest.removeAll(keepingCapacity: true)
    }
    let whole = bytes.count / Self.stripe * Self.stripe
    lanes = Self.mix(lanes, UnsafeRawBufferPointer(rebasing: bytes.prefix(whole)))
    rest += bytes.dropFirst(whole)
  }

  private static func mix(_ lanes: SIMD4<UInt64>, _ bytes: UnsafeRawBufferPointer) -> SIMD4<UInt64> {
    var (a, b, c, d) = (lanes.x, lanes.y, lanes.z, lanes.w)
    var offset = 0
    while offset < bytes.count {
      a = round(a, word(bytes, offset))
      b = round(b, word(bytes, offset + 8))
      c = round(c, word(bytes, offset + 16))
      d = round(d, word(bytes, offset + 24))
      offset += stripe
    }
    return [a, b, c, d]
  }

  private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotate(lane &+ input &* prime2, 31) &* prime1
  }

  private static func rotate(_ value: UInt64, _ bits: UInt64) -> UInt64 { value &<< bits | value &>> (64 &- bits) }

  /// The digest of everything so far.
  var value: UInt64 {
    var hash: UInt64
    if count >= UInt64(Self.stripe) {
      hash = Self.rotate(lanes.x, 1) &+ Self.rotate(lanes.y, 7)
      hash = hash &+ Self.rotate(lanes.z, 12) &+ Self.rotate(lanes.w, 18)
      for index in 0..<4 { hash = (hash ^ Self.round(0, lanes[index])) &* Self.prime1 &+ Self.prime4 }
    } else {
      hash = Self.prime5
    }
    hash = hash &+ count
    rest.withUnsafeBytes { bytes in
      var offset = 0
      while offset + 8 <= bytes.count {
        hash = Self.rotate(hash ^ Self.round(0, Self.word(bytes, offset)), 27) &* Self.prime1 &+ Self.prime4
        offset += 8
      }
      if offset + 4 <= bytes.count {
        let four = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        hash = Self.rotate(hash ^ UInt64(four) &* Self.prime1, 23) &* Self.prime2 &+ Self.prime3
        offset += 4
      }
      for byte in bytes[offset...] { hash = Self.rotate(hash ^ UInt64(byte) &* Self.prime5, 11) &* Self.prime1 }
    }
    hash = (hash ^ hash >> 33) &* Self.prime2
    hash = (hash ^ hash >> 29) &* Self.prime3
    return hash ^ hash >> 32
  }
}
