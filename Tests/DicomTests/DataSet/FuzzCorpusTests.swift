import Foundation
import NIOCore
import Testing

@Suite("What the fuzzer has found")
struct FuzzCorpusTests {
  @Test("no longer breaks a promise, nor takes time")
  func replay() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Fuzz/corpus").standardizedFileURL
    let inputs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(inputs.count >= 3)
    for input in inputs.sorted(by: { $0.path < $1.path }) {
      let bytes = ByteBuffer(bytes: try Data(contentsOf: input))
      #expect(throws: Never.self, "\(input.lastPathComponent)") { try HostileInput.exercise(bytes) }
    }
  }
}
