import Dispatch
import NIOConcurrencyHelpers
import NIOCore

@testable import Dicom

#if canImport(Glibc)
  import Glibc
#endif

/// A plain socket of this machine, listening unless `backlog` is nil.
private func boundSocket(backlog: CInt?) throws -> (descriptor: CInt, port: Int) {
  let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isListening = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
      bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
        && (backlog.map { listen(descriptor, $0) } ?? 0) == 0
    }
  }
  guard isListening else { throw IOError(errnoCode: errno, reason: "listen") }
  return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

/// Listens, and never accepts; its queue is full, so that the next connection gets no answer at all.
final class FullListener {
  let port: Int
  private let descriptor: CInt
  private var fillers: [CInt] = []

  init() throws {
    (descriptor, port) = try boundSocket(backlog: 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    for _ in 0..<4 {
      let filler = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
      _ = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(filler, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      fillers.append(filler)
    }
  }

  func close() {
    for filler in fillers { Glibc.close(filler) }
    Glibc.close(descriptor)
  }
}

/// Holds a port, so that no other test gets it, and does not listen there.
final class ClosedPort {
  let port: Int
  private let descriptor: CInt

  init() throws { (descriptor, port) = try boundSocket(backlog: nil) }
  deinit { Glibc.close(descriptor) }
}

/// Accepts an association and then reads only when it is told to.
final class DeafPeer: Sendable {
  let port: Int
  private let descriptor: CInt
  private let connection = NIOLockedValueBox<CInt>(-1)

  init() throws {
    (descriptor, port) = try boundSocket(backlog: 5)
    // Fixed, so that it does not grow with the reading.
    var size: CInt = 65_536
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
  }

  func accept() async throws {
    try await onThread { [self] in
      let connection = Glibc.accept(descriptor, nil, nil)
      self.connection.withLockedValue { $0 = connection }
      var bytes = ByteBuffer()
      while true {
        var piece = [UInt8](repeating: 0, count: 4096)
        let count = read(connection, &piece, piece.count)
        guard count > 0 else { throw IOError(errnoCode: errno, reason: "read") }
        bytes.writeBytes(piece[..<count])
        guard case .associateRequest(let request)? = try PDUDecoder.decode(&bytes) else { continue }
        return try send(PDUEncoder.encode(ScriptedPeer.acceptance(of: request)))
      }
    }
  }

  /// Reads so many bytes: more than fit into its buffer, so that the sender must have gone on. Returns how many.
  func take(_ count: Int) async throws -> Int {
    try await onThread { [self] in
      let connection = connection.withLockedValue { $0 }
      var piece = [UInt8](repeating: 0, count: count)
      let got = recv(connection, &piece, count, CInt(MSG_WAITALL))
      guard got > 0 else { throw IOError(errnoCode: errno, reason: "recv") }
      return got
    }
  }

  func send(_ bytes: ByteBuffer) throws {
    try write(bytes, to: connection.withLockedValue { $0 })
  }

  func close() {
    let connection = connection.withLockedValue { $0 }
    if connection >= 0 { Glibc.close(connection) }
    Glibc.close(descriptor)
  }
}

/// Connects, sends, and never reads.
struct SlowClient {
  private let descriptor: CInt

  init(port: Int) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    let isConnected = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw IOError(errnoCode: errno, reason: "connect") }
  }

  func send(_ pdu: PDU) throws { try send(PDUEncoder.encode(pdu)) }
  func send(_ bytes: ByteBuffer) throws { try write(bytes, to: descriptor) }
  func close() { Glibc.close(descriptor) }
}

private func write(_ bytes: ByteBuffer, to descriptor: CInt) throws {
  let count = bytes.withUnsafeReadableBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
  guard count == bytes.readableBytes else { throw IOError(errnoCode: errno, reason: "send") }
}

/// Work that blocks, off the threads that tests run on.
private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
  }
}
