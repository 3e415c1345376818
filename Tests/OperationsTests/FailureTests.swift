import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

@Suite("When the other side does not do its part")
struct FailureTests {
  @Test("a silent peer: the deadline is named, counts down on the clock, and ends the echo")
  func silent() async throws {
    let folder = try TemporaryFolder()
    let peer = try HeldPort(listening: true)
    let clock = ManualClock()
    let station = try Station(configuration: Configuration(storageDirectory: folder.path + "/s"), clock: clock)
    let modality = Modality(name: "SILENT", aeTitle: "SILENT", host: "127.0.0.1", port: peer.port)
    let operation = station.echo(modality, timeout: TimeoutChoice(seconds: 3))
    await station.jobs.state(.associating, of: operation.job)
    clock.advance(by: .seconds(1))
    let snapshot = operation.job.snapshot
    #expect(snapshot.wait?.limit == .seconds(3))
    #expect(snapshot.wait?.remaining(at: clock.now) == .seconds(2))
    #expect(snapshot.wait?.words == "waiting for the association to be accepted")

    operation.job.extend(by: .seconds(10))
    clock.advance(by: .seconds(11))
    #expect(!operation.job.snapshot.state.hasEnded, "ten seconds more were given")
    clock.advance(by: .seconds(2))
    let result = try await operation.value()
    #expect(result.outcome.state == .timedOut && result.outcome.exitStatus == 1)
    #expect(result.failedPhase == "associate")
    #expect(result.outcome.words.contains("did not answer the association request"))
    #expect(result.json.text.contains(#""ok":false"#))
    await station.shutdown()
  }

  @Test("with a timeout of 0 there is no limit, and cancel ends it at once")
  func cancelWithoutLimit() async throws {
    let folder = try TemporaryFolder()
    let peer = try HeldPort(listening: true)
    let clock = ManualClock()
    let station = try Station(configuration: Configuration(storageDirectory: folder.path + "/s"), clock: clock)
    let modality = Modality(name: "SILENT", aeTitle: "SILENT", host: "127.0.0.1", port: peer.port)
    let operation = station.echo(modality, timeout: TimeoutChoice(seconds: 0))
    await station.jobs.state(.associating, of: operation.job)
    clock.advance(by: .seconds(86400))
    #expect(operation.job.snapshot.state == .associating && operation.job.snapshot.wait?.limit == nil)
    operation.job.cancel()
    let result = try await operation.value()
    #expect(result.outcome.state == .cancelled && result.outcome.exitStatus == 130)
    await station.shutdown()
  }

  @Test("nobody listens, and a title the peer does not answer to")
  func refusedAndRejected() async throws {
    try await Stations.with { stations in
      let refusing = try stations.front.configuration.modality(named: "REFUSES")
      let refused = try await stations.front.echo(refusing).value()
      #expect(refused.outcome.state == .failed && refused.failedPhase == "connect")
      #expect(refused.outcome.words.contains("refused"))
      let wrong = try stations.front.configuration.modality(named: "WRONGTITLE")
      let rejected = try await stations.front.echo(wrong).value()
      #expect(rejected.outcome.state == .rejected && rejected.failedPhase == "associate")
      #expect(rejected.outcome.words.contains("not called OTHERPACS"))
      let seen = stations.pacs.station.activity.entries
      #expect(seen.contains { $0.kind == .rejection && $0.words.contains("called us OTHERPACS") })
      #expect(stations.front.activity.entries.contains { $0.kind == .rejection })
    }
  }

  @Test("a find that cannot connect gives a result with words, and no match")
  func findRefused() async throws {
    try await Stations.with { stations in
      let refusing = try stations.front.configuration.modality(named: "REFUSES")
      let (result, rows) = try await stations.find(Query(), refusing)
      #expect(result.outcome.state == .failed && rows.isEmpty && result.status == nil)
      let request = RetrieveRequest(level: .study, items: [.study("1.2.3")])
      let move = try await stations.front.move(refusing, request).value()
      #expect(move.outcome.state == .failed && move.items.first?.status == nil)
      #expect(move.json.text.hasPrefix(#"{"status":null"#))
    }
  }

