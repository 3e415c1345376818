import NIOConcurrencyHelpers
import NIOCore

/// Writes what goes over the wire as a capture file (pcap) in which Wireshark finds DICOM: the connections as TCP over IP,
/// what TLS protects in the clear, the acceptor on port 104, where the dissector looks. It holds patients' data.
public final class PacketCapture: TraceObserver {
  public var wantsBytes: Bool { true }

  private let clock = WallClock()
  private let connections = NIOLockedValueBox<[Int: CapturedConnection]>([:])
  private let write: @Sendable (ByteBuffer) -> Void

  /// The most a packet carries: an IP packet's length is 16 bits.
  private static let maximumSegment = 65_000
  /// PS3.8 §9.1.1; also the one Wireshark knows without being told.
  static let dicomPort: UInt16 = 104

  /// `write` is called with the header of the file at once, then with whole packets, one caller at a time.
  public init(_ write: @escaping @Sendable (ByteBuffer) -> Void) {
    self.write = write
    var header = ByteBuffer()
    // Magic of microseconds, version 2.4, zone, accuracy, snapshot length, LINKTYPE_RAW: packets begin with their IP header.
    header.writeMultipleIntegers(
      0xA1B2_C3D4 as UInt32, 2 as UInt16, 4 as UInt16, 0 as UInt32, 0 as UInt32, 262_144 as UInt32, 101 as UInt32)
    write(header)
  }

  public func observe(_ event: TraceEvent) {
    // Written with the lock held, so that packets of one connection stay in order.
    connections.withLockedValue { connections in
      var packets = ByteBuffer()
      switch event.content {
      case .opened(let local, let remote):
        var connection = CapturedConnection(local: local, remote: remote, isRequestor: event.direction == .sent)
        let ours = event.direction
        add(connection.packet(ours, [.syn]), event, &packets)
        add(connection.packet(ours.opposite, [.syn, .ack]), event, &packets)
        add(connection.packet(ours, [.ack]), event, &packets)
        connections[event.connection] = connection
      case .bytes(var bytes):
        while bytes.readableBytes > 0,
          let segment = bytes.readSlice(length: min(bytes.readableBytes, Self.maximumSegment))
        {
          guard let packet = connections[event.connection]?.packet(event.direction, [.ack, .push], segment) else {
            return
          }
          add(packet, event, &packets)
        }
      case .closed:
        guard var connection = connections.removeValue(forKey: event.connection) else { return }
        add(connection.packet(.sent, [.fin, .ack]), event, &packets)
        add(connection.packet(.received, [.fin, .ack]), event, &packets)
        add(connection.packet(.sent, [.ack]), event, &packets)
      case .secured, .pdu, .ended: return
      }
      write(packets)
    }
  }

  private func add(_ packet: ByteBuffer, _ event: TraceEvent, _ packets: inout ByteBuffer) {
    let time = clock.time(of: event.time)
    let length = UInt32(packet.readableBytes)
    packets.writeMultipleIntegers(
      UInt32(truncatingIfNeeded: time / 1_000_000_000), UInt32(time / 1000 % 1_000_000), length, length)
    packets.writeImmutableBuffer(packet)
  }
}

extension TraceEvent.Direction {
  fileprivate var opposite: TraceEvent.Direction { self == .sent ? .received : .sent }
}

/// A TCP connection as it might have been.
private struct CapturedConnection {
  struct Flags: OptionSet {
    let rawValue: UInt8
    static let fin = Flags(rawValue: 1)
    static let syn = Flags(rawValue: 2)
    static let push = Flags(rawValue: 8)
    static let ack = Flags(rawValue: 16)
  }

  private struct End {
    var address: [UInt8]
    var port: UInt16
    /// The sequence number of its next byte, RFC 9293 §3.4.
    var next: UInt32
  }

  private var local: End
  private var remote: End
  private var packets: UInt16 = 0

