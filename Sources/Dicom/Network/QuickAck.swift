import NIOCore

#if canImport(Glibc)
  import Glibc
#endif

/// A sender under Nagle's algorithm that writes a message in two pieces waits for the first to be acknowledged; Linux
/// delays that by 40 ms unless told otherwise, and forgets being told at once, so it is told after each read.
enum QuickAck {
  #if os(Linux)
    private static let option = ChannelOptions.Types.SocketOption(
      level: .tcp, name: NIOBSDSocket.Option(rawValue: CInt(TCP_QUICKACK)))
  #endif

  static func rearm(_ channel: any Channel) {
    #if os(Linux)
      try? channel.syncOptions?.setOption(option, value: 1)
    #endif
  }
}
