import CNCurses
import Glibc

/// Leaves the terminal usable when the program itself fails: on a fatal signal the handler writes bytes prepared
/// beforehand, gives the line its modes back, and lets the signal take its course.
///
/// Swift's own backtracer would draw over the screen and wait half a minute.
enum CrashGuard {
  /// What the handler needs, prepared so that it touches no allocator and no lock.
  private struct Restoration {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    var descriptor: Int32 = -1
    var modes = termios()
    var log: Int32 = -1
    var standardError: Int32 = -1
  }

  // Written once by `install` before the handlers exist, cleared by `remove` after they are gone; read only by a
  // handler of a fatal signal, when no other code of ours can be relied upon anyway.
  nonisolated(unsafe) private static var restoration = Restoration()

  private static let signals = [SIGSEGV, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGTRAP]

  /// Prepares for the worst. `modes` are the line's modes before we changed them; `log` holds what was written to
  /// standard error meanwhile, the words of the crash among it.
  static func install(descriptor: Int32, modes: termios, bytes: String, log: Int32 = -1, standardError: Int32 = -1) {
    let utf8 = Array(bytes.utf8)
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: utf8.count)
    buffer.initialize(from: utf8, count: utf8.count)
    restoration = Restoration(
      bytes: buffer, count: utf8.count, descriptor: descriptor, modes: modes, log: log, standardError: standardError)
    // A stack overflow leaves no stack for the handler to run on.
    var stack = stack_t()
    stack.ss_size = 1 << 16
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stack.ss_size, alignment: 16)
    sigaltstack(&stack, nil)
    for signal in signals {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { CrashGuard.handle($0) }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_ONSTACK
      sigaction(signal, &action, nil)
    }
  }

  static func remove() {
    for number in signals { signal(number, SIG_DFL) }
    restoration.bytes?.deallocate()
    restoration = Restoration()
  }

  private static func handle(_ number: Int32) {
    if let bytes = restoration.bytes {
      _ = write(restoration.descriptor, bytes, restoration.count)
      tcsetattr(restoration.descriptor, TCSANOW, &restoration.modes)
    }
    if restoration.log >= 0 {
      StandardErrorDiversion.copyTail(from: restoration.log, to: restoration.standardError)
    }
    raise(number)
  }
}
