import Foundation
import Testing

extension Interop {
  /// Storage commitment: asked of others, refused to others.
  @Suite("Storage commitment")
  struct CommitmentStories {
    let workshop: Workshop
    let port: Int

    init() throws {
      workshop = try Workshop()
      port = try Ports.free()
    }

    private func stations(_ report: String, files: [String] = []) async throws -> (PynetdicomPACS, Installation) {
      let pacs = try await PynetdicomPACS(
        in: workshop, files: files, destinations: ["FLUORO": port], ["--commit", report])
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (pacs.aeTitle, pacs.port)])
      return (pacs, fluoro)
    }

    @Test("what was sent is committed, whichever way the report comes", arguments: ["same", "later"])
    func afterSending(report: String) async throws {
      let slices = try await Python.series(of: 4, in: workshop)
      let (pacs, fluoro) = try await stations(report)
      let sent = try await fluoro.start(["store", "PACS", "--storage-commitment", "--json"] + slices).finished()
      #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
      let lines = try sent.objects()
      #expect(lines.dropLast().count == 4)
      #expect(lines.dropLast().allSatisfy { $0["committed"] as? Bool == true })
      #expect(lines.last?["committed"] as? Int == 4)
      _ = try await eventually("the report is acknowledged") {
        pacs.process.output.contains("reported 0x0000") ? true : nil
      }
    }

    @Test("what the peer does not hold is named, with its reason", arguments: ["same", "later"])
    func refused(report: String) async throws {
      let slices = try await Python.series(of: 3, in: workshop)
      let (pacs, fluoro) = try await stations(report, files: Array(slices.prefix(2)))
      #expect(try await fluoro.start(["local", "import"] + slices).finished().status == 0)
      let study = try await fluoro.run("local", "find", "--json").objects().first?["ID"] as? String
      let asked = try await fluoro.run("commit", "PACS", try #require(study), "--json")
      #expect(asked.status == 3, "\(asked.output)\(asked.errors)")
      let lines = try asked.objects()
      let missing = try #require(lines.first { $0["committed"] as? Bool == false })
      #expect(missing["sopInstanceUID"] as? String == "2.25.4711.3.64.2.3")
      #expect(missing["reason"] as? String == "0x0112")
      #expect(lines.last?["committed"] as? Int == 2)
      #expect(asked.errors.contains("2.25.4711.3.64.2.3: not committed: 0x0112"))
      #expect(pacs.process.output.contains("commit 3"))
      let known = try #require(try await fluoro.run("commit", "PACS", "--json").objects().first)
      #expect(known["committed"] as? Int == 2 && known["instances"] as? Int == 3 && known["reported"] is String)
      #expect(known["failedInstances"] as? [String] == ["2.25.4711.3.64.2.3"])
    }

    @Test("the report may come to another process on the same storage")
    func otherProcess() async throws {
      let slices = try await Python.series(of: 2, in: workshop)
      let (pacs, fluoro) = try await stations("later")
      let server = try await fluoro.serve()
      let sent = try await fluoro.start(["store", "PACS", "--storage-commitment", "--json"] + slices).finished()
      #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
      #expect(try sent.objects().last?["committed"] as? Int == 2)
      #expect(pacs.process.output.contains("commit 2"))
      await server.stop()
    }

    @Test("no report in time is said, also that nobody here could have received it")
    func silence() async throws {
      let slices = try await Python.series(of: 1, in: workshop)
      let (pacs, fluoro) = try await stations("never")
      let arguments = ["store", "PACS", "--storage-commitment", "--timeout", "1", "--json"]
      let sent = try await fluoro.start(arguments + slices).finished()
      #expect(sent.status == 3, "\(sent.output)\(sent.errors)")
      #expect(sent.errors.contains("has not reported within the timeout"))
      #expect(try sent.objects().first?["committed"] is NSNull)

      let holder = try StoppedListener(port: port)
      let alone = try await fluoro.start(arguments + slices).finished()
      #expect(alone.status == 3)
      #expect(alone.errors.contains("nobody here receives that"))
      holder.close()
      #expect(pacs.process.output.contains("commit 1"))
    }

    @Test("Orthanc commits, over an association of its own")
    func orthanc() async throws {
      let slices = try await Python.series(of: 5, in: workshop)
      let orthanc = try await Orthanc(in: workshop, modalities: ["fluoro": ("FLUORO", port)])
      try await orthanc.upload(Array(slices.prefix(4)))
      let fluoro = try Installation(in: workshop, port: port, modalities: ["PACS": (orthanc.aeTitle, orthanc.port)])
      #expect(try await fluoro.start(["local", "import"] + slices).finished().status == 0)
      let study = try await fluoro.run("local", "find", "--json").objects().first?["ID"] as? String
      let asked = try await fluoro.run("commit", "PACS", try #require(study), "--json")
      #expect(asked.status == 3, "\(asked.output)\(asked.errors)")
      #expect(try asked.objects().last?["committed"] as? Int == 4)
      #expect(asked.errors.contains("not committed: 0x0112"))
    }

    @Test("a peer without storage commitment says so; what was sent stays sent")
    func notOffered() async throws {
      let slices = try await Python.series(of: 1, in: workshop)
      let storescp = try await StoreSCP(in: workshop)
      let fluoro = try Installation(in: workshop, port: port, modalities: ["SINK": (storescp.aeTitle, storescp.port)])
      let sent = try await fluoro.start(["store", "SINK", "--storage-commitment", "--json"] + slices).finished()
      #expect(sent.status == 3, "\(sent.output)\(sent.errors)")
      #expect(sent.errors.contains("Storage Commitment"))
      #expect(storescp.files.count == 1)
    }

    @Test("a request that was refused is not listed as one without a report")
    func refused() async throws {
      let cache = try Installation(in: workshop, aeTitle: "CACHE")
      let server = try await cache.serve()
      let fluoro = try Installation(in: workshop, port: port, modalities: ["CACHE": ("CACHE", cache.port)])
      let files = try await Python.series(of: 1, in: workshop)
      #expect(try await fluoro.start(["local", "import"] + files).finished().status == 0)
      let id = try #require(try await fluoro.run("local", "find", "--json").objects().first?["ID"] as? String)
      let asked = try await fluoro.run("commit", "CACHE", id)
      #expect(asked.status == 1 && asked.errors.contains("0x0122"), "\(asked.output)\(asked.errors)")
      let listed = try await fluoro.run("commit", "CACHE")
      #expect(listed.output.isEmpty && listed.errors.contains("CACHE has taken no such request"), "\(listed.output)")
      await server.stop()
    }

    @Test("we promise to keep nothing")
    func asProvider() async throws {
      let fluoro = try Installation(in: workshop, port: port)
      let server = try await fluoro.serve()
      let asked = try await Python.run(
        "scu.py", ["commit", "\(port)", "FLUORO", "1.2.840.10008.5.1.4.1.1.2", "1.2.3"], in: workshop)
      #expect(asked.output.hasPrefix("0x0122 this is a cache"), "\(asked.output)\(asked.errors)")
      await server.stop()
    }
  }
}

/// Something that is no DICOM station and holds a port.
private final class StoppedListener {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(descriptor, 1) == 0
      }
    }
    guard bound else { throw PeerProblem("port \(port) cannot be held") }
  }

  func close() { Foundation.close(descriptor) }
}
