import Foundation
import Synchronization

/// A folder for files that are needed for a moment, readable by us alone. It is made when a path in it is first asked for,
/// and goes with the value at the latest.
final class ScratchFolder: Sendable {
  private let folder = Mutex<URL?>(nil)

  func path(_ name: String) throws -> String {
    try folder.withLock { folder in
      if let folder { return folder.appending(path: name).path }
      let url = FileManager.default.temporaryDirectory.appending(path: "fluoro-\(UUID().uuidString)")
      try FileManager.default.createDirectory(
        at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      folder = url
      return url.appending(path: name).path
    }
  }

  /// Removes one of its files, if it is there.
  func remove(_ name: () -> String) {
    let path = folder.withLock { $0?.appending(path: name()).path }
    if let path { unlink(path) }
  }

  func remove() {
    folder.withLock { folder in
      if let folder { try? FileManager.default.removeItem(at: folder) }
      folder = nil
    }
  }

  deinit { remove() }
}
