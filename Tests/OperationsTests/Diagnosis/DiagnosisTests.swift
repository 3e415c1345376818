import Dicom
import Foundation
import Testing

@testable import Operations

@Suite("Diagnosis of peers that are broken in one way each", .serialized)
struct DiagnosisTests {

  /// Runs `body` with a station in front and a modality at `port`.
  private func diagnose(
    port: Int, moves: Bool = false, clock: any DeadlineClock = SystemDeadlineClock(),
    timeout: Double = 10, with change: (inout Configuration, inout Modality) throws -> Void = { _, _ in },
    meanwhile: (Station, Job) async -> Void = { _, _ in }
  ) async throws -> Diagnosis {
    let folder = try TemporaryFolder()
    var configuration = Configuration(storageDirectory: folder.path + "/s")
    configuration.dicomBindAddress = "127.0.0.1"
    configuration.dicomPort = try HeldPort.free()
    var modality = Modality(name: "PACS", aeTitle: "PACS", host: "127.0.0.1", port: port)
    try change(&configuration, &modality)
    let station = try Station(configuration: configuration, clock: clock)
    let operation = station.diagnose(modality, moves: moves, timeout: TimeoutChoice(seconds: timeout))
    await meanwhile(station, operation.job)
    let result = try await operation.value()
    await station.shutdown()
    return result
  }

  private func check(
    _ diagnosis: Diagnosis, _ layer: Diagnosis.Layer?, _ cause: DiagnosisCause?, _ advice: String,
    _ state: JobState = .failed, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let found = diagnosis.steps.first { $0.cause == diagnosis.cause && $0.cause != nil }?.layer
    #expect(found == layer, "\(diagnosis.report)", sourceLocation: sourceLocation)
    #expect(diagnosis.cause == cause, sourceLocation: sourceLocation)
    #expect(diagnosis.outcome.words.contains(advice), "\(diagnosis.outcome.words)", sourceLocation: sourceLocation)
    #expect(diagnosis.outcome.state == state, sourceLocation: sourceLocation)
  }

