import Glibc

/// A line on standard error would spoil the screen: while we draw, it goes to a file, and its tail is printed at the end.
struct StandardErrorDiversion {
  let file: Int32
  let saved: Int32

  init?() {
    var path = Array("/tmp/fluoro-stderr-XXXXXX".utf8CString)
    let file = mkstemp(&path)
    guard file >= 0 else { return nil }
    unlink(path)
    saved = dup(2)
    self.file = file
    dup2(file, 2)
  }

  func end() {
    fflush(nil)
    dup2(saved, 2)
    Self.copyTail(from: file, to: saved)
    close(file)
    close(saved)
  }

  /// Async-signal-safe: the crash handler calls it too.
  static func copyTail(from file: Int32, to output: Int32) {
    let tail = 4000
    let size = lseek(file, 0, SEEK_END)
    guard size > 0 else { return }
    lseek(file, max(0, size - tail), SEEK_SET)
    withUnsafeTemporaryAllocation(byteCount: tail, alignment: 1) { buffer in
      let count = read(file, buffer.baseAddress, tail)
      if count > 0 { _ = write(output, buffer.baseAddress, count) }
    }
  }
}
