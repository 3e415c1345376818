import NIOCore

#if canImport(Glibc)
  import Glibc
#endif

/// How far the peer's system has taken what we wrote. The system here takes megabytes at once; on a slow line they are on
/// their way for minutes, which is progress all the same.
enum Acknowledged {
  #if os(Linux)
    /// The beginning of `struct tcp_info`, tcp(7); the C library's own ends before what is wanted.
    private struct Information {
      var before: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
      var more: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
      var bytesAcknowledged: UInt64 = 0
    }

    /// Bytes since the connection was opened; nil where the system does not tell. To be called on the event loop.
    static func bytes(_ channel: any Channel) -> UInt64? {
      guard let provider = channel as? any SocketOptionProvider else { return nil }
      var bytes: UInt64?
      // On the event loop the answer is there at once.
      provider.unsafeGetSocketOption(level: SocketOptionLevel(IPPROTO_TCP), name: SocketOptionName(TCP_INFO))
        .assumeIsolated().whenSuccess { (information: Information) in bytes = information.bytesAcknowledged }
      return bytes
    }
  #else
    static func bytes(_ channel: any Channel) -> UInt64? { nil }
  #endif
}
