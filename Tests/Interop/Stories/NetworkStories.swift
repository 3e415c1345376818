import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import Dicom

extension Interop {
  /// The network half of `Dicom` alone, against real peers, in both roles.
  @Suite("The network")
  struct NetworkStories {
    let deadlines = Deadlines(Timeouts(all: .seconds(30)))

    static let query: [UID] = [.explicitVRLittleEndian, .implicitVRLittleEndian]
    static let find = PresentationContextProposal(abstractSyntax: .studyRootFind, transferSyntaxes: query)
    static let move = PresentationContextProposal(abstractSyntax: .studyRootMove, transferSyntaxes: query)
    static let echo = PresentationContextProposal(abstractSyntax: .verification, transferSyntaxes: query)

    /// One context per SOP class and transfer syntax.
    static func contexts(_ sources: [StoreSource]) -> [PresentationContextProposal] {
      var seen: Set<PresentationContextProposal> = []
      return sources.map {
        PresentationContextProposal(abstractSyntax: $0.sopClassUID, transferSyntaxes: [$0.transferSyntax])
      }.filter { seen.insert($0).inserted }
    }

    /// Sends all, and returns what was not taken.
    func store(_ sources: [StoreSource], _ port: Int, called: String) async throws -> [String] {
      let association = try await Association.request(
        .local(port, called: called, [Self.echo] + Self.contexts(sources)), deadlines: deadlines)
      #expect(try await association.echo().isSuccess)
      var problems: [String] = []
      for source in sources {
        do {
          let status = try await association.store(source)
          if !status.isSuccess { problems.append("\(source.sopInstanceUID): \(status)") }
        } catch let error as AssociationError {
          problems.append("\(source.sopInstanceUID): \(error)")
        }
      }
      await association.release()
      return problems
    }

    @Test("storescp and pynetdicom get every test file as it is, in every transfer syntax")
    func storing() async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop)
      let sources = try files.map { try StoreSource(file: $0) }
      let storescp = try await StoreSCP(in: workshop, ["+xa"])
      let refused = try await store(sources, storescp.port, called: storescp.aeTitle)
      // storescp takes no deflated data sets without `+xd`, and no syntax younger than itself.
      #expect(refused.count < files.count / 4, "\(refused)")
      let uids = Set(
        sources.filter { source in !refused.contains { $0.hasPrefix(source.sopInstanceUID.rawValue + ":") } }.map(
          \.sopInstanceUID))
      let sent = zip(files, sources).filter { uids.contains($1.sopInstanceUID) }.map(\.0)
      #expect(try await Python.differences(between: sent, and: storescp.files, in: workshop) == [])

      let pynetdicom = try await PynetdicomPACS(in: workshop)
      #expect(try await store(sources, pynetdicom.port, called: pynetdicom.aeTitle) == [])
    }

    @Test("storescu and dcmsend store into our acceptor what pydicom finds equal; echoscu and findscu are answered")
    func serving() async throws {
      let workshop = try Workshop()
      var match = DataSet()
      match.set(.queryRetrieveLevel, "STUDY")
      match.set(.patientName, "DOE^JANE")
      let scp = FolderSCP(try workshop.makeFolder("received"), matches: [match, match, match])
      let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: scp)
      let address = ["127.0.0.1", String(acceptor.port)]

      let echo = try await Toolkit.run("echoscu", ["-v", "--repeat", "5"] + address, in: workshop)
      #expect(echo.status == 0, "\(echo.errors)")

      // DCMTK sends big endian data sets as little endian ones.
      let files = try await Python.testFiles(in: workshop).filter { path in
        try DicomFile(path: path).transferSyntax.isLittleEndian
      }
      let sent = try await Toolkit.run(
        "dcmsend", ["--no-halt"] + address + files, in: workshop)
      #expect(sent.status == 0, "\(sent.errors)")
      let differences = try await Python.differences(between: files, and: scp.files, in: workshop)
      #expect(differences == [], "\(sent.output)\(sent.errors)")

      let find = try await Toolkit.run(
        "findscu", ["-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName"] + address, in: workshop)
      #expect(find.status == 0, "\(find.errors)")
      #expect((find.output + find.errors).components(separatedBy: "DOE^JANE").count - 1 == 3)

      let move = try await Toolkit.run(
        "movescu", ["-v", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1"] + address, in: workshop)
      #expect(
        (move.output + move.errors).contains("MoveDestinationUnknown")
          || (move.output + move.errors).lowercased().contains("a801"), "\(move.output)\(move.errors)")
      await acceptor.close(grace: .seconds(1))
    }

    @Test("query and move: Orthanc, dcmqrscp and pynetdicom send us what they hold, naming our move")
    func retrieving() async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop).filter {
        $0.hasSuffix("CT_small.dcm") || $0.hasSuffix("MR_small.dcm")
      }
      try #require(files.count == 2)
      let scp = FolderSCP(try workshop.makeFolder("received"))
      let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: scp)
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", acceptor.port)])
      try await orthanc.upload(files)
      let dcmqrscp = try await QueryRetrieveSCP(
        in: workshop, hosts: ["fluoro": ("FLUORO", acceptor.port)], files: files)
      let pynetdicom = try await PynetdicomPACS(in: workshop, files: files, destinations: ["FLUORO": acceptor.port])

      for (title, port) in [
        (orthanc.aeTitle, orthanc.port), (dcmqrscp.aeTitle, dcmqrscp.port), (pynetdicom.aeTitle, pynetdicom.port),
      ] {
        for path in scp.files { try FileManager.default.removeItem(atPath: path) }
        let association = try await Association.request(
          .local(port, called: title, [Self.echo, Self.find, Self.move]), deadlines: deadlines)
        var query = DataSet()
        query.set(.queryRetrieveLevel, "STUDY")
        query.setEmpty(.studyInstanceUID)
        query.setEmpty(.patientName)
        let studies = NIOLockedValueBox<[UID]>([])
        let status = try await association.find(query, model: .studyRootFind) { match in
          studies.withLockedValue { $0.append(match.uid(.studyInstanceUID) ?? "") }
        }
        #expect(status.isSuccess)
        #expect(studies.withLockedValue { $0.count } == 2, "\(title)")
        for study in studies.withLockedValue({ $0 }) {
          var request = DataSet()
          request.set(.queryRetrieveLevel, "STUDY")
          request.set(.studyInstanceUID, study)
          let id = association.allocateMessageID()
          let outcome = try await association.move(
            request, model: .studyRootMove, destination: "FLUORO", messageID: id)
          #expect(outcome.status.isSuccess, "\(title): \(outcome)")
          // pynetdicom names itself as the originator, against PS3.7 §9.1.1.1.5; the message id is right.
          let originator = title == pynetdicom.aeTitle ? title : "FLUORO"
          #expect(scp.received.last?.moveOriginatorAETitle == originator, "\(title)")
          #expect(scp.received.last?.moveOriginatorMessageID == id, "\(title)")
        }
        await association.release()
        #expect(try await Python.differences(between: files, and: scp.files, in: workshop) == [], "\(title)")
      }
      await acceptor.close(grace: .seconds(1))
    }

    @Test("Orthanc rejects or refuses in words")
    func refusals() async throws {
      let workshop = try Workshop()
      let orthanc = try await Orthanc(in: workshop, settings: ["DicomCheckCalledAet": true])
      let error = await #expect(throws: AssociationError.self) {
        try await Association.request(.local(orthanc.port, called: "NOBODY", [Self.echo]), deadlines: deadlines)
      }
      #expect(error?.reason == .rejected(.calledAETitleNotRecognized), "\(String(describing: error))")
    }
  }
}
