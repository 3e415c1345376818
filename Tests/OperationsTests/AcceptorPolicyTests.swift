import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

@Suite("Who may ask what of us")
struct AcceptorPolicyTests {
  /// A station that listens, and a modality that describes it.
  private func listening(
    _ settings: [Setting] = [], _ body: (Station, Modality, Station) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    var configuration = Configuration(storageDirectory: folder.path + "/ours")
    configuration.dicomPort = 0
    configuration.dicomBindAddress = "127.0.0.1"
    for setting in settings { setting.apply(&configuration) }
    let ours = try Station(configuration: configuration)
    let port = try #require(await ours.startReceiving().port)
    var stranger = Configuration(storageDirectory: folder.path + "/stranger")
    stranger.dicomAET = "STRANGER"
    let other = try Station(configuration: stranger)
    let modality = Modality(name: "OURS", aeTitle: "FLUORO", host: "127.0.0.1", port: port)
    try await body(ours, modality, other)
    await other.shutdown()
    await ours.shutdown()
  }

  private func sampleFile(_ folder: TemporaryFolder) throws -> String {
    var path: String?
    struct Enough: Error {}
    do {
      try SampleStudies.each { instance in
        let file = folder.path + "/one.dcm"
        try DicomFile.write(instance.dataSet, meta: instance.metaInformation, to: file)
        path = file
        throw Enough()
      }
    } catch is Enough {}
    return try #require(path)
  }

  @Test("as delivered: anyone may echo; a stranger stores, searches and moves nothing, and is shown with its title")
  func stranger() async throws {
    let folder = try TemporaryFolder()
    let file = try sampleFile(folder)
    try await listening { ours, modality, stranger in
      #expect(try await stranger.echo(modality).value().isOK)
      let sent = try await stranger.store(modality, SendRequest(sources: [.path(file)])).value()
      #expect(sent.instances.first?.status?.code == 0x0124)
      let found = try await stranger.find(modality, Query()) { _ in }.value()
      #expect(found.status?.code == 0x0124 && found.outcome.state == .failed)
      #expect(try ours.index.statistics().instances == 0)
      let rejection = ours.activity.entries.first { $0.kind == .rejection }
      #expect(rejection?.refusedAETitle == "STRANGER" && rejection?.refusedHost == "127.0.0.1")

      try ours.allowStore(from: "stranger")
      let again = try await stranger.store(modality, SendRequest(sources: [.path(file)])).value()
      #expect(again.outcome.state == .done)
      #expect(try ours.index.statistics().instances == 1)
    }
  }

  @Test("a configured title may store, and search only where AllowFind says so")
  func configured() async throws {
    let folder = try TemporaryFolder()
    let file = try sampleFile(folder)
    var known = Modality(name: "S", aeTitle: "stranger", host: "192.0.2.1", port: 104)
    try await listening([.set(\.modalities, [known])]) { ours, modality, stranger in
      let sent = try await stranger.store(modality, SendRequest(sources: [.path(file)])).value()
      #expect(sent.outcome.state == .done, "titles compare without case, and the host is not checked")
      #expect(try await stranger.find(modality, Query()) { _ in }.value().status?.code == 0x0124)
    }
    known.allowed.insert(.find)
    try await listening([.set(\.modalities, [known])]) { ours, modality, stranger in
      _ = try await stranger.store(modality, SendRequest(sources: [.path(file)])).value()
      #expect(try await stranger.find(modality, Query()) { _ in }.value().matches == 1)
    }
    try await listening([
      .set(\.modalities, [known]),
      .set(\.strictAETComparison, true),
    ]) { ours, modality, stranger in
      let sent = try await stranger.store(modality, SendRequest(sources: [.path(file)])).value()
      #expect(sent.instances.first?.status?.code == 0x0124)
    }
  }

  @Test("under DicomCheckModalityHost title and host must both match")
  func host() async throws {
    let folder = try TemporaryFolder()
    let file = try sampleFile(folder)
    for (host, isAllowed) in [("192.0.2.1", false), ("127.0.0.1", true)] {
      try await listening([
        .set(\.modalities, [Modality(name: "S", aeTitle: "STRANGER", host: host, port: 104)]),
        .set(\.checkModalityHost, true),
      ]) { ours, modality, stranger in
        let sent = try await stranger.store(modality, SendRequest(sources: [.path(file)])).value()
        #expect((sent.outcome.state == .done) == isAllowed)
      }
    }
  }

  @Test("when nobody is always allowed, an unknown title is not even let in")
  func closed() async throws {
    try await listening([.set(\.alwaysAllowed, [])]) { ours, modality, stranger in
      let echo = try await stranger.echo(modality).value()
      #expect(echo.outcome.state == .rejected)
      #expect(echo.outcome.words.contains("does not know our AE title STRANGER"))
    }
  }

  @Test("DicomCheckCalledAet: only our titles are answered to")
  func calledTitle() async throws {
    try await listening([.set(\.checkCalledAET, true)]) { ours, modality, stranger in
      let right = try await stranger.echo(modality).value()
      #expect(right.isOK)
      var other = modality
      other.aeTitle = "SOMEBODY"
      let wrong = try await stranger.echo(other).value()
      #expect(wrong.outcome.state == .rejected)
    }
  }

