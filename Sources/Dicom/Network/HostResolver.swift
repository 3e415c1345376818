import Dispatch
import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finds the addresses of a host by the system's resolver.
enum HostResolver {
  struct Failure: Error {
    let words: String
  }

  /// The address itself when `host` is one; nothing has to be asked then.
  static func literal(_ host: String, port: Int) -> SocketAddress? {
    try? SocketAddress(ipAddress: host, port: port)
  }

  /// Asks the resolver, which may take as long as it likes, on a thread of its own.
  static func resolve(_ host: String, port: Int, _ done: @escaping @Sendable (Result<[SocketAddress], Failure>) -> Void)
  {
    DispatchQueue.global().async { done(Result { () throws(Failure) in try lookUp(host, port: port) }) }
  }

  private static func lookUp(_ host: String, port: Int) throws(Failure) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    #if canImport(Glibc)
      hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else { throw Failure(words: String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = list
    while let info = next {
      if let address = info.pointee.ai_addr {
        switch info.pointee.ai_family {
        case AF_INET:
          addresses.append(
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee, host: host) })
        case AF_INET6:
          addresses.append(
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee, host: host) })
        default: break
        }
      }
      next = info.pointee.ai_next
    }
    guard !addresses.isEmpty else { throw Failure(words: "it has no address") }
    return addresses
  }
}
