import Foundation
import Glibc

/// A loopback port of this process that never answers: bound only, it refuses connections; listening without ever
/// accepting, the system completes them and nothing follows.
final class HeldPort: Sendable {
  let port: Int
  private let descriptor: Int32

  /// - Throws: when there is no free port.
  init(listening: Bool) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Self.failure("socket") }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
      }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
    guard isBound, !listening || listen(descriptor, 64) == 0 else {
      close(descriptor)
      throw Self.failure("bind")
    }
  }

  /// A port that was free a moment ago.
  static func free() throws -> Int { try HeldPort(listening: false).port }

  deinit { close(descriptor) }

  private static func failure(_ call: String) -> OperationError {
    OperationError("no loopback port can be had: \(call): \(String(cString: strerror(errno)))")
  }
}
