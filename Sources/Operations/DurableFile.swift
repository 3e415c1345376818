import Foundation
import Glibc

/// A small file written whole: beside its place, synced, renamed there, the folder synced. Whoever reads it
/// finds the old or the new one, also after a power cut.
enum DurableFile {
  struct Failure: Error { var reason: String }

  static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(Failure) {
    let temporary = "\(path).\(getpid())~"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw Failure(reason: reason()) }
    do throws(Failure) {
      try write(bytes, to: descriptor)
      guard fsync(descriptor) == 0 else { throw Failure(reason: reason()) }
      guard rename(temporary, path) == 0 else { throw Failure(reason: reason()) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    close(descriptor)
    let folder = open(FilePaths.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Failure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw Failure(reason: reason()) }
      rest.removeFirst(written)
    }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
