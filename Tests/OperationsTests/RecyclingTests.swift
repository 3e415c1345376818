import Dicom
import Foundation
import LocalIndex
import NIOCore
import Testing

@testable import Operations

@Suite("What the configuration says of the storage")
struct RecyclingTests {
  /// An instance of some 20 KB, in a study of its own for each number.
  private func dataSet(study: Int, instance: Int = 1, patientID: String? = nil) -> DataSet {
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, UID.ctImageStorage)
    dataSet.set(.sopInstanceUID, UID("2.25.7.\(study).1.\(instance)"))
    dataSet.set(.studyInstanceUID, UID("2.25.7.\(study)"))
    dataSet.set(.seriesInstanceUID, UID("2.25.7.\(study).1"))
    dataSet.set(.patientID, patientID ?? "P\(study)")
    dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: UInt8(truncatingIfNeeded: instance), count: 20_000))
    return dataSet
  }

  /// Sends one after the other on one association.
  private struct Sender {
    let association: Association

    func status(_ dataSet: DataSet) async throws -> Status {
      try await association.store(
        StoreSource(
          content: .bytes(try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)),
          sopClassUID: .ctImageStorage, sopInstanceUID: dataSet.uid(.sopInstanceUID) ?? "",
          transferSyntax: .explicitVRLittleEndian))
    }
  }

  /// A station that listens, and one that sends to it.
  private func listening(
    _ settings: [Setting], from title: String = "CT1",
    _ body: (Station, _ sender: Sender) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    var configuration = Configuration(storageDirectory: folder.path + "/ours")
    configuration.dicomPort = 0
    configuration.dicomBindAddress = "127.0.0.1"
    configuration.alwaysAllowed = [.echo, .store]
    for setting in settings { setting.apply(&configuration) }
    let station = try Station(configuration: configuration)
    let port = try #require(await station.startReceiving().port)
    let association = try await Association.request(
      AssociationParameters(
        host: "127.0.0.1", port: port, callingAETitle: title, calledAETitle: "FLUORO",
        presentationContexts: [
          PresentationContextProposal(abstractSyntax: .ctImageStorage, transferSyntaxes: [.explicitVRLittleEndian])
        ]), deadlines: Deadlines(Timeouts(all: .seconds(30))))
    try await body(station, Sender(association: association))
    await association.release()
    await station.shutdown()
  }

  private func studies(_ station: Station) throws -> Set<String> {
    Set(try station.index.studies().map(\.studyInstanceUID))
  }

  @Test("Recycle: the study into which nothing has come for the longest time makes room, a protected one never")
  func recycle() async throws {
    try await listening([
      .set(\.maximumStorageMode, .recycle), .set(\.maximumStorageSize, 100_000),
    ]) { station, sender async throws in
      for study in 1...4 { #expect(try await sender.status(dataSet(study: study)).isSuccess) }
      let oldest = try #require(try station.index.study(studyInstanceUID: "2.25.7.1"))
      try station.protect(oldest.id)
      #expect(try await sender.status(dataSet(study: 2, instance: 2)).isSuccess)
      // A hundred kilobytes hold four of them, and 1 is protected; into 2 something has come since 3.
      #expect(try studies(station) == ["2.25.7.1", "2.25.7.2", "2.25.7.4"])
      #expect(station.activity.entries.contains { $0.words.contains("recycled") })

      try station.protect(oldest.id, false)
      #expect(try await sender.status(dataSet(study: 5)).isSuccess)
      #expect(try await sender.status(dataSet(study: 6)).isSuccess)
      #expect(try !studies(station).contains("2.25.7.1"))
    }
  }

  @Test("Recycle: a study makes no room for itself, and nothing is deleted in vain")
  func inVain() async throws {
    try await listening([
      .set(\.maximumStorageMode, .recycle), .set(\.maximumStorageSize, 70_000),
    ]) { station, sender async throws in
      for instance in 1...3 { #expect(try await sender.status(dataSet(study: 1, instance: instance)).isSuccess) }
      let refused = try await sender.status(dataSet(study: 1, instance: 4))
      #expect(refused.code == 0xA700 && refused.errorComment == "MaximumStorageSize is reached")
      #expect(try station.index.statistics().instances == 3)
      try station.protect(try #require(try station.index.studies().first).id)
      #expect(try await sender.status(dataSet(study: 2)).code == 0xA700)
      #expect(try station.index.statistics().instances == 3)
    }
  }

  @Test("Recycle deletes nothing under ReadOnly")
  func readOnly() async throws {
    try await listening([
      .set(\.maximumStorageMode, .recycle), .set(\.maximumStorageSize, 30_000), .set(\.readOnly, true),
    ]) { station, sender async throws in
      for study in 1...2 { #expect(try await sender.status(dataSet(study: study)).isSuccess) }
      #expect(try await sender.status(dataSet(study: 3)).code == 0xA700)
      #expect(try studies(station) == ["2.25.7.1", "2.25.7.2"])
    }
  }

  @Test("a modality's DefaultEncoding reads what it sends; identifiers follow it, also in a rebuild")
  func encoding() async throws {
    var greek = Modality(name: "GREEK", aeTitle: "CT1", host: "192.0.2.1", port: 104)
    greek.defaultEncoding = "Greek"
    try await listening([.set(\.modalities, [greek])]) { station, sender async throws in
      var dataSet = dataSet(study: 1)
      // In ISO 8859-7, and nothing says so.
      dataSet.set(.patientID, vr: .LO, bytes: ByteBuffer(bytes: [0xC4, 0xDE, 0xEC, 0xEF, 0xF2, 0x20]))
      #expect(try await sender.status(dataSet).isSuccess)
      let study = try #require(try station.index.studies().first)
      #expect(study.patientID == "Δήμος")
      #expect(study.id == OrthancIdentifier.study(patientID: "Δήμος", studyInstanceUID: "2.25.7.1"))
      #expect(try station.index.reindex().instances == 1)
      #expect(try station.index.studies().map(\.id) == [study.id])
    }
  }

  @Test("a station is known by its host as well as by its title")
  func host() async throws {
    let known = Modality(name: "S", aeTitle: "ANOTHER", host: "127.0.0.1", port: 104)
    try await listening([.set(\.modalities, [known]), .set(\.alwaysAllowed, [.echo])]) { station, sender async throws in
      #expect(try await sender.status(dataSet(study: 1)).isSuccess)
    }
    var forbidden = known
    forbidden.allowed.remove(.store)
    try await listening([.set(\.modalities, [forbidden]), .set(\.alwaysAllowed, [.echo])]) {
      station, sender async throws in
      #expect(try await sender.status(dataSet(study: 1)).code == 0x0124)
    }
  }

  @Test("OverwriteInstances: the newer data set is the current one, and the older is kept", arguments: [false, true])
  func overwrite(isOverwriting: Bool) async throws {
    try await listening([.set(\.overwriteInstances, isOverwriting)]) { station, sender async throws in
      var first = dataSet(study: 1)
      first.set(.studyDescription, "first")
      var second = first
      second.set(.studyDescription, "second")
      for dataSet in [first, second] { #expect(try await sender.status(dataSet).isSuccess) }
      #expect(try station.index.studies().map(\.studyDescription) == [isOverwriting ? "second" : "first"])
      #expect(try station.index.statistics().versions == 1)
      #expect(station.activity.entries.contains { $0.words.contains("both are kept") })
    }
  }
}
