#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// When an instance was received, as exactly as a file's modification time says it.
struct ReceptionTime: Hashable, Comparable, Sendable {
  var seconds: Int
  var nanoseconds: Int

  init(seconds: Int, nanoseconds: Int) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  static var now: ReceptionTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return ReceptionTime(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
  }

  /// Of a file.
  init(_ information: stat) {
    #if canImport(Glibc)
      self.init(seconds: information.st_mtim.tv_sec, nanoseconds: information.st_mtim.tv_nsec)
    #else
      self.init(seconds: information.st_mtimespec.tv_sec, nanoseconds: information.st_mtimespec.tv_nsec)
    #endif
  }

  /// Seconds since 1970.
  var value: Double { Double(seconds) + Double(nanoseconds) / 1e9 }

  static func < (a: ReceptionTime, b: ReceptionTime) -> Bool {
    (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds)
  }

  func set(on descriptor: Int32, path: String) throws {
    let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
    let both = [time, time]
    guard futimens(descriptor, both) == 0 else { throw StorageError.posix(errno, "set the time of", path) }
  }
}
