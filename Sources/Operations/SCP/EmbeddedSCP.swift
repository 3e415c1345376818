import Dicom
import Foundation
import LocalIndex
import Synchronization

/// How fluoro answers other stations: C-ECHO, C-STORE, reports on its storage commitments, and, where the configuration
/// allows it, C-FIND, C-MOVE and C-GET over the local studies.
final class EmbeddedSCP: AcceptorDelegate {
  let store: StoreService
  let index: LocalIndex
  let peers: PeerDirectory
  let moves: MovesInFlight
  let activity: ActivityLog
  let history: HistoryLog
  let clock: any DeadlineClock
  let pool: AssociationPool
  private let knownCertificates: KnownCertificates
  private let lastFlood = Mutex<ContinuousClock.Instant?>(nil)
  /// What happened on each association, for one line at its end.
  private let tallies = Mutex<[Int: Tally]>([:])

  init(
    store: StoreService, index: LocalIndex, peers: PeerDirectory, moves: MovesInFlight, activity: ActivityLog,
    history: HistoryLog, clock: any DeadlineClock, pool: AssociationPool, knownCertificates: KnownCertificates
  ) {
    self.knownCertificates = knownCertificates
    self.store = store
    self.index = index
    self.peers = peers
    self.moves = moves
    self.activity = activity
    self.history = history
    self.clock = clock
    self.pool = pool
  }

  /// Of a flood of connections one entry a minute is enough.
  private func isFloodNews() -> Bool {
    let now = clock.now
    return lastFlood.withLock { last in
      if let last, last.duration(to: now) < .seconds(60) { return false }
      last = now
      return true
    }
  }

  func tally(_ association: AcceptedAssociation) -> Tally {
    tallies.withLock { tallies in
      if let tally = tallies[association.id] { return tally }
      let tally = Tally()
      tallies[association.id] = tally
      return tally
    }
  }

  /// Whether a peer may ask for a service: anyone may, or a modality that it is may.
  func isAllowed(_ service: AllowedServices, _ association: AcceptedAssociation) -> Bool {
    let configuration = peers.configuration
    if configuration.alwaysAllowed.contains(service) { return true }
    return peers.modalities(aeTitle: association.callingAETitle, address: association.remoteAddress)
      .contains { $0.allowed.contains(service) }
  }

  /// Tells a person, once an association, that a service was refused.
  func refuse(_ service: String, _ key: String, _ association: AcceptedAssociation) -> Status {
    let isFirst = tally(association).noteRefusal(of: service)
    if isFirst {
      activity.add(
        .rejection, peer: Self.peer(association),
        "\(service) refused: \(association.callingAETitle) at \(association.remoteAddress) may not; "
          + "\(key) in its modality, or DicomAlways\(key), allows it",
        refusedAETitle: association.callingAETitle, refusedHost: association.remoteAddress)
    }
    return Status.notAuthorized.commented("\(service) is not allowed for \(association.callingAETitle)")
  }

  static func peer(_ association: AcceptedAssociation) -> String {
    "\(association.callingAETitle) \(association.remoteAddress)"
  }

  // MARK: Associations

  func evaluate(_ request: AssociateRequest) -> AssociateDecision {
    let configuration = peers.configuration
    if configuration.checkCalledAET,
      !peers.ownTitles.contains(where: { configuration.isSameAETitle($0, request.calledAETitle) })
    {
      return reject(
        request, .calledAETitleNotRecognized,
        "called us \(request.calledAETitle); we are \(peers.ownTitles.joined(separator: ", "))")
    }
    let anyone: AllowedServices = [.echo, .store, .find, .get, .move]
    if configuration.alwaysAllowed.isDisjoint(with: anyone), !isKnown(request), moves.isEmpty {
      return reject(request, .callingAETitleNotRecognized, "is not configured")
    }
    let verdict = IdentityVerdict(request.userInformation.userIdentity, users: configuration.dicomUsers)
    if case .refused(let words) = verdict { return reject(request, .noReasonGiven, words) }
    let policy = ContextPolicy(configuration)
    return request.accepting(
      abstractSyntax: {
        policy.isWanted($0) && !ContextPolicy.isDeclaredOtherwise($0, in: request.userInformation)
      }, transferSyntax: policy.isAcceptable, roles: policy.roles(request.userInformation.roleSelections),
      answers: NegotiationAnswers(
        extendedNegotiations: ContextPolicy.extendedNegotiations(answering: request.userInformation),
        userIdentityResponse: verdict.response))
  }

  private var isCheckingUsers: Bool { !peers.configuration.dicomUsers.isEmpty }

  private func isKnown(_ request: AssociateRequest) -> Bool {
    peers.isAllowedTitle(request.callingAETitle)
      || !peers.modalities(aeTitleOrHost: request.callingAETitle, address: request.remoteAddress).isEmpty
  }

  private func reject(_ request: AssociateRequest, _ rejection: Rejection, _ words: String) -> AssociateDecision {
    activity.add(
      .rejection, peer: "\(request.callingAETitle) \(request.remoteAddress)",
      "association refused: \(request.callingAETitle) at \(request.remoteAddress) \(words)",
      refusedAETitle: rejection == .callingAETitleNotRecognized ? request.callingAETitle : nil,
      refusedHost: request.remoteAddress)
    history.note(
      HistoryEntry(
        "association", of: request.callingAETitle, at: request.remoteAddress, since: Date(), .rejected, words))
    return .reject(rejection)
  }

  func opened(_ association: AcceptedAssociation) {
    activity.add(
      .incoming, peer: Self.peer(association),
      "association from \(association.callingAETitle) to \(association.calledAETitle)"
        + (association.userInformation.userIdentity.map { " as \($0)\(isCheckingUsers ? "" : ", not checked")" } ?? ""),
      details: association.tls.map { ["\($0)"] } ?? [], connections: [association.connection].compactMap { $0 })
    guard let certificate = association.tls?.certificate else { return }
    let (title, address) = (association.callingAETitle, association.remoteAddress)
    let (known, activity) = (knownCertificates, activity)
    Blocking.queue.async {
      known.tell(certificate, of: "\(title) from \(address)", named: title, activity)
    }
  }

  func closed(_ association: AcceptedAssociation, reason: AssociationEnd) {
    guard let tally = tallies.withLock({ $0.removeValue(forKey: association.id) }) else { return }
    for entry in tally.entries(of: association, reason) { history.note(entry) }
    guard let words = tally.words else { return }
    activity.add(
      .result, peer: Self.peer(association), "\(words); association \(reason)", arrived: tally.instances,
      connections: [association.connection].compactMap { $0 })
  }

  func failed(remoteAddress: String, reason: AssociationEnd) {
    if case .closed = reason { return }
    if case .crowdedOut = reason, !isFloodNews() { return }
    var words = "a connection from \(remoteAddress) was no association: \(reason)"
    if case .notDicom(let what) = reason, what.contains("TLS") {
      words += "; DicomTlsEnabled is off here: switch TLS on here, or off there"
    }
    activity.add(.rejection, peer: remoteAddress, words)
  }

  // MARK: Services

  func echo(_ association: AcceptedAssociation) -> Status {
    guard isAllowed(.echo, association) else { return refuse("C-ECHO", "AllowEcho", association) }
    tally(association).noteEcho()
    return .success
  }

  func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception {
    store.receive(request, association, tally(association)) {
      refuse("C-STORE", "AllowStore", association)
    }
  }
}
