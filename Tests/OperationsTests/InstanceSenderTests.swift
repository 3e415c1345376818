import Dicom
import Foundation
import Testing

@testable import Operations

@Suite("Sending instances")
struct InstanceSenderTests {
  private func instance(_ number: Int, sopClass: UID = .ctImageStorage, uid: UID? = nil) throws -> OutgoingInstance {
    let folder = try TemporaryFolder()
    let path = folder.path + "/\(number).dcm"
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, sopClass)
    dataSet.set(.sopInstanceUID, uid ?? UID("1.2.\(number)"))
    try DicomFile.write(
      dataSet,
      meta: FileMetaInformation(
        mediaStorageSOPClassUID: sopClass, mediaStorageSOPInstanceUID: uid ?? UID("1.2.\(number)"),
        transferSyntax: TransferSyntax.explicitVRLittleEndian.uid), to: path)
    return try OutgoingInstance(file: path)
  }

  @Test("when nobody can be reached every instance has its result, those of one UID too")
  func unreachable() async throws {
    let instances = [try instance(1), try instance(2, uid: "1.2.1"), try instance(3)]
    let sender = InstanceSender(
      pool: AssociationPool(clock: ManualClock(), trace: nil), lease: { _, _, _ in throw OperationError("no way") },
      moveOriginator: nil, deadlines: Deadlines(Timeouts(), clock: ManualClock()))
    let (results, failure) = await sender.send(instances)
    #expect(results.map(\.sopInstanceUID) == ["1.2.1", "1.2.1", "1.2.3"])
    #expect(results.allSatisfy { !$0.isStored })
    #expect(failure is OperationError)
  }

  @Test("more SOP classes than an association has contexts take several associations, none left out")
  func batches() throws {
    let instances = try (0..<300).map { try instance($0, sopClass: UID("1.2.840.99999.\($0 % 200)")) }
    let batches = AssociationParameters.divide(instances, contexts: \.contexts)
    #expect(batches.flatMap { $0 }.map(\.sopInstanceUID) == instances.map(\.sopInstanceUID))
    #expect(batches.count == 5, "two contexts for each class")
    #expect(
      batches.allSatisfy {
        InstanceSender.contexts($0).count <= AssociationParameters.maximumPresentationContexts
      })
  }

  @Test("the fewer instances are left, the fewer does one of several associations take ahead of the others")
  func shares() throws {
    let list = SharedInstances(try (0..<40).map { try instance($0) }, reconnections: 0)
    list.open(40)
    list.join()
    #expect(list.share == .max, "nobody else wants any")
    for _ in 1..<4 { list.join() }
    var shares: [Int] = []
    while list.next(takesLost: true) != nil { shares.append(list.share) }
    #expect(shares.first == 4 && shares.last == 0)
    #expect(shares == shares.sorted(by: >), "fewer and fewer")
    list.putBack(Array(32..<40))
    #expect(list.share == 1, "those that come back from a lost association count")
    for _ in 1..<3 { list.leave() }
    #expect(list.share == 2, "an association that was not had, or has ended, does not")
  }

  @Test(
    "how often an instance may end an association: twice, or three times where others were answered before it",
    arguments: [
      ([false], [true]), ([false, false], [true, false]), ([true, true, true], [true, true, false]),
      ([true, false], [true, false]),
    ])
  func losses(hasAnswers: [Bool], mayTryAgain: [Bool]) throws {
    let list = SharedInstances([try instance(1), try instance(2)], reconnections: 5)
    let verdicts = hasAnswers.map { list.mayTryAgain(0, after: OperationError("lost"), hasAnswers: $0) }
    #expect(verdicts == mayTryAgain)
    #expect(list.mayTryAgain(1, after: OperationError("lost"), hasAnswers: false), "each for itself")
  }

  @Test("without another association to be had an instance is not put off")
  func lastLoss() throws {
    let list = SharedInstances([try instance(1)], reconnections: 0)
    #expect(!list.mayTryAgain(0, after: OperationError("lost"), hasAnswers: true))
  }

  @Test("what was lost with an association is for one that has answered nothing yet")
  func lostOnes() throws {
    let list = SharedInstances(try (0..<3).map { try instance($0) }, reconnections: 5)
    list.open(3)
    #expect(list.next(takesLost: false) == 0 && list.next(takesLost: false) == 1)
    #expect(list.mayTryAgain(0, after: OperationError("lost"), hasAnswers: true))
    list.putBack([0, 1])
    #expect(list.next(takesLost: false) == 1, "taken ahead, and not under way")
    #expect(list.next(takesLost: false) == 2 && list.next(takesLost: false) == nil)
    #expect(list.hasReturned)
    #expect(list.next(takesLost: true) == 0 && !list.hasReturned)
  }
}