  private func serving<Value>(
    _ station: BrokenStation, security: ConnectionSecurity? = nil, _ body: (Int) async throws -> Value
  ) async throws -> Value {
    let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, security: security, delegate: station)
    let result = await Result { try await body(acceptor.port) }
    await acceptor.close(grace: .zero)
    return try result.get()
  }

  // MARK: Below DICOM

  @Test("a name that nobody knows, and a port where nobody listens")
  func nobody() async throws {
    let unknown = try await diagnose(port: 104, with: { $1.host = "no..such..host" })
    check(unknown, .resolve, .unresolved, "Check the name")
    let refusing = try HeldPort(listening: false)
    check(try await diagnose(port: refusing.port), .connect, .refused, "nothing listens on that port")
  }

  @Test("a firewall that drops, and a port that takes the connection and says nothing: told apart")
  func noAnswer() async throws {
    let (dropping, clock) = (try DroppingPort(), ManualClock())
    let filtered = try await diagnose(
      port: dropping.port, clock: clock,
      meanwhile: { station, job in
        await station.jobs.state(.connecting, of: job)
        clock.advance(by: .seconds(10))
      })
    check(filtered, .connect, .filtered, "Check the address and firewalls", .timedOut)
    let listening = try HeldPort(listening: true)
    let silent = try await diagnose(
      port: listening.port, clock: clock,
      meanwhile: { station, job in
        await station.jobs.state(.associating, of: job)
        clock.advance(by: .seconds(10))
      })
    check(silent, .association, .silent, "Check that this is a DICOM port", .timedOut)
    #expect(silent[.connect].verdict == .passed && silent[.echo].verdict == .skipped)
  }

  @Test("one that resets, one that hangs up, and a web server")
  func strangers() async throws {
    let resetting = try await OddPort(received: OddPort.reset)
    check(try await diagnose(port: resetting.port), .association, .reset, "does not know our AE title FLUORO")
    await resetting.stop()
    let closing = try await OddPort(received: { $0.close(promise: nil) })
    check(try await diagnose(port: closing.port), .association, .closed, "does not know our AE title")
    await closing.stop()
    let web = try await OddPort(received: { OddPort.say("HTTP/1.1 400 Bad Request\r\n\r\n", $0) })
    check(try await diagnose(port: web.port), .association, .notDicom, "Check the port")
    await web.stop()
  }

  // MARK: TLS

  @Test("TLS on one side only")
  func halfTLS() async throws {
    let secured = try await serving(BrokenStation(), security: try TestCertificates.security("pacs", .anonymousClient))
    { port in
      try await diagnose(port: port)
    }
    check(secured, .association, .expectsTLS, "TLS")
    let plain = try await serving(BrokenStation()) { port in
      try await diagnose(port: port, with: Self.usingTLS)
    }
    check(plain, .tls, .notTLS, "switch TLS off for this peer")
  }

  @Test(
    "certificates that are no good",
    arguments: [
      ("expired", DiagnosisCause.certificateExpired, "must be renewed there"),
      ("stranger", .certificateUntrusted, "Add that issuer's certificate"),
      ("elsewhere", .certificateOfOtherHost, "not made out for 127.0.0.1"),
    ])
  func certificates(_ name: String, _ cause: DiagnosisCause, _ advice: String) async throws {
    let result = try await serving(BrokenStation(), security: try TestCertificates.security(name, .anonymousClient)) {
      port in
      try await diagnose(port: port, with: Self.usingTLS)
    }
    check(result, .tls, cause, advice)
    #expect(result[.connect].verdict == .passed)
  }

  @Test("a good certificate: version, cipher, and the end of its validity")
  func goodTLS() async throws {
    let result = try await serving(BrokenStation(), security: try TestCertificates.security("pacs", .anonymousClient)) {
      port in
      try await diagnose(port: port, with: Self.usingTLS)
    }
    check(result, .tls, .certificateExpiring, "must be renewed there; whether PACS knows FLUORO", .done)
    #expect(result[.tls].verdict == .warning, "it is valid for a day")
    #expect(result[.tls].words.contains("TLS 1.3") && result[.tls].details.contains { $0.hasPrefix("valid until 20") })
  }

  private static func usingTLS(_ configuration: inout Configuration, _ modality: inout Modality) throws {
    configuration.tls.trustedCertificates = try TestCertificates.path("ca.pem")
    modality.useDicomTLS = true
    modality.tlsVerifyHost = true
  }

  // MARK: DICOM

  @Test("a station that rejects us, each reason with what to change and where")
  func rejections() async throws {
    let cases: [(Rejection, DiagnosisCause, String)] = [
      (.callingAETitleNotRecognized, .callingTitle, "does not know our AE title FLUORO: it must be added there"),
      (.calledAETitleNotRecognized, .calledTitle, "not called PACS: check the AE title configured for it"),
      (.localLimitExceeded, .busy, "PACS"), (.noReasonGiven, .rejected, "our AE title FLUORO"),
    ]
    for (rejection, cause, advice) in cases {
      let result = try await serving(BrokenStation(rejection: rejection)) { port in
        try await diagnose(port: port)
      }
      check(result, .association, cause, advice, .rejected)
    }
  }

  @Test("services that are not offered, or fail")
  func services() async throws {
    let cases: [(String, BrokenStation, Diagnosis.Layer, DiagnosisCause, String, JobState)] = [
      ("no echo context", BrokenStation(refusedContexts: [.verification]), .echo, .notOffered, "verification", .failed),
      ("echo fails", BrokenStation(echoStatus: .processingFailure), .echo, .status, "0x0110", .failed),
      ("find refused", BrokenStation(findStatus: .notAuthorized), .find, .status, "0x0124", .partial),
      (
        "no find context", BrokenStation(refusedContexts: [.studyRootFind, .patientRootFind]), .find, .notOffered,
        "offers no queries", .partial
      ),
      (
        "no move context", BrokenStation(refusedContexts: [.studyRootMove, .patientRootMove]), .reach, .notOffered,
        "RetrieveMethod C-GET", .partial
      ),
      ("A801", BrokenStation(moveStatus: .moveDestinationUnknown), .reach, .titleUnknown, "add it there", .partial),
    ]
    for (name, station, layer, cause, advice, state) in cases {
      let result = try await serving(station) { try await diagnose(port: $0) }
      check(result, layer, cause, advice, state)
      let details = result[.association].details
      #expect(details.contains { $0.contains("accepted, Implicit VR Little Endian") }, "\(name)")
    }
  }

  @Test("everything answers: that it reaches us is said to be unproven, and nothing is moved")
  func unproven() async throws {
    let result = try await serving(BrokenStation()) { try await diagnose(port: $0) }
    check(result, .reach, .notProven, "not proven", .done)
    #expect(result[.reach].verdict == .unproven && result.outcome.exitStatus == 0)
    #expect(result.outcome.words.contains("C-ECHO and C-FIND work"))
  }

  @Test("it says it has sent an instance, and nothing arrives: the address it has for us is wrong")
  func notReached() async throws {
    var match = DataSet()
    match.set(.studyInstanceUID, "1.2.3")
    match.set(.seriesInstanceUID, "1.2.3.4")
    match.set(.sopInstanceUID, "1.2.3.4.5")
    let station = BrokenStation(movedInstances: 1, matches: [match])
    let result = try await serving(station) { try await diagnose(port: $0, moves: true, timeout: 1) }
    check(result, .reach, .notReached, "its entry for FLUORO must have the address 127.0.0.1 and port", .partial)
  }

  @Test(
    "a PACS that works: an instance is moved here and everything is proven; one with a wrong port for us does not reach us"
  )
  func works() async throws {
    try await Stations.with { stations in
      let seen = Box<[Diagnosis]>([])
      let operation = stations.front.diagnose(stations.modality, moves: true) { now in seen.change { $0.append(now) } }
      let result = try await operation.value()
      check(result, nil, nil, "Everything works", .done)
      #expect(result[.reach].verdict == .passed)
      #expect(try stations.front.index.statistics().instances == 1)
      #expect(seen.value.contains { $0[.association].verdict == .running }, "told as it goes on")
      let text = result.report.joined(separator: "\n")
      let patients = try stations.pacs.station.index.studies().compactMap(\.patientName)
      #expect(!patients.isEmpty && !patients.contains { !$0.isEmpty && text.contains($0) })
      #expect(text.contains("C-ECHO") && text.contains("Study Root") && text.contains("SAMPLEPACS@127.0.0.1"))
    }
    try await Stations.with([.set(\.dicomPort, try HeldPort.free())]) { stations in
      let result = try await stations.front.diagnose(stations.modality, moves: true).value()
      check(
        result, .reach, .notReached,
        "must have the address 127.0.0.1 and port \(stations.front.configuration.dicomPort)",
        .partial)
    }
  }
}

extension Result where Failure == any Error {
  /// What an asynchronous body gives or throws.
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
