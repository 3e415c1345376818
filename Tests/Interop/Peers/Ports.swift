import Foundation

/// TCP ports on the loopback interface.
enum Ports {
  /// A port nobody listens on at the moment.
  static func free() throws -> Int {
    let (descriptor, port) = try open()
    close(descriptor)
    return port
  }

  /// A socket bound to a port of its own.
  static func open() throws -> (descriptor: Int32, port: Int) {
    // Closed in what the stories start, which would otherwise hold the port open.
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    guard bound else { throw PeerProblem("no free port: \(String(cString: strerror(errno)))") }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  static func isListening(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: port)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  /// Waits until a peer that was just started takes connections.
  static func awaitListening(_ port: Int, _ peer: Subprocess) async throws {
    _ = try await eventually("\(peer.name) listens on \(port)") {
      guard peer.isRunning else {
        throw PeerProblem("\(peer.name) ended before it listened on \(port): \(peer.output)\(peer.errors)")
      }
      return isListening(port) ? true : nil
    }
  }

  private static func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
  }
}
