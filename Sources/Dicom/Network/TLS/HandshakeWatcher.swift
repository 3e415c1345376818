import NIOCore
import NIOSSL

/// Sits between TLS and the network and reads what goes by in the clear: the first bytes that came, which tell a peer
/// that does not speak TLS, alerts that BoringSSL takes for broken encryption because OpenSSL's client sends them in the
/// clear, and the cipher suite in the ServerHello, which swift-nio-ssl does not tell.
final class HandshakeWatcher: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  let isServer: Bool
  private(set) var firstBytes: [UInt8] = []
  private(set) var cipherSuite: NIOTLSCipher?
  /// The code of an alert that came in the clear.
  private(set) var alert: UInt8?
  /// The handshake is done: nothing in the clear is left to see.
  var isDone = false
  /// The first bytes of the record that is arriving: its header and two bytes more, and how many of it are still to come.
  private var record: [UInt8] = []
  private var unread = 0
  /// The beginning of what the server sends, as far as the cipher suite in it.
  private var hello: [UInt8] = []

  /// Record header 5, handshake header 4, version 2, random 32, session id 1 and at most 32, cipher suite 2: RFC 8446
  /// §4.1.3.
  private static let helloLength = 78

  init(isServer: Bool) { self.isServer = isServer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if firstBytes.count < 16 {
      let bytes = unwrapInboundIn(data)
      firstBytes += bytes.readableBytesView.prefix(16 - firstBytes.count)
    }
    if !isDone {
      let bytes = unwrapInboundIn(data)
      if !isServer { look(bytes) }
      follow(bytes)
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if isServer, !isDone { look(unwrapOutboundIn(data)) }
    context.write(data, promise: promise)
  }

  /// Finds alerts among the records: type 21, and a length of 2 only where it is not encrypted (RFC 8446 §5.1, §6).
  private func follow(_ bytes: ByteBuffer) {
    for byte in bytes.readableBytesView {
      if record.count >= 5 { unread -= 1 }
      if record.count < 7 { record.append(byte) }
      if record.count == 5 { unread = Int(record[3]) << 8 | Int(record[4]) }
      guard record.count >= 5, unread == 0 else { continue }
      if record.count == 7, record[0] == 21 { alert = record[6] }
      record.removeAll(keepingCapacity: true)
    }
  }

  private func look(_ bytes: ByteBuffer) {
    guard cipherSuite == nil, hello.count < Self.helloLength else { return }
    hello += bytes.readableBytesView.prefix(Self.helloLength - hello.count)
    // A handshake record (22) that begins with a ServerHello (2).
    guard hello.count > 43, hello[0] == 22, hello[5] == 2 else { return }
    let position = 44 + Int(hello[43])
    guard hello.count >= position + 2 else { return }
    cipherSuite = NIOTLSCipher(rawValue: UInt16(hello[position]) << 8 | UInt16(hello[position + 1]))
  }
}