  @Test("TLS without certificates to trust, or with a file that is not there: nothing goes out in the clear")
  func tls() async throws {
    try await Stations.with { stations in
      var modality = stations.modality
      modality.useDicomTLS = true
      let error = await #expect(throws: OperationError.self) { try await stations.front.echo(modality).value() }
      #expect(error?.description.contains("DicomTlsTrustedCertificates names no certificates") == true)
      #expect(stations.pacs.station.activity.entries.isEmpty)
    }
    var tls = Configuration.TLS()
    tls.trustedCertificates = "/nowhere/trusted.pem"
    try await Stations.with([.set(\.tls, tls)]) { stations in
      var modality = stations.modality
      modality.useDicomTLS = true
      let error = await #expect(throws: OperationError.self) { try await stations.front.echo(modality).value() }
      #expect(error?.description == "DicomTlsTrustedCertificates /nowhere/trusted.pem: there is no such file")
      #expect(stations.pacs.station.activity.entries.isEmpty)
    }
  }

  @Test("an SCP that cannot be secured as it should be does not listen, and says which file is at fault")
  func tlsAcceptor() async throws {
    var tls = Configuration.TLS()
    tls.isEnabled = true
    tls.certificate = "/nowhere/own.pem"
    tls.privateKey = "/nowhere/own.key"
    tls.trustedCertificates = "/nowhere/trusted.pem"
    try await Stations.with([.set(\.tls, tls)]) { stations in
      let state = await stations.front.startReceiving()
      #expect(state == .off(reason: "DicomTlsCertificate /nowhere/own.pem: there is no such file"))
    }
  }

  @Test("the port is taken: off, with the name of who holds it, and a move here is refused")
  func portTaken() async throws {
    let holder = try HeldPort(listening: true)
    try await Stations.with([.set(\.dicomPort, holder.port)]) { stations in
      guard case .off(let reason) = await stations.front.startReceiving() else {
        Issue.record("it must not listen")
        return
      }
      #expect(reason.contains("Port \(holder.port) is in use by"))
      #expect(reason.contains("set another DicomPort"))
      #expect(reason.contains("process \(ProcessInfo.processInfo.processIdentifier)"))
      let study = try stations.largestStudy()
      let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
      let error = await #expect(throws: OperationError.self) {
        try await stations.front.move(stations.modality, request).value()
      }
      #expect(error?.description.hasPrefix("nothing was asked for, because we could not receive it") == true)
      #expect(try await stations.front.echo(stations.modality).value().isOK, "the rest works on")
    }
  }

  @Test("a storage folder that is another program's is refused and not touched")
  func foreignStorage() throws {
    let folder = try TemporaryFolder()
    try folder.write("important.txt", "not fluoro's")
    #expect(throws: StorageError.self) { try Station(configuration: Configuration(storageDirectory: folder.path)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["important.txt"])
  }

  @Test("two fluoros on one storage: one receives, the other sees it arrive")
  func sharedStorage() async throws {
    try await Stations.with { stations in
      #expect(await stations.front.startReceiving().port == stations.front.configuration.dicomPort)
      let second = try Station(configuration: stations.front.configuration)
      guard case .elsewhere(let receiver) = await second.startReceiving() else {
        Issue.record("the first one receives")
        return
      }
      #expect(receiver.titles == ["FLUORO"] && receiver.port == stations.front.configuration.dicomPort)
      let study = try stations.largestStudy()
      let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
      let result = try await second.move(stations.modality, request).value()
      #expect(result.outcome.state == .done && result.received == study.instances)
      let other = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)], localAET: "OTHER")
      let error = await #expect(throws: OperationError.self) {
        try await second.move(stations.modality, other).value()
      }
      #expect(error?.description.contains("not called OTHER but FLUORO") == true)
      await second.shutdown()
    }
  }

  @Test("a title that is answered to later is known to the other fluoro on the storage as well")
  func sharedTitles() async throws {
    try await Stations.with { stations in
      await stations.front.startReceiving()
      await stations.front.startReceiving(as: "OTHER")
      let second = try Station(configuration: stations.front.configuration)
      #expect(await second.startReceiving().titles == ["FLUORO", "OTHER"])
      await second.shutdown()
    }
  }
}

extension JobQueue {
  /// Returns when the job is in that state, or has ended.
  func state(_ state: JobState, of job: Job) async {
    let stream = AsyncStream<Void> { continuation in
      let observation = observe { changed in
        let now = changed.snapshot.state
        if changed.id == job.id, now == state || now.hasEnded { continuation.finish() }
      }
      continuation.onTermination = { _ in observation.cancel() }
      let now = job.snapshot.state
      if now == state || now.hasEnded { continuation.finish() }
    }
    for await _ in stream {}
  }
}