  @Test("the storage is full by MaximumStorageSize: A700, and nothing is kept; until something is deleted")
  func full() async throws {
    let folder = try TemporaryFolder()
    let file = try sampleFile(folder)
    try await listening([
      .set(\.alwaysAllowed, [.echo, .store]),
      .set(\.maximumStorageSize, 1),
    ]) { ours, modality, stranger in
      let request = SendRequest(sources: [.path(file)])
      #expect(try await stranger.store(modality, request).value().outcome.state == .done)
      let refused = try await stranger.store(modality, request).value()
      #expect(refused.instances.first?.status?.code == 0xA700)
      let patient = try #require(try ours.index.find(LocalQuery(level: .patient)).first)
      #expect(try ours.index.delete(patient.id).instances == 1)
      var state = JobState.failed
      for _ in 0..<50 where state != .done { state = try await stranger.store(modality, request).value().outcome.state }
      #expect(state == .done)
    }
  }

  @Test("what the lists of SOP classes and transfer syntaxes leave out is refused when an association is negotiated")
  func negotiated() async throws {
    let (lossless, baseline) = (UID("1.2.840.10008.1.2.4.70"), UID("1.2.840.10008.1.2.4.50"))
    let private1 = UID("1.3.12.2.1107.5.9.1")
    try await listening([
      .set(\.acceptedSOPClasses, ["1.2.840.10008.5.1.4.1.1.*", private1.rawValue]),
      .set(\.rejectedSOPClasses, ["1.2.840.10008.5.1.4.1.1.2.?"]), .set(\.unknownSOPClassAccepted, false),
      .set(\.acceptedTransferSyntaxes, [lossless.rawValue, "1.2.840.10008.1.2.?"]),
    ]) { ours, modality, stranger async throws in
      func proposal(_ sopClass: UID, _ transferSyntaxes: UID...) -> PresentationContextProposal {
        PresentationContextProposal(abstractSyntax: sopClass, transferSyntaxes: transferSyntaxes)
      }
      let association = try await Association.request(
        AssociationParameters(
          host: "127.0.0.1", port: modality.port, callingAETitle: "STRANGER", calledAETitle: "FLUORO",
          presentationContexts: [
            proposal(.ctImageStorage, baseline, lossless), proposal(.mrImageStorage, baseline),
            proposal(.mrImageStorage, baseline, .implicitVRLittleEndian),
            proposal(.enhancedCTImageStorage, .implicitVRLittleEndian), proposal(private1, .explicitVRLittleEndian),
            proposal("1.3.12.2.1107.5.9.2", .explicitVRLittleEndian), proposal(.verification, lossless),
            proposal(.verification, .explicitVRLittleEndian),
          ]), deadlines: Deadlines(Timeouts(all: .seconds(30))))
      #expect(
        association.acceptedContexts.sorted { $0.id < $1.id }.map { [$0.abstractSyntax, $0.transferSyntax] } == [
          [.ctImageStorage, lossless], [.mrImageStorage, .implicitVRLittleEndian], [private1, .explicitVRLittleEndian],
          [.verification, .explicitVRLittleEndian],
        ])
      await association.release()
    }
  }

  @Test("which SOP classes and transfer syntaxes are agreed to")
  func contexts() {
    var configuration = Configuration(storageDirectory: "/nowhere")
    var policy: ContextPolicy { ContextPolicy(configuration) }
    #expect(policy.isWanted(.ctImageStorage) && policy.isWanted(.verification))
    #expect(policy.isWanted("1.3.12.2.1107.5.9.1"), "a private class is taken unless UnknownSopClassAccepted is false")
    #expect(!policy.isWanted(.worklistFind))
    #expect(policy.isWanted(.storageCommitmentPushModel), "reports come in it")
    let roles = policy.roles([
      RoleSelection(sopClassUID: .ctImageStorage, isSCU: false, isSCP: true),
      RoleSelection(sopClassUID: .worklistFind, isSCU: false, isSCP: true),
    ])
    #expect(roles.map(\.sopClassUID) == [.ctImageStorage])
    #expect(policy.isAcceptable("1.2.840.10008.1.2.4.50", for: .ctImageStorage))
    #expect(!policy.isAcceptable("1.2.840.10008.1.2.4.50", for: .verification))
    configuration.unknownSOPClassAccepted = false
    configuration.rejectedSOPClasses = ["1.2.840.10008.5.1.4.1.1.2*"]
    configuration.acceptedTransferSyntaxes = ["1.2.840.10008.1.2.1"]
    #expect(!policy.isWanted("1.3.12.2.1107.5.9.1") && !policy.isWanted(.ctImageStorage))
    #expect(policy.isWanted(.mrImageStorage))
    #expect(!policy.isAcceptable("1.2.840.10008.1.2.4.50", for: .mrImageStorage))
    #expect(policy.isAcceptable(.implicitVRLittleEndian, for: .mrImageStorage), "the default one always")
  }
}
