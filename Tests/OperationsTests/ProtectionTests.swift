import Dicom
import LocalIndex
import Testing

@testable import Operations

@Suite("What ReadOnly and Production keep from happening by mistake")
struct ProtectionTests {
  /// A retrieved study of our own, to send or delete.
  private func study(_ stations: Stations) async throws -> StudyRow {
    let study = try stations.largestStudy()
    let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
    _ = try await stations.front.move(stations.modality, request).value()
    return try #require(try stations.front.index.studies().first)
  }

  @Test("ReadOnly: receiving goes on; nothing is sent, deleted or moved between others")
  func readOnly() async throws {
    try await Stations.with([.set(\.readOnly, true)]) { stations in
      let study = try await study(stations)
      await #expect(throws: OperationError.self) {
        try await stations.front.store(stations.modality, SendRequest(sources: [.id(study.id)])).value()
      }
      await #expect(throws: OperationError.self) { try await stations.front.deleteLocal([study.id]).value() }
      #expect(try stations.front.index.studies().count == 1)
    }
  }

  @Test("Production: sending there needs exactly its name")
  func storeToProduction() async throws {
    try await Stations.with { stations in
      let study = try await study(stations)
      var modality = stations.modality
      modality.isProduction = true
      #expect(stations.front.nameToConfirm(storingTo: modality) == "SAMPLEPACS")
      var request = SendRequest(sources: [.id(study.id)])
      await #expect(throws: OperationError.self) { try await stations.front.store(modality, request).value() }
      request.confirmation = "samplepacs"
      await #expect(throws: OperationError.self) { try await stations.front.store(modality, request).value() }
      request.confirmation = "SAMPLEPACS"
      #expect(try await stations.front.store(modality, request).value().outcome.state == .done)
    }
  }

  @Test("Production: a move to a third station needs the name, one to ourselves does not")
  func moveFromProduction() async throws {
    try await Stations.with { stations in
      var modality = stations.modality
      modality.isProduction = true
      let study = try stations.largestStudy()
      var request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
      #expect(stations.front.nameToConfirm(movingFrom: modality, to: nil) == nil)
      #expect(try await stations.front.move(modality, request).value().outcome.state == .done)
      request.target = "OTHERPACS"
      await #expect(throws: OperationError.self) { try await stations.front.move(modality, request).value() }
      request.confirmation = stations.front.nameToConfirm(movingFrom: modality, to: request.target)
      let result = try await stations.front.move(modality, request).value()
      #expect(result.outcome.words.contains("0xA801"), "asked, and refused by the PACS, which does not know it")
      #expect(result.outcome.words.contains("with its address and port"))
    }
  }

  @Test("Who writes an AE title in place of a name is told the name")
  func titleForName() throws {
    var configuration = Configuration(storageDirectory: "/nowhere")
    configuration.modalities = [Modality(name: "archive", aeTitle: "PACS", host: "127.0.0.1", port: 104)]
    let error = try #require(throws: ConfigurationError.self) { try configuration.modality(named: "pacs") }
    #expect("\(error)".hasSuffix("that is the AE title of archive"))
  }

  @Test("A modality added in the program does not make it forget those it was given")
  func addBesideGiven() async throws {
    try await Stations.with { stations in
      let before = stations.front.configuration.modalities.map(\.name)
      try stations.front.add(Modality(name: "NEW", aeTitle: "NEW", host: "127.0.0.1", port: 11112))
      #expect(stations.front.configuration.modalities.map(\.name) == before + ["NEW"])
      try stations.front.remove(modality: before[0])
      #expect(stations.front.configuration.modalities.map(\.name) == before.dropFirst() + ["NEW"])
    }
  }
}
