import Foundation
import Testing

@testable import Dicom

extension Interop {
  /// Each service with each peer that offers it, in both roles; the tables are printed.
  @Suite("The matrix of peers")
  struct PeerMatrixStories {
    let workshop: Workshop
    let slices: [String]
    let study = "2.25.4711.3.64"

    init() async throws {
      workshop = try Workshop()
      slices = try await Python.series(of: 3, in: workshop)
    }

    private func equal(_ expected: [String], _ actual: [String]) async throws {
      let differences = try await Python.differences(between: expected, and: actual, in: workshop)
      guard differences.isEmpty else { throw PeerProblem(differences.joined(separator: "; ")) }
    }

    // MARK: We ask

    /// Servers, and the fluoro that knows them by the names of the table.
    private struct Servers {
      let fluoro: Installation
      /// Those that keep what they get in a folder.
      let sinks: [(name: String, server: StoreSCP)]
      /// The rest, which end when nobody holds them.
      let others: [Any]

      static let searched = ["dcmqrscp", "Orthanc", "pynetdicom"]
      static let names = ["storescp", "storescp +tls", "dcmrecv", "dcmqrscp", "wlmscpfs", "Orthanc", "pynetdicom"]
    }

    private func servers() async throws -> Servers {
      let certificates = try await TestCertificates(in: workshop)
      let port = try Ports.free()
      let storescp = try await StoreSCP(in: workshop, ["+xa"])
      let secure = try await StoreSCP(in: workshop, certificates.toolkit("pacs") + ["+xa"])
      let dcmrecv = try await StoreSCP(
        in: workshop, program: "dcmrecv", ["--config-file", "/etc/dcmtk/storescp.cfg", "Default"])
      let dcmqrscp = try await QueryRetrieveSCP(in: workshop, hosts: ["us": ("FLUORO", port)], files: slices)
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", port)])
      try await orthanc.upload(slices)
      let pynetdicom = try await PynetdicomPACS(
        in: workshop, files: slices, destinations: ["FLUORO": port], ["--commit", "same"])
      let worklist = try await WorklistSCP(
        in: workshop,
        entries: [("DOE^JANE", "1", "CT", "20261124", "Chest"), ("ROE^JIM", "2", "MR", "20261124", "Knee")])
      func plain(_ title: String, _ port: Int) -> [String: Any] { ["AET": title, "Host": "127.0.0.1", "Port": port] }
      var settings = certificates.settings("fluoro", isEnabled: false)
      settings["DicomModalities"] = [
        "storescp": plain(storescp.aeTitle, storescp.port), "dcmrecv": plain(dcmrecv.aeTitle, dcmrecv.port),
        "storescp +tls": TestCertificates.modality(secure.aeTitle, secure.port),
        "dcmqrscp": plain(dcmqrscp.aeTitle, dcmqrscp.port), "Orthanc": plain(orthanc.aeTitle, orthanc.port),
        "pynetdicom": plain(pynetdicom.aeTitle, pynetdicom.port),
        "wlmscpfs": plain(worklist.aeTitle, worklist.port),
      ]
      return Servers(
        fluoro: try Installation(in: workshop, port: port, settings: settings),
        sinks: [("storescp", storescp), ("storescp +tls", secure), ("dcmrecv", dcmrecv)],
        others: [dcmqrscp, orthanc, pynetdicom, worklist])
    }

    @Test("we ask every server")
    func asking() async throws {
      let servers = try await servers()
      let fluoro = servers.fluoro
      var matrix = PeerMatrix()
      for peer in Servers.names {
        await matrix.try("echo", peer, as: .scu) { try await fluoro.run("echo", peer).expecting() }
      }
      for peer in Servers.searched {
        await matrix.try("find", peer, as: .scu) {
          let found = try await fluoro.run("find", peer, "-q", "PatientID=BALL", "--json").expecting().objects()
          guard found.map({ $0["StudyInstanceUID"] as? String }) == [study] else { throw PeerProblem("\(found)") }
        }
        for service in ["move", "get"] {
          await matrix.try(service, peer, as: .scu) {
            try await fluoro.run(service, peer, "-q", "StudyInstanceUID=\(study)").expecting()
            try await equal(slices, fluoro.files(for: slices))
          }
          await empty(fluoro)
        }
      }
      try await storing(on: servers, &matrix)
      await matrix.try("worklist", "wlmscpfs", as: .scu) {
        let found = try await fluoro.run("worklist", "wlmscpfs", "-q", "Modality=CT", "--json").expecting().objects()
        try demand(found.map { $0["PatientName"] as? String } == ["DOE^JANE"])
      }
      print(matrix.table)
      #expect(matrix.problems == [])
      withExtendedLifetime(servers) {}
    }

