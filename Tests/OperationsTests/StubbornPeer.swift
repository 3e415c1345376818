import Dicom
import Foundation
import NIOCore

@testable import Operations

/// Takes instances but for what it is told not to; each association ends at the first of some.
final class StubbornPeer: AcceptorDelegate {
  let refused = Box<Set<String>>([])
  /// Instances at which it aborts.
  let fatal: Set<String>
  /// How often it did.
  let aborts = Box(0)
  /// Instances that it takes and never answers, and how often it did.
  let unanswered: Set<String>
  let silences = Box(0)
  /// What it answers where it stores.
  let answer: Status
  /// SOP classes that it takes no part in.
  let unknown: Set<UID>
  let stored = Box<[String]>([])

  init(
    fatal: Set<String> = [], unanswered: Set<String> = [], answer: Status = .success, unknown: Set<UID> = []
  ) {
    self.fatal = fatal
    self.unanswered = unanswered
    self.answer = answer
    self.unknown = unknown
  }

  func evaluate(_ request: AssociateRequest) -> AssociateDecision {
    request.accepting(abstractSyntax: { [unknown] in !unknown.contains($0) }, transferSyntax: { _, _ in true })
  }

  func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception {
    let uid = request.sopInstanceUID.rawValue
    if fatal.contains(uid) {
      aborts.change { $0 += 1 }
      association.abort()
      return .refuse(Status(0xC000))
    }
    if refused.value.contains(uid) { return .refuse(Status(0xA700)) }
    let isAnswered = !unanswered.contains(uid)
    return .receive(
      Receiver { [stored, silences, answer] in
        if isAnswered { stored.change { $0.append(uid) } } else { silences.change { $0 += 1 } }
        return isAnswered ? answer : nil
      })
  }

  private final class Receiver: StoreReceiver {
    /// Says what is answered.
    let done: @Sendable () -> Status?
    init(_ done: @escaping @Sendable () -> Status?) { self.done = done }
    func receive(_ bytes: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool { true }
    func finish(_ respond: @escaping @Sendable (Status) -> Void) {
      if let status = done() { respond(status) }
    }
    func abandon() {}
  }

  /// A station, such a peer, and a request to send so many instances to it.
  static func with(
    _ peer: StubbornPeer, count: Int, clock: any DeadlineClock = SystemDeadlineClock(),
    _ body: (Station, Modality, SendRequest) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    for number in 1...count {
      var dataSet = DataSet()
      dataSet.set(.sopClassUID, UID.ctImageStorage)
      dataSet.set(.sopInstanceUID, UID("1.2.\(number)"))
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: UID("1.2.\(number)"),
        transferSyntax: TransferSyntax.explicitVRLittleEndian.uid)
      try DicomFile.write(dataSet, meta: meta, to: "\(folder.path)/\(100 + number).dcm")
    }
    let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: peer)
    let station = try Station(configuration: Configuration(storageDirectory: folder.path + "-storage"), clock: clock)
    let modality = Modality(name: "PEER", aeTitle: "PEER", host: "127.0.0.1", port: acceptor.port)
    try await body(station, modality, SendRequest(sources: [.path(folder.path)]))
    await station.shutdown()
    await acceptor.close(grace: .zero)
    try? FileManager.default.removeItem(atPath: folder.path + "-storage")
  }
}
