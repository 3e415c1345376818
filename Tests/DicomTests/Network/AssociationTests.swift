import Foundation
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Dicom

@Suite("Associations between ourselves")
struct AssociationTests {
  let deadlines = Deadlines(Timeouts(all: .seconds(20)))

  @Test("an echo is answered, the association released, the peer known")
  func echo() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port), deadlines: deadlines)
      #expect(association.peer.implementationVersionName == Implementation.versionName)
      #expect(association.peer.maximumPDULength == 131_072)
      #expect(association.phases.connect != nil)
      #expect(association.phases.associate != nil)
      #expect(acceptor.associations.map(\.callingAETitle) == ["FLUORO"])
      for _ in 0..<10 { #expect(try await association.echo().isSuccess) }
      await association.release()
      await delegate.untilEnded(1)
      #expect(delegate.ends == [.released])
      #expect(acceptor.associations.isEmpty)
      let error = await #expect(throws: AssociationError.self) { try await association.echo() }
      #expect(error?.reason == .closed && error?.phase == .echo)
    }
  }

  @Test("a row of echoes goes over one association, until one is not answered with success")
  func echoes() async throws {
    let asked = NIOLockedValueBox(0)
    let delegate = SampleDelegate(echoing: {
      asked.withLockedValue { asked in
        asked += 1
        return asked == 1003 ? .processingFailure : .success
      }
    })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port), deadlines: deadlines)
      let answers = NIOLockedValueBox<[Status]>([])
      for wanted in [1000, 3] {
        try await association.echo(times: 1000) { status, time in
          #expect(time > .zero)
          answers.withLockedValue { $0.append(status) }
        }
        #expect(answers.withLockedValue { $0.count } == wanted)
        #expect(answers.withLockedValue { $0.last?.isSuccess } == (wanted == 1000))
        answers.withLockedValue { $0 = [] }
      }
      #expect(asked.withLockedValue { $0 } == 1003)
      await association.release()
    }
  }

  @Test("more presentation contexts than an association takes are an error, never left out in silence")
  func tooManyContexts() async throws {
    let contexts = (0...128).map {
      PresentationContextProposal(abstractSyntax: UID("1.2.\($0)"), transferSyntaxes: [.implicitVRLittleEndian])
    }
    let error = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(1, contexts), deadlines: deadlines)
    }
    #expect(error?.description.contains("129 presentation contexts do not fit into one association") == true)
  }

  @Test("by name, the resolver is asked and every address tried")
  func byName() async throws {
    try await withAcceptor(SampleDelegate()) { acceptor in
      var parameters = AssociationParameters.local(acceptor.port)
      parameters.host = "localhost"
      let association = try await Association.request(parameters, deadlines: deadlines)
      #expect(association.phases.resolve != nil)
      #expect(try await association.echo().isSuccess)
      await association.release()
    }
  }

  @Test("matches come in order, then the final status")
  func find() async throws {
    let delegate = SampleDelegate(matches: (0..<500).map { sampleIdentifier("DOE^\($0)") })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port, [.studyFind]), deadlines: deadlines)
      #expect(association.acceptedTransferSyntax(for: .studyRootFind) == .explicitVRLittleEndian)
      let names = NIOLockedValueBox<[String]>([])
      let status = try await association.find(sampleIdentifier(""), model: .studyRootFind) { match in
        names.withLockedValue { $0.append(match.string(.patientName) ?? "?") }
      }
      #expect(status.isSuccess)
      #expect(names.withLockedValue { $0 } == (0..<500).map { "DOE^\($0)" })
      await association.release()
    }
  }

  @Test("a cancelled query sends C-CANCEL and ends with FE00; the association lives on")
  func cancelFind() async throws {
    let delegate = SampleDelegate(finding: { _ in
      AsyncThrowingStream { continuation in
        continuation.yield(sampleIdentifier("FIRST"))  // and then nothing, until it is cancelled
      }
    })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(
        .local(acceptor.port, [.studyFind, .verification]), deadlines: deadlines)
      let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
      let query = Task {
        try await association.find(sampleIdentifier(""), model: .studyRootFind) { _ in arrived.yield() }
      }
      for await _ in arrivals { break }
      query.cancel()
      #expect(try await query.value.isCancel)
      #expect(try await association.echo().isSuccess)
      await association.release()
    }
  }

  @Test(
    "an instance is stored byte for byte, from memory and from a file", arguments: [16, 8192, 131_072, 0] as [UInt32])
  func store(_ maximumPDULength: UInt32) async throws {
    let delegate = SampleDelegate()
    let bytes = ByteBuffer(bytes: (0..<3_300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let small = ByteBuffer(bytes: (0..<4000).map { UInt8(truncatingIfNeeded: $0) })
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/instance"
    try Data(bytes.readableBytesView).write(to: URL(fileURLWithPath: path))
    try await withAcceptor(delegate, maximumPDULength: maximumPDULength) { acceptor in
      let association = try await Association.request(.local(acceptor.port, [.ct]), deadlines: deadlines)
      func source(_ content: StoreSource.Content) -> StoreSource {
        StoreSource(
          content: content, sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3",
          transferSyntax: .explicitVRLittleEndian)
      }
      let sent = NIOLockedValueBox(0)
      if maximumPDULength != 16 {
        let status = try await association.store(
          source(.file(path: path, offset: 144)), moveOriginator: MoveOriginator(aeTitle: "MOVER", messageID: 77)
        ) { total in sent.withLockedValue { $0 = total } }
        #expect(status.isSuccess)
        #expect(sent.withLockedValue { $0 } == bytes.readableBytes - 144)
      }
      #expect(try await association.store(source(.bytes(small))).isSuccess)
      await association.release()
    }
    var expected = bytes
    expected.moveReaderIndex(forwardBy: 144)
    #expect(delegate.stored.map(\.bytes) == (maximumPDULength == 16 ? [small] : [expected, small]))
    if maximumPDULength != 16 {
      #expect(delegate.stored.first?.request.moveOriginatorAETitle == "MOVER")
      #expect(delegate.stored.first?.request.moveOriginatorMessageID == 77)
    }
  }

  @Test("instances in memory and in files go in the order they are given, past thousands that cannot be sent")
  func mixedStores() async throws {
    let delegate = SampleDelegate()
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/instance"
    let bytes = ByteBuffer(repeating: 7, count: 1000)
    try Data(bytes.readableBytesView).write(to: URL(fileURLWithPath: path))
    // In memory, in files, some of each; between them what the peer does not take.
    let kinds = [0, 0, 0, 1, 1, 0, 1, 0] + Array(repeating: 0, count: 50) + Array(repeating: 1, count: 100)
    let isTaken = kinds.map { _ in true } + Array(repeating: false, count: 3000) + kinds.map { _ in true }
    let all = kinds + Array(repeating: 0, count: 3000) + kinds
    let next = NIOLockedValueBox(0)
    let told = NIOLockedValueBox<[Int]>([])
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port, [.ct]), deadlines: deadlines)
      try await association.store(next: {
        let number = next.withLockedValue { next in
          defer { next += 1 }
          return next
        }
        guard number < all.count else { return nil }
        let source = StoreSource(
          content: all[number] == 0 ? .bytes(bytes) : .file(path: path, offset: 0), sopClassUID: .ctImageStorage,
          sopInstanceUID: UID("1.2.\(number)"),
          transferSyntax: isTaken[number] ? .explicitVRLittleEndian : .jpegBaseline8Bit)
        return OutgoingStore(source: all[number] == 0 ? .memory(source) : .later { source }) { result in
          let isStored = (try? result.get().isSuccess) ?? false
          told.withLockedValue { $0.append(isStored == isTaken[number] ? number : -1) }
        }
      })
      await association.release()
    }
    let taken = isTaken.indices.filter { isTaken[$0] }
    #expect(delegate.stored.map { $0.request.sopInstanceUID.rawValue } == taken.map { "1.2.\($0)" })
    #expect(delegate.stored.allSatisfy { $0.bytes == bytes })
    #expect(told.withLockedValue { $0 } == Array(all.indices))
  }

  @Test("a refused instance is read off the wire and answered in words; a file that is gone is said")
  func refusedStore() async throws {
    let delegate = SampleDelegate(reception: { _ in Status.outOfResources.commented("disk full") })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(
        .local(acceptor.port, [.ct, .verification]), deadlines: deadlines)
      var source = StoreSource(
        content: .bytes(ByteBuffer(repeating: 1, count: 500_000)), sopClassUID: .ctImageStorage,
        sopInstanceUID: "1.2.3", transferSyntax: .explicitVRLittleEndian)
      let status = try await association.store(source)
      #expect(status.words == "Refused: out of resources (disk full)")
      #expect(try await association.echo().isSuccess)
      source.transferSyntax = "1.2.840.10008.1.2.4.50"
      await #expect(throws: AssociationError.self) { try await association.store(source) }
      source.transferSyntax = .explicitVRLittleEndian
      source.content = .file(path: "/nowhere/at/all", offset: 0)
      let error = await #expect(throws: AssociationError.self) { try await association.store(source) }
      #expect(error?.description.contains("/nowhere/at/all: No such file or directory") == true)
    }
  }

  @Test("while a receiver finishes on its own thread, nothing else is taken from the association")
  func slowReceiver() async throws {
    let responds = NIOLockedValueBox<[@Sendable (Status) -> Void]>([])
    let (finishes, finished) = AsyncStream.makeStream(of: Void.self)
    let delegate = SampleDelegate(finish: { respond in
      responds.withLockedValue { $0.append(respond) }
      finished.yield()
    })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port, [.ct]), deadlines: deadlines)
      let source = StoreSource(
        content: .bytes(ByteBuffer(repeating: 1, count: 1000)), sopClassUID: .ctImageStorage, sopInstanceUID: "1.2.3",
        transferSyntax: .explicitVRLittleEndian)
      let stores = Task {
        for _ in 0..<3 { try #require(await association.store(source).isSuccess) }
      }
      var count = 0
      for await _ in finishes {
        count += 1
        #expect(delegate.stored.count == count)
        responds.withLockedValue { $0.removeLast() }(.success)
        if count == 3 { break }
      }
      try await stores.value
      await association.release()
    }
  }

  @Test("a move reports its counters, names what failed, and says so in its status")
  func move() async throws {
    let delegate = SampleDelegate(moving: { request in
      #expect(request.destination == "DEST")
      #expect(request.level == .study)
      return AsyncThrowingStream { continuation in
        for done in 1...3 {
          continuation.yield(
            MoveProgress(
              subOperations: SubOperations(
                remaining: 3 - done, completed: min(done, 2), failed: max(0, done - 2), warning: 0),
              failedSOPInstanceUIDs: done == 3 ? ["1.2.3.9"] : []))
        }
        continuation.finish()
      }
    })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port, [.studyMove]), deadlines: deadlines)
      let progress = NIOLockedValueBox<[SubOperations]>([])
      let outcome = try await association.move(sampleIdentifier(""), model: .studyRootMove, destination: "DEST") {
        counters in progress.withLockedValue { $0.append(counters) }
      }
      #expect(progress.withLockedValue { $0.map(\.remaining) } == [2, 1])
      #expect(outcome.status.code == 0xB000)
      #expect(outcome.subOperations.completed == 2)
      #expect(outcome.subOperations.failed == 1)
      #expect(outcome.failedSOPInstanceUIDs == ["1.2.3.9"])
      await association.release()
    }
  }

  @Test("what is not served is refused with the standard's status")
  func notServed() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(
        .local(acceptor.port, [.studyMove, .verification, .studyFind]), deadlines: deadlines)
      let outcome = try await association.move(sampleIdentifier(""), model: .studyRootMove, destination: "X")
      #expect(outcome.status.code == 0x0122)
      var command = CommandSet(.nActionRequest)
      command.messageID = association.allocateMessageID()
      let response = try await association.perform(
        OutgoingRequest(
          phase: .echo, contextID: try association.context(for: .verification, .echo).id, command: command,
          messageID: command.messageID ?? 0))
      #expect(response.status.code == 0x0211)
      await association.release()
    }
  }

  @Test(
    "a rejection names its reason and what to check",
    arguments: [
      (Rejection.callingAETitleNotRecognized, "does not know our AE title FLUORO"),
      (.calledAETitleNotRecognized, "is not called ANY-SCP"),
      (.localLimitExceeded, "associations it allows are in use"),
    ])
  func rejection(_ rejection: Rejection, _ words: String) async throws {
    try await withAcceptor(SampleDelegate(decide: { _ in .reject(rejection) })) { acceptor in
      let error = await #expect(throws: AssociationError.self) {
        try await Association.request(.local(acceptor.port), deadlines: deadlines)
      }
      #expect(error?.reason == .rejected(rejection))
      #expect(error?.phase == .associate)
      #expect(error?.description.contains(words) == true)
    }
  }

  @Test("no context accepted is an error of the operation, with the service's name")
  func noContext() async throws {
    let delegate = SampleDelegate(decide: {
      $0.accepting(abstractSyntax: { _ in false }, transferSyntax: { _, _ in true })
    })
    try await withAcceptor(delegate) { acceptor in
      let association = try await Association.request(.local(acceptor.port), deadlines: deadlines)
      let error = await #expect(throws: AssociationError.self) { try await association.echo() }
      #expect(error?.reason == .noAcceptedContext([.verification]))
    }
  }

  @Test("nobody there: refused, and said so")
  func refused() async throws {
    let closed = try ClosedPort()
    let error = await #expect(throws: AssociationError.self) {
      try await Association.request(.local(closed.port), deadlines: deadlines)
    }
    #expect(error?.reason == .refused)
    #expect(error?.phase == .connect)
  }

  @Test("a taken port is said in words")
  func portInUse() async throws {
    try await withAcceptor(SampleDelegate()) { acceptor in
      let error = await #expect(throws: ListenError.self) {
        try await Acceptor.listen(host: "127.0.0.1", port: acceptor.port, delegate: SampleDelegate())
      }
      #expect(error?.reason == .portInUse)
    }
  }

  @Test("an idle association is aborted after its time, one whose receiver works is not")
  func idle() async throws {
    let clock = ManualClock()
    let delegate = SampleDelegate()
    try await withAcceptor(delegate, idle: .seconds(30), clock: clock) { acceptor in
      let association = try await Association.request(.local(acceptor.port), deadlines: deadlines)
      #expect(try await association.echo().isSuccess)
      clock.advance(by: .seconds(31))
      await delegate.untilEnded(1)
      #expect(delegate.ends == [.idle(.seconds(30))])
      await #expect(throws: AssociationError.self) { try await association.echo() }
    }
  }

  @Test("an association that nobody holds any more is aborted")
  func dropped() async throws {
    let delegate = SampleDelegate()
    try await withAcceptor(delegate) { acceptor in
      do { _ = try await Association.request(.local(acceptor.port), deadlines: deadlines) }
      await delegate.untilEnded(1)
      #expect(delegate.ends == [.aborted(.user)])
    }
  }
}
