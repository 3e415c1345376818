import Dicom
import Foundation
import Testing

extension Interop {
  /// Queries as a peer wants them, and its answers as it means them.
  @Suite("Queries to particular peers")
  struct QueryStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("what a Manufacturer does not take is asked otherwise, or not at all")
    func manufacturers() async throws {
      let pacs = try await PynetdicomPACS(in: workshop, files: try await Python.series(of: 1, in: workshop))
      let manufacturers = ["Generic", "GenericNoWildcardInDates", "GenericNoUniversalWildcard", "GE"]
      let modalities = manufacturers.map { manufacturer in
        let entry: [String: Any] = [
          "AET": pacs.aeTitle, "Host": "127.0.0.1", "Port": pacs.port, "Manufacturer": manufacturer,
        ]
        return (manufacturer, entry)
      }
      let fluoro = try Installation(
        in: workshop, settings: ["DicomModalities": Dictionary(uniqueKeysWithValues: modalities)])
      func queries() -> [Substring] { pacs.process.output.split(separator: "\n").filter { $0.hasPrefix("asked ") } }
      /// The keys and values that arrive there.
      func asked(_ manufacturer: String, _ options: String...) async throws -> [String] {
        let found = try await fluoro.start(["find", manufacturer, "--json"] + options).finished()
        #expect(found.status == 0, "\(found.errors)")
        #expect(try found.objects().count == 1, "nothing of it limits what is found")
        return try #require(queries().last).split(separator: " ").map(String.init)
      }
      let keys = ["-q", "StudyDate=*", "-q", "PatientName=*"]
      func both(_ manufacturer: String) async throws -> [String] {
        try await asked(manufacturer, keys[0], keys[1], keys[2], keys[3]).filter {
          $0.hasPrefix("StudyDate=") || $0.hasPrefix("PatientName=")
        }
      }
      #expect(try await both("Generic") == ["StudyDate=*", "PatientName=*"])
      #expect(try await both("GenericNoWildcardInDates") == ["StudyDate=", "PatientName=*"])
      #expect(try await both("GenericNoUniversalWildcard") == ["StudyDate=", "PatientName="])
      let ge = try await asked("GE")
      for key in ["AccessionNumber=*", "PatientID=*", "StudyInstanceUID=*", "StudyDate="] {
        #expect(ge.contains(key), "\(ge)")
      }

      let before = queries().count
      let refused = try await fluoro.run("find", "GenericNoWildcardInDates", "-q", "StudyDate=2026*")
      #expect(refused.status != 0 && refused.errors.contains("takes no wildcards in dates"), "\(refused)")
      #expect(queries().count == before, "what would be misunderstood is not sent")
    }

    @Test("dcmqrscp tells no character set: DefaultEncoding says how its names are read, asked for and filed")
    func defaultEncoding() async throws {
      let name = "Παπαδόπουλος^Νίκος"
      var text = DataSet(characterSet: try #require(CharacterSet(orthancName: "Greek")))
      text.set(.patientName, name)
      let bytes = try #require(text[.patientName]?.bytes)
      let files = try workshop.studies(1) { _, dataSet in dataSet.set(.patientName, vr: .PN, bytes: bytes) }
      let pacs = try await QueryRetrieveSCP(in: workshop, hosts: [:], files: files)
      func installation(_ title: String, _ keys: [String: Any]) throws -> Installation {
        let entry: [String: Any] = ["AET": pacs.aeTitle, "Host": "127.0.0.1", "Port": pacs.port]
        return try Installation(
          in: workshop, aeTitle: title, settings: ["DicomModalities": ["PACS": entry.merging(keys) { $1 }]])
      }
      func names(_ fluoro: Installation, _ arguments: String...) async throws -> [String] {
        let found = try await fluoro.start(arguments + ["--json"]).finished()
        #expect(found.status == 0, "\(found.errors)")
        return try found.objects().compactMap { $0["PatientName"] as? String }
      }
      let greek = try installation("GREEK", ["DefaultEncoding": "Greek"])
      #expect(try await names(greek, "find", "PACS") == [name])
      #expect(try await greek.run("get", "PACS", "-q", "StudyInstanceUID=2.25.1").status == 0)
      #expect(try await names(greek, "local", "find") == [name])

      let pynetdicom = try await PynetdicomPACS(in: workshop, files: files)
      let asking = try Installation(
        in: workshop, aeTitle: "ASKING",
        settings: [
          "DefaultEncoding": "Greek",
          "DicomModalities": ["PACS": [pynetdicom.aeTitle, "127.0.0.1", pynetdicom.port] as [Any]],
        ])
      _ = try await names(asking, "find", "PACS", "-q", "PatientName=Παπα*")
      #expect(pynetdicom.process.output.contains("SpecificCharacterSet=ISO_IR 126"), "\(pynetdicom.process.output)")
      #expect(pynetdicom.process.output.contains("PatientName=Παπα*"))

      let plain = try installation("PLAIN", [:])
      #expect(try await names(plain, "find", "PACS").first?.hasPrefix("Ðáð") == true, "as Latin 1")
    }
  }
}
