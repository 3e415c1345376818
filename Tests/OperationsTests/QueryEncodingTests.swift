import Dicom
import LocalIndex
import Testing

@testable import Operations

/// What a query looks like to the peer, and what its answers become here.
@Suite("Queries: character sets")
struct QueryEncodingTests {
  /// Answers every query with the same matches, or none, and keeps what was asked.
  final class Archive: AcceptorDelegate {
    let matches: [DataSet]
    private let asked = Box<[DataSet]>([])

    init(_ matches: [DataSet] = []) { self.matches = matches }

    var identifiers: [DataSet] { asked.value }

    func evaluate(_ request: AssociateRequest) -> AssociateDecision {
      request.accepting(abstractSyntax: { _ in true }, transferSyntax: { _, _ in true })
    }

    func find(_ request: FindRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<DataSet, any Error>? {
      asked.change { $0.append(request.identifier) }
      let matches = matches
      return AsyncThrowingStream { continuation in
        for match in matches { continuation.yield(match) }
        continuation.finish()
      }
    }
  }

  private func asking(
    _ archive: Archive, name: String, encoding: String?
  ) async throws -> [String] {
    let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: archive)
    let folder = try TemporaryFolder()
    let station = try Station(configuration: Configuration(storageDirectory: folder.path + "/storage"))
    var modality = Modality(name: "ARCHIVE", aeTitle: "ARCHIVE", host: "127.0.0.1", port: acceptor.port)
    modality.defaultEncoding = encoding
    let names = Box<[String]>([])
    let query = Query(keys: [QueryKey(.patientName, name)], returnKeys: [.patientName])
    let result = try await station.find(modality, query) { match in
      names.change { $0.append(match.string(.patientName) ?? "") }
    }.value()
    #expect(result.outcome.state == .done)
    await station.shutdown()
    await acceptor.close(grace: .zero)
    return names.value
  }

  private func bytes(_ identifier: DataSet) -> [UInt8]? {
    identifier[.patientName]?.bytes.map { Array($0.readableBytesView) }
  }

  @Test("text goes in the modality's encoding, and with no match once in UTF-8")
  func bothEncodings() async throws {
    let archive = Archive()
    #expect(try await asking(archive, name: "Łuk", encoding: "Latin2") == [])
    #expect(archive.identifiers.map { $0.string(.specificCharacterSet) } == ["ISO_IR 101", "ISO_IR 192"])
    #expect(bytes(archive.identifiers[0]) == [0xA3, 0x75, 0x6B, 0x20])
    #expect(bytes(archive.identifiers[1]) == Array("Łuk".utf8))
  }

  @Test("a match ends it; text the modality's encoding does not hold goes in UTF-8 at once; ASCII names none")
  func once() async throws {
    var match = DataSet()
    match.set(.patientName, "ANY")
    let archive = Archive([match])
    _ = try await asking(archive, name: "Łuk", encoding: "Latin2")
    _ = try await asking(archive, name: "Папа", encoding: "Latin2")
    _ = try await asking(archive, name: "DOE*", encoding: "Latin2")
    #expect(archive.identifiers.map { $0.string(.specificCharacterSet) } == ["ISO_IR 101", "ISO_IR 192", nil])
  }

  @Test("answers are read by their own character set, else by the modality's")
  func answers() async throws {
    var silent = DataSet(characterSet: CharacterSet(orthancName: "Latin2") ?? .latin1)
    silent.set(.patientName, "Łukasz")
    var own = DataSet(characterSet: .utf8)
    own.setCharacterSet(.utf8)
    own.set(.patientName, "Łukasz")
    #expect(silent[.specificCharacterSet] == nil)
    let names = try await asking(Archive([silent, own]), name: "", encoding: "Latin2")
    #expect(names == ["Łukasz", "Łukasz"])
    let mistaken = try await asking(Archive([silent]), name: "", encoding: nil)
    #expect(mistaken == ["£ukasz"])
  }
}
