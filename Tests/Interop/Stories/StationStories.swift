import Dicom
import Foundation
import LocalIndex
import TestSupport
import Testing

@testable import Operations

extension Interop {
  /// What a person does, with real peers on the other side, and what real peers ask of us.
  @Suite("A station and its peers")
  struct StationStories {
    /// A station that receives, on a free port.
    private func station(_ workshop: Workshop, _ change: (inout Configuration) -> Void = { _ in }) throws -> Station {
      var configuration = Configuration(storageDirectory: workshop.path("storage-\(UUID().uuidString)"))
      configuration.dicomBindAddress = "127.0.0.1"
      configuration.dicomPort = try Ports.free()
      configuration.durability = .none
      change(&configuration)
      return try Station(configuration: configuration)
    }

    private func held(_ station: Station) -> [String] {
      Workshop.files(below: station.configuration.storageDirectory + "/instances")
    }

    private func studies(_ station: Station, _ modality: Modality) async throws -> [String] {
      let found = Box<[String]>([])
      let result = try await station.find(modality, Query(returnKeys: [.studyInstanceUID])) { match in
        found.change { $0.append(match.string(.studyInstanceUID) ?? "") }
      }.value()
      #expect(result.outcome.state == .done, "\(result.outcome)")
      return found.value
    }

    @Test("Orthanc: echo, find, move everything here; it is what was loaded", arguments: [true, false])
    func orthanc(synchronous: Bool) async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop)
      let station = try station(workshop)
      let orthanc = try await Orthanc(
        in: workshop, modalities: ["fluoro": ("FLUORO", station.configuration.dicomPort)],
        settings: ["SynchronousCMove": synchronous])
      try await orthanc.upload(files)
      let modality = Modality(name: "orthanc", aeTitle: orthanc.aeTitle, host: "127.0.0.1", port: orthanc.port)
      let echo = try await station.echo(modality).value()
      #expect(echo.isOK && echo.peerImplementationVersionName?.hasPrefix("OFFIS_DCMTK") == true, "\(echo)")
      let uids = try await studies(station, modality)
      #expect(try await orthanc.identifiers("studies").count == uids.count)
      let request = RetrieveRequest(level: .study, items: uids.map { .study($0) })
      let result = try await station.move(modality, request).value()
      #expect(result.outcome.state == .done, "\(result.outcome)")
      #expect(result.received == files.count)
      #expect(try await Python.differences(between: files, and: held(station), in: workshop) == [])
      let nothing = try await station.move(
        modality, RetrieveRequest(level: .study, items: [.study("1.2.3.4")])
      ).value()
      #expect(nothing.outcome.exitStatus == 1 && nothing.received == 0)
      await station.shutdown()
    }

    @Test("dcmqrscp: find and move; a title it does not know is named")
    func dcmqrscp() async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop)
      let station = try station(workshop)
      let peer = try await QueryRetrieveSCP(
        in: workshop, hosts: ["fluoro": ("FLUORO", station.configuration.dicomPort)], files: files)
      let modality = Modality(name: "dcmqrscp", aeTitle: peer.aeTitle, host: "127.0.0.1", port: peer.port)
      let uids = try await studies(station, modality)
      #expect(!uids.isEmpty)
      let request = RetrieveRequest(level: .study, items: uids.map { .study($0) })
      let result = try await station.move(modality, request).value()
      #expect(result.received == result.items.reduce(0) { $0 + ($1.completed ?? 0) })
      #expect(held(station).count == result.received && result.received > 0)
      let unknown = RetrieveRequest(level: .study, items: [.study(uids[0])], target: "NOBODY")
      let refused = try await station.move(modality, unknown).value()
      #expect(refused.outcome.state == .failed && refused.outcome.words.contains("NOBODY"), "\(refused.outcome)")
      await station.shutdown()
    }

    @Test("storescu, findscu and movescu are served: what they stored they find and move")
    func served() async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop)
      let storescp = try await StoreSCP(in: workshop, ["+xa"])
      let station = try station(workshop) { configuration in
        configuration.alwaysAllowed = [.echo, .store, .find, .move]
        configuration.modalities = [
          Modality(name: "storescp", aeTitle: storescp.aeTitle, host: "127.0.0.1", port: storescp.port)
        ]
      }
      let port = String(try #require(await station.startReceiving().port))
      let chosen = try files.filter { path in
        let syntax = try DicomFile(path: path).transferSyntax
        return syntax == .explicitVRLittleEndian || syntax == .implicitVRLittleEndian
      }
      let stored = try await Toolkit.run("storescu", ["-aec", "FLUORO", "127.0.0.1", port] + chosen, in: workshop)
      #expect(stored.status == 0, "\(stored.errors)")
      #expect(try await Python.differences(between: chosen, and: held(station), in: workshop) == [])

      let found = try await Toolkit.run(
        "findscu", ["-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "127.0.0.1", port],
        in: workshop)
      #expect(found.status == 0, "\(found.errors)")
      let matches = (found.output + found.errors).components(separatedBy: "(0020,000d)").count - 2
      #expect(matches == (try station.index.statistics().studies))

      let study = try #require(try station.index.studies().max { $0.instances < $1.instances })
      let moved = try await Toolkit.run(
        "movescu",
        [
          "-S", "-aem", storescp.aeTitle, "-k", "QueryRetrieveLevel=STUDY", "-k",
          "StudyInstanceUID=\(study.studyInstanceUID)", "127.0.0.1", port,
        ], in: workshop)
      #expect(moved.status == 0, "\(moved.errors)")
      let expected = try station.index.instances(under: study.id).map(\.path)
      #expect(try await Python.differences(between: expected, and: storescp.files, in: workshop) == [])
      await station.shutdown()
    }
  }
}
