import Dicom
import Testing

@testable import LocalIndex

@Suite("What was asked of others to keep")
struct KeptCommitmentTests {
  @Test("what a report leaves out is not kept, and is named with what it refuses")
  func leftOut() throws {
    let folder = try TemporaryFolder()
    let index = try LocalIndex(storage: folder.storage)
    let references = (1...3).map { SOPReference(sopClassUID: .ctImageStorage, sopInstanceUID: UID("1.2.\($0)")) }
    let transaction = UID("1.2.9")
    try index.addCommitment(transaction, askedOf: "PACS", references)
    #expect(try index.commitment(transaction)?.failed.isEmpty == true, "it has not reported yet")
    let refused = StorageCommitmentReport.Failure(reference: references[1], reason: Status(0x0112))
    #expect(
      try index.note(
        StorageCommitmentReport(transactionUID: transaction, committed: [references[0]], failed: [refused])))
    let known = try #require(try index.commitments(askedOf: "PACS").first)
    #expect(known.failed.map(\.reference) == [references[1], references[2]])
    #expect(known.failed.map(\.state?.code) == [0x0112, nil])
    try index.close()
  }
}
