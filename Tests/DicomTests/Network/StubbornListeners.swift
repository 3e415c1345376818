import Dispatch
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

/// Accepts an association and then never reads again.
final class DeafPeer: Sendable {
  let port: Int
  private let descriptor: CInt

  init() throws { (descriptor, port) = try boundSocket(backlog: 5) }

  func accept() async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      DispatchQueue.global().async { [descriptor] in
        let connection = Glibc.accept(descriptor, nil, nil)
        var bytes = ByteBuffer()
        do {
          while true {
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = read(connection, &piece, piece.count)
            guard count > 0 else { throw IOError(errnoCode: errno, reason: "read") }
            bytes.writeBytes(piece[..<count])
            guard case .associateRequest(let request)? = try PDUDecoder.decode(&bytes) else { continue }
            let answer = PDUEncoder.encode(ScriptedPeer.acceptance(of: request))
            _ = answer.withUnsafeReadableBytes { write(connection, $0.baseAddress, $0.count) }
            continuation.resume()
            return
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
  }

  func close() { Glibc.close(descriptor) }
}