    private func storing(on servers: Servers, _ matrix: inout PeerMatrix) async throws {
      let fluoro = servers.fluoro
      let others = try await Python.series(of: 2, in: workshop)
      for (peer, server) in servers.sinks {
        await matrix.try("store", peer, as: .scu) {
          try await store(others, fluoro, peer)
          try await equal(others, server.files)
        }
      }
      for peer in Servers.searched {
        await matrix.try("store", peer, as: .scu) {
          try await store(others, fluoro, peer)
          try await fluoro.run("get", peer, "-q", "StudyInstanceUID=2.25.4711.2.64").expecting()
          try await equal(others, fluoro.files(for: others))
        }
        await empty(fluoro)
      }
      for peer in ["Orthanc", "pynetdicom"] {
        await matrix.try("commitment", peer, as: .scu) {
          try await fluoro.start(["store", peer, "--storage-commitment"] + slices).finished().expecting()
        }
      }
    }

    /// Small ones go to these peers in one PDU each.
    private func store(_ files: [String], _ fluoro: Installation, _ peer: String) async throws {
      let trace = workshop.path("store.txt")
      try await fluoro.start(["store", peer, "--trace", trace] + files).finished().expecting()
      let requests = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").filter {
        $0.contains(" C-STORE-RQ, ")
      }
      try demand(requests.count == files.count && requests.allSatisfy { $0.contains(" data set, ") })
    }

    private func empty(_ fluoro: Installation) async {
      let held = try? await fluoro.run("local", "find", "--json").objects().compactMap { $0["ID"] as? String }
      for id in held ?? [] { _ = try? await fluoro.run("local", "delete", id, "--yes") }
    }

    // MARK: We are asked

    /// A fluoro that serves, one that does so over TLS, and what clients need to know of them.
    private struct Served {
      let workshop: Workshop
      let fluoro, secure: Installation
      let orthanc: Orthanc
      let sink: StoreSCP
      /// Of DCMTK's tools: whom to call, plainly and over TLS, and for which study.
      let address, secured, query: [String]

      func toolkit(_ program: String, _ arguments: [String]) async throws -> Subprocess.Finished {
        try await Toolkit.run(program, arguments, in: workshop).expecting()
      }

      func client(_ arguments: String...) async throws -> String {
        try await Python.run(
          "scu.py", [arguments[0], "\(fluoro.port)", "FLUORO"] + arguments.dropFirst(), in: workshop
        ).expecting().output
      }

      func ask(_ path: String, _ body: Data) async throws {
        _ = try await orthanc.request("POST", path, body: body)
      }
    }

