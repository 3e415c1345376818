import Foundation
import Testing

@testable import Operations

@Suite("Modalities added, removed and imported")
struct ModalityBookTests {
  @Test("what is added is found at the next start; the user's file keeps every byte")
  func addAndRemove() throws {
    let folder = try TemporaryFolder()
    let text = "{ // mine\n \"DicomModalities\": { \"A\": [\"A\", \"h\", 104], \"B\": [\"B\", \"h\", 105] } }"
    let file = try folder.write("fluoro.json", text)
    let environment = ["HOME": "/home/x"]
    let configuration = try Configuration.load(path: file, environment: environment)

    var book = try ModalityBook(file: configuration.modalitiesFile)
    var added = Modality(name: "new \"one\"", aeTitle: "NEW", host: "10.1.1.1", port: 11112)
    added.allowed.insert(.find)
    added.timeout = .milliseconds(1500)
    added.username = "jane"
    added.password = Secret("s3cret")
    book.set(added)
    var tokened = Modality(name: "token", aeTitle: "TOKEN", host: "10.1.1.2", port: 11112)
    tokened.identityFile = IdentityFile(kind: .saml, path: "/etc/fluoro/assertion")
    book.set(tokened)
    book.remove("B", isConfigured: true)
    var changed = try configuration.modality(named: "A")
    changed.port = 4105
    book.set(changed)
    try book.write()

    let again = try Configuration.load(path: file, environment: environment)
    #expect(again.modalities.map(\.name) == ["A", "new \"one\"", "token"])
    #expect(again.modalities[0].port == 4105)
    added.origin = .added
    #expect(again.modalities[1] == added)
    #expect(again.modalities[2].identityFile == tokened.identityFile)
    #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    let attributes = try FileManager.default.attributesOfItem(atPath: configuration.modalitiesFile)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    #expect(
      try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["fluoro.json", "modalities.json"])
  }

  @Test("a dcmqrscp.cfg's HostTable")
  func dcmqrscp() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "dcmqrscp.cfg",
      """
      NetworkTCPPort  = 1234
      HostTable BEGIN
      # a comment
      acme1   = (ACME1, acmehost1, 5678)
      united  = (UNITED1, unitedhost1, 104), ("UNITED 2", unitedhost2, 105)
      all     = acme1, united
      HostTable END
      AETable BEGIN
      STORE /tmp/x RW (9, 1024mb) acme1
      AETable END
      """)
    let result = try ModalityImport.read(file)
    #expect(result.modalities.map(\.name) == ["acme1", "united-1", "united-2"])
    #expect(
      result.modalities.map(\.address) == [
        "ACME1@acmehost1:5678", "UNITED1@unitedhost1:104", "UNITED 2@unitedhost2:105",
      ])
    #expect(result.notes == ["all is a group of others and was left out"])
  }

  @Test("an orthanc.json, and what /modalities?expand answers")
  func orthanc() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("orthanc.json", #"{ "HttpPort": 1, "DicomModalities": { "s": ["S", "h", "2000"] } }"#)
    #expect(try ModalityImport.read(file).modalities.map(\.address) == ["S@h:2000"])
    let answer = try folder.write(
      "modalities.json",
      #"{ "pacs": { "AET": "PACS", "AllowEcho": true, "Host": "h", "Port": 104, "Manufacturer": "Generic", "LocalAet": "", "Timeout": 0, "AllowEventReport": true } }"#
    )
    #expect(try ModalityImport.read(answer).modalities.map(\.address) == ["PACS@h:104"])
    let other = try folder.write("other.json", #"{ "a": 1 }"#)
    #expect(throws: ConfigurationError.self) { try ModalityImport.read(other) }
  }
}
