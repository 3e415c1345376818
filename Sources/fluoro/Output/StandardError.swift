import Glibc
import Synchronization

/// Messages, and on a terminal one line of progress below them that is always redrawn whole.
enum StandardError {
  private static let line = Mutex("")

  /// Whether a progress line makes sense there.
  static let isTerminal = isatty(2) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"

  /// Writes a message above the progress line.
  static func say(_ message: String, prefix: String = "fluoro: ") {
    line.withLock { line in
      write((line.isEmpty ? "" : "\r\u{1B}[K") + prefix + message + "\n" + line)
    }
  }

  /// Replaces the progress line; `text` is cut to the width of the terminal. Does nothing elsewhere.
  static func show(_ text: String) {
    guard isTerminal else { return }
    line.withLock { line in
      let cut = String(text.prefix(columns - 1))
      guard cut != line else { return }
      line = cut
      write("\r" + cut + "\u{1B}[K")
    }
  }

  /// Takes the progress line away.
  static func clear() {
    line.withLock { line in
      if !line.isEmpty { write("\r\u{1B}[K") }
      line = ""
    }
  }

  private static var columns: Int {
    var size = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
    return Int(size.ws_col)
  }

  /// A message that cannot be written is lost; there is nobody left to tell.
  private static func write(_ text: String) {
    _ = writeAll(Array(text.utf8), to: 2)
  }
}

/// Writes all bytes, however often the kernel takes only some. Nil when done, else the error number.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
  bytes.withUnsafeBytes { buffer in
    var rest = buffer[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written >= 0 {
        rest = rest.dropFirst(written)
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&ready, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}
