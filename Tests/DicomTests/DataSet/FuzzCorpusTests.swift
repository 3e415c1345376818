import Foundation
import NIOCore
import Testing

@Suite("What the fuzzers have found")
struct FuzzCorpusTests {
  @Test("in data sets, no longer breaks a promise, nor takes time")
  func dataSets() throws {
    try replay("corpus", HostileInput.exercise)
  }

  @Test("in PDUs and messages, no longer breaks a promise, nor takes time")
  func pdus() throws {
    try replay("pdu-corpus", HostilePDUs.exercise)
  }

  private func replay(_ name: String, _ exercise: (ByteBuffer) throws -> Void) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Fuzz/\(name)").standardizedFileURL
    let inputs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(inputs.count >= 3)
    for input in inputs.sorted(by: { $0.path < $1.path }) {
      let bytes = ByteBuffer(bytes: try Data(contentsOf: input))
      #expect(throws: Never.self, "\(input.lastPathComponent)") { try exercise(bytes) }
    }
  }
}
