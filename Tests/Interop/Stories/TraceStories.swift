import Foundation
import NIOCore
import Testing

@testable import Dicom

extension Interop {
  @Suite("Traces")
  struct TraceStories {
    let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("a capture of what TLS protects is DICOM to Wireshark, from the request to the release")
    func captured() async throws {
      let certificates = try await TestCertificates(in: workshop)
      let slices = try await Python.series(of: 3, rows: 512, in: workshop)
      let pacs = try await PynetdicomPACS(
        in: workshop, files: slices,
        ["--tls", certificates.path("pacs.pem"), certificates.path("pacs.key"), certificates.path("ca.pem")])
      var settings = certificates.settings("fluoro", isEnabled: false)
      settings["DicomModalities"] = ["PACS": TestCertificates.modality(pacs.aeTitle, pacs.port)]
      let fluoro = try Installation(in: workshop, settings: settings)
      for (command, expected) in [
        (["echo", "PACS"], ["A-ASSOCIATE request", "A-ASSOCIATE accept", "C-ECHO-RQ", "C-ECHO-RSP", "A-RELEASE"]),
        (["find", "PACS"], ["C-FIND-RQ", "C-FIND-RQ-DATA", "C-FIND-RSP-DATA", "C-FIND-RSP ID=1 (Success)"]),
        (["store", "PACS"] + slices, ["C-STORE-RQ ID=1", "C-STORE-RQ ID=3", "C-STORE-RSP ID=3 (Success)"]),
      ] {
        let path = workshop.path("\(command[0]).pcap")
        #expect(try await fluoro.start(command + ["--trace", path]).finished().status == 0)
        let dissected = try await Wireshark.summaries(path, in: workshop).joined(separator: "\n")
        for words in expected { #expect(dissected.contains(words), "\(words) in\n\(dissected)") }
        #expect(try await Wireshark.faults(path, in: workshop) == [])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600, "it holds patients' data")
      }
    }

    @Test("so is one of our SCP, by IPv6, with PDUs larger than a packet")
    func capturedAcceptor() async throws {
      let path = workshop.path("acceptor.pcap")
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      let file = try FileHandle(forWritingTo: URL(filePath: path))
      // Called by one thread at a time.
      let capture = PacketCapture { bytes in try? file.write(contentsOf: Data(bytes.readableBytesView)) }
      let slices = try await Python.series(of: 2, rows: 512, in: workshop)
      let scp = FolderSCP(try workshop.makeFolder("received"))
      let acceptor = try await Acceptor.listen(host: "::1", port: 0, delegate: scp, trace: capture)
      var parameters = AssociationParameters.local(
        acceptor.port, called: "FOLDER",
        [PresentationContextProposal(abstractSyntax: .ctImageStorage, transferSyntaxes: [.explicitVRLittleEndian])])
      parameters.host = "::1"
      let association = try await Association.request(parameters, deadlines: Deadlines(Timeouts(all: .seconds(20))))
      for slice in slices { #expect(try await association.store(StoreSource(file: slice)).isSuccess) }
      await association.release()
      await acceptor.close(grace: .seconds(5))
      try file.close()
      let dissected = try await Wireshark.summaries(path, in: workshop).joined(separator: "\n")
      for words in ["A-ASSOCIATE request FLUORO --> FOLDER", "C-STORE-RQ ID=2", "C-STORE-RSP ID=2 (Success)"] {
        #expect(dissected.contains(words), "\(words) in\n\(dissected)")
      }
      #expect(try await Wireshark.faults(path, in: workshop) == [])
      #expect(try await !Wireshark.summaries(path, filter: "ipv6 && tcp.flags.fin == 1", in: workshop).isEmpty)
    }

    @Test("a text tells each PDU, and names no patient unless asked to")
    func text() async throws {
      let slices = try await Python.series(of: 1, in: workshop)
      let pacs = try await PynetdicomPACS(in: workshop, files: slices)
      let fluoro = try Installation(in: workshop, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      let path = workshop.path("find.txt")
      #expect(try await fluoro.run("find", "PACS", "-q", "PatientName=Ball*", "--trace", path).status == 0)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      for words in ["A-ASSOCIATE-RQ", "FLUORO calls PYNETDICOM", "C-FIND-RQ", "PatientName\n", "A-RELEASE-RP"] {
        #expect(text.contains(words), "\(words)")
      }
      #expect(!text.contains("Ball"))
      #expect(try await fluoro.run("find", "PACS", "--trace", path, "--trace-values").status == 0)
      #expect(try String(contentsOfFile: path, encoding: .utf8).contains("PatientName [Ball^Große]"))
      #expect(try await fluoro.run("echo", "PACS", "--trace", workshop.path("echo.log")).status == 2)
      #expect(try await fluoro.run("echo", "PACS", "--trace", workshop.path("e.pcap"), "--trace-values").status == 2)
    }
  }
}
