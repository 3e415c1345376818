import Foundation
import Testing

@testable import LocalIndex

@Suite("Unfinished jobs in the storage")
struct UnfinishedJobTests {
  @Test("what a killed process left is taken over once; a living one's is not")
  func owners() throws {
    let path = NSTemporaryDirectory() + "fluoro-jobs-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let index = try LocalIndex(storage: path)
    let dead = try KeptJobs(index)
    let id = try dead.add(
      modality: "PACS", user: "jane", created: Date(timeIntervalSince1970: 1), request: "{}", done: ["1.2.3"])
    try dead.note([id: ["1.2.4"]])
    let first = try KeptJobs(index)
    #expect(try first.takeOver().isEmpty, "its lock is held")
    // As after a kill: the file stays, nobody holds its lock.
    try index.state.write { db in try db.execute(sql: "UPDATE job SET owner = 'killed'") }
    #expect(FileManager.default.createFile(atPath: index.storage.queuesPath + "/killed", contents: nil))
    let jobs = try first.takeOver()
    #expect(jobs.map(\.done) == [["1.2.3", "1.2.4"]] && jobs.first?.modality == "PACS")
    #expect(!FileManager.default.fileExists(atPath: index.storage.queuesPath + "/killed"))
    #expect(try KeptJobs(index).takeOver().isEmpty)
    try first.remove(id)
    first.close()
    #expect(try KeptJobs(index).takeOver().isEmpty)
    try index.close()
  }
}
