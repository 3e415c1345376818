import Foundation
import NIOCore

/// A file that a test writes and removes.
struct TemporaryFile {
  let path: String

  init(_ bytes: ByteBuffer) throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-test-\(UUID().uuidString)").path
    try Data(bytes.readableBytesView).write(to: URL(fileURLWithPath: path))
  }

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