  init(local: SocketAddress?, remote: SocketAddress?, isRequestor: Bool) {
    var ours = Self.address(local)
    var theirs = Self.address(remote)
    // Both of one family: an IPv4 address in IPv6 clothes is one of IPv6 here.
    if ours.count != theirs.count { (ours, theirs) = (Self.mapped(ours), Self.mapped(theirs)) }
    let ourPort = isRequestor ? UInt16(local?.port ?? 49_152) : PacketCapture.dicomPort
    let theirPort = isRequestor ? PacketCapture.dicomPort : UInt16(remote?.port ?? 49_152)
    self.local = End(address: ours, port: ourPort, next: 1_000_000)
    self.remote = End(address: theirs, port: theirPort, next: 2_000_000)
  }

  private static func address(_ address: SocketAddress?) -> [UInt8] {
    switch address {
    case .v4(let address)?: withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
    case .v6(let address)?: withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
    default: [127, 0, 0, 1]
    }
  }

  private static func mapped(_ address: [UInt8]) -> [UInt8] {
    address.count == 4 ? [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + address : address
  }

  mutating func packet(
    _ direction: TraceEvent.Direction, _ flags: Flags, _ payload: ByteBuffer = ByteBuffer()
  ) -> ByteBuffer {
    let (from, to) = direction == .sent ? (local, remote) : (remote, local)
    var packet = ByteBuffer()
    packet.reserveCapacity(60 + payload.readableBytes)
    packets &+= 1
    writeNetworkHeader(from, to, length: 20 + payload.readableBytes, into: &packet)
    let start = packet.writerIndex
    packet.writeMultipleIntegers(
      from.port, to.port, from.next, flags.contains(.ack) ? to.next : 0 as UInt32, 0x50 as UInt8, flags.rawValue,
      65_535 as UInt16, 0 as UInt16, 0 as UInt16)
    packet.writeImmutableBuffer(payload)
    // RFC 9293 §3.1: over addresses, protocol and length too.
    var sum = Checksum()
    sum.add(from.address)
    sum.add(to.address)
    sum.add([0, 6])
    sum.add(UInt32(20 + payload.readableBytes))
    packet.withUnsafeReadableBytes { sum.add(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    packet.setInteger(sum.value, at: start + 16)
    // SYN and FIN count as a byte.
    let consumed = UInt32(payload.readableBytes) + (flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
    if direction == .sent { local.next &+= consumed } else { remote.next &+= consumed }
    return packet
  }

  private func writeNetworkHeader(_ from: End, _ to: End, length: Int, into packet: inout ByteBuffer) {
    if from.address.count == 16 {
      packet.writeMultipleIntegers(0x6000_0000 as UInt32, UInt16(length), 6 as UInt8, 64 as UInt8)
      packet.writeBytes(from.address + to.address)
      return
    }
    packet.writeMultipleIntegers(
      0x45 as UInt8, 0 as UInt8, UInt16(20 + length), packets, 0x4000 as UInt16, 64 as UInt8, 6 as UInt8, 0 as UInt16)
    packet.writeBytes(from.address + to.address)
    var sum = Checksum()
    packet.withUnsafeReadableBytes { sum.add($0) }
    packet.setInteger(sum.value, at: 10)
  }
}

/// The Internet's: the complement of the sum of 16-bit words with end-around carry, RFC 1071.
private struct Checksum {
  private var sum: UInt64 = 0

  /// Only the last part may be of odd length.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index + 1 < bytes.count {
      sum += UInt64(bytes[index]) << 8 | UInt64(bytes[index + 1])
      index += 2
    }
    if index < bytes.count { sum += UInt64(bytes[index]) << 8 }
  }

  mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }
  mutating func add(_ number: UInt32) { sum += UInt64(number >> 16) + UInt64(number & 0xFFFF) }

  var value: UInt16 {
    var folded = sum
    while folded >> 16 != 0 { folded = (folded >> 16) + (folded & 0xFFFF) }
    return ~UInt16(folded)
  }
}