    @Test("every client is answered")
    func answering() async throws {
      let certificates = try await TestCertificates(in: workshop)
      let port = try Ports.free()
      let sink = try await StoreSCP(in: workshop)
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", port)])
      let allowed = ["Echo", "Store", "Find", "Move", "Get"].map { ("DicomAlwaysAllow" + $0, true as Any) }
      let settings = Dictionary(uniqueKeysWithValues: allowed)
      let fluoro = try Installation(
        in: workshop, port: port,
        modalities: ["sink": (sink.aeTitle, sink.port), "orthanc": (orthanc.aeTitle, orthanc.port)], settings: settings)
      let secure = try Installation(
        in: workshop, aeTitle: "SECURE", settings: settings.merging(certificates.settings("fluoro")) { $1 })
      try await fluoro.start(["local", "import"] + slices).finished().expecting()
      let servers = [try await fluoro.serve(), try await secure.serve()]
      let served = Served(
        workshop: workshop, fluoro: fluoro, secure: secure, orthanc: orthanc, sink: sink,
        address: ["-aec", "FLUORO", "127.0.0.1", "\(port)"],
        secured: certificates.toolkit("pacs") + ["-aec", "SECURE", "127.0.0.1", "\(secure.port)"],
        query: ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=\(study)"])
      let others = try await Python.series(of: 2, in: workshop)
      var matrix = PeerMatrix()
      await echoes(served, &matrix)
      await stores(served, others, &matrix)
      await finds(served, &matrix)
      await retrieves(served, others, &matrix)
      await refusals(served, &matrix)
      print(matrix.table)
      #expect(matrix.problems == [])
      for server in servers { await server.stop() }
    }

    private func echoes(_ served: Served, _ matrix: inout PeerMatrix) async {
      await matrix.try("echo", "DCMTK", as: .scp) { _ = try await served.toolkit("echoscu", served.address) }
      await matrix.try("echo", "DCMTK +tls", as: .scp) { _ = try await served.toolkit("echoscu", served.secured) }
      await matrix.try("echo", "Orthanc", as: .scp) {
        try await served.ask("/modalities/fluoro/echo", Data("{}".utf8))
      }
      await matrix.try("echo", "pynetdicom", as: .scp) {
        try demand(try await served.client("echo").contains("0x0000"))
      }
    }

    private func stores(_ served: Served, _ others: [String], _ matrix: inout PeerMatrix) async {
      for (peer, program) in [("DCMTK", "storescu"), ("dcmsend", "dcmsend")] {
        await matrix.try("store", peer, as: .scp) {
          _ = try await served.toolkit(program, served.address + others)
          try await equal(slices + others, served.fluoro.files(for: slices + others))
        }
        await remove("2.25.4711.2.64", from: served.fluoro)
      }
      await matrix.try("store", "DCMTK +tls", as: .scp) {
        _ = try await served.toolkit("storescu", served.secured + others)
        try await equal(others, served.secure.files(for: others))
      }
      await matrix.try("store", "Orthanc", as: .scp) {
        try await served.orthanc.upload(others)
        let studies = try await served.orthanc.identifiers("studies")
        try await served.ask("/modalities/fluoro/store", try JSONSerialization.data(withJSONObject: studies))
        try await equal(slices + others, served.fluoro.files(for: slices + others))
      }
      await remove("2.25.4711.2.64", from: served.fluoro)
      await matrix.try("store", "pynetdicom", as: .scp) {
        let arguments = ["store", "\(served.fluoro.port)", "FLUORO"] + others
        try await Python.run("scu.py", arguments, in: workshop).expecting()
        try await equal(slices + others, served.fluoro.files(for: slices + others))
      }
    }

    private func finds(_ served: Served, _ matrix: inout PeerMatrix) async {
      await matrix.try("find", "DCMTK", as: .scp) {
        let found = try await served.toolkit("findscu", served.address + served.query + ["-k", "PatientID"])
        try demand((found.output + found.errors).contains("BALL"))
      }
      await matrix.try("find", "Orthanc", as: .scp) {
        let path = try await orthancQuery(served.orthanc)
        try demand(try await served.orthanc.request("GET", path + "/answers").count > 4)
      }
      await matrix.try("find", "pynetdicom", as: .scp) {
        try demand(try await served.client("find", study).contains("BALL"))
      }
    }

    private func retrieves(_ served: Served, _ others: [String], _ matrix: inout PeerMatrix) async {
      await matrix.try("move", "DCMTK", as: .scp) {
        _ = try await served.toolkit("movescu", ["-aem", served.sink.aeTitle] + served.address + served.query)
        try await equal(slices, served.sink.files)
      }
      await matrix.try("move", "Orthanc", as: .scp) {
        let path = try await orthancQuery(served.orthanc)
        try await served.ask(path + "/answers/0/retrieve", Data("ORTHANC".utf8))
        let folder = try workshop.makeFolder("orthanc-held")
        try await served.orthanc.download(into: folder)
        try await equal(slices + others, Workshop.files(below: folder))
      }
      await matrix.try("move", "pynetdicom", as: .scp) {
        try demand(try await served.client("move", study, served.sink.aeTitle).contains(" 3 0 0"))
      }
      await matrix.try("get", "DCMTK", as: .scp) {
        let folder = try workshop.makeFolder("getscu")
        _ = try await served.toolkit("getscu", ["--output-directory", folder] + served.address + served.query)
        try await equal(slices, Workshop.files(below: folder))
      }
      await matrix.try("get", "pynetdicom", as: .scp) {
        let folder = try workshop.makeFolder("got")
        try demand(try await served.client("get", study, folder).contains(" 3 0 0"))
      }
    }

    /// In words, and without harm to the others.
    private func refusals(_ served: Served, _ matrix: inout PeerMatrix) async {
      await matrix.try("commitment refused", "pynetdicom", as: .scp) {
        let answer = try await served.client("commit", UID.ctImageStorage.rawValue, study + ".2.1")
        try demand(!answer.contains("0x0000"))
      }
      // No class has such an event, nobody takes an action, and nothing else of the kind is known.
      await matrix.try("N-services refused", "pynetdicom", as: .scp) {
        let answers = try await served.client("normalized").split(separator: "\n")
        try demand(answers == ["0x0113", "0x0211", "0x0211", "0x0122", "0x0211", "0x0211", "0x0000"])
      }
      await matrix.try("shutdown refused", "DCMTK", as: .scp) {
        _ = try await served.toolkit("termscu", served.address)
        _ = try await served.toolkit("echoscu", served.address)
      }
    }

    private func orthancQuery(_ orthanc: Orthanc) async throws -> String {
      let body = Data(#"{"Level": "Study", "Query": {"StudyInstanceUID": "\#(study)"}}"#.utf8)
      let answer = try await orthanc.request("POST", "/modalities/fluoro/query", body: body)
      guard let path = (try JSONSerialization.jsonObject(with: answer) as? [String: Any])?["Path"] as? String else {
        throw PeerProblem(String(decoding: answer, as: UTF8.self))
      }
      return path
    }

    private func remove(_ study: String, from fluoro: Installation) async {
      let found = try? await fluoro.run("local", "find", "-q", "StudyInstanceUID=\(study)", "--json").objects()
      for id in (found ?? []).compactMap({ $0["ID"] as? String }) {
        _ = try? await fluoro.run("local", "delete", id, "--yes")
      }
    }

    private func demand(_ isTrue: Bool, line: Int = #line) throws {
      if !isTrue { throw PeerProblem("not as it should be, line \(line)") }
    }

    // MARK: Transfer syntaxes

    @Test("every transfer syntax of pydicom's files is sent and received bit for bit")
    func syntaxes() async throws {
      let files = try await Python.paths("syntaxes.py", [try workshop.makeFolder("syntaxes")], in: workshop)
      let storescp = try await StoreSCP(in: workshop, ["+B", "+xa"])
      let folder = try workshop.makeFolder("pynetdicom")
      let pynetdicom = try await PynetdicomPACS(in: workshop, ["--folder", folder])
      let sender = try Installation(
        in: workshop,
        modalities: [
          "storescp": (storescp.aeTitle, storescp.port), "pynetdicom": (pynetdicom.aeTitle, pynetdicom.port),
        ])
      let receiver = try Installation(in: workshop, aeTitle: "RECEIVER", settings: ["DicomAlwaysAllowStore": true])
      let server = try await receiver.serve()
      var matrix = PeerMatrix()
      for path in files {
        let file = try DicomFile(path)
        let name = file.transferSyntax.name
        let uid = file.dataSet.uid(.sopInstanceUID)?.rawValue ?? ""
        // DCMTK writes nothing deflated as it comes.
        for peer in file.transferSyntax.isDeflated ? ["pynetdicom"] : ["storescp", "pynetdicom"] {
          await matrix.try(name, peer, as: .scu) {
            try await sender.run("store", peer, path).expecting()
            try identical(path, peer == "storescp" ? storescp.files : Workshop.files(below: folder), uid)
          }
        }
        await matrix.try(name, "pynetdicom", as: .scp) {
          try await Python.run("scu.py", ["store", "\(receiver.port)", "RECEIVER", path], in: workshop).expecting()
          try identical(path, receiver.files, uid)
        }
      }
      print(matrix.table)
      #expect(matrix.problems == [])
      #expect(files.count >= 12)
      await server.stop()
    }

    /// The data sets of the file and of the one among the others that holds the same instance, byte for byte.
    private func identical(_ path: String, _ others: [String], _ uid: String) throws {
      for other in others {
        let file = try DicomFile(other)
        guard file.metaInformation?.mediaStorageSOPInstanceUID.rawValue == uid else { continue }
        let expected = try Data(contentsOf: URL(filePath: path)).dropFirst(try DicomFile(path).dataSetOffset)
        let actual = try Data(contentsOf: URL(filePath: other)).dropFirst(file.dataSetOffset)
        guard expected == actual else { throw PeerProblem("\(other) is another data set than \(path)") }
        return
      }
      throw PeerProblem("\(uid) did not arrive")
    }
  }
}
