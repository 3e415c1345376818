import Dicom
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
  let clock: any DeadlineClock
  let pool: AssociationPool
  private let lastFlood = Mutex<ContinuousClock.Instant?>(nil)
  /// What happened on each association, for one line at its end.
  private let tallies = Mutex<[Int: Tally]>([:])

  init(
    store: StoreService, index: LocalIndex, peers: PeerDirectory, moves: MovesInFlight, activity: ActivityLog,
    clock: any DeadlineClock, pool: AssociationPool
  ) {
    self.store = store
    self.index = index
    self.peers = peers
    self.moves = moves
    self.activity = activity
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
    let isFirst = tally(association).noteRefusal()
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
    return .reject(rejection)
  }

  func opened(_ association: AcceptedAssociation) {
    activity.add(
      .incoming, peer: Self.peer(association),
      "association from \(association.callingAETitle) to \(association.calledAETitle)"
        + (association.userInformation.userIdentity.map { " as \($0)\(isCheckingUsers ? "" : ", not checked")" } ?? ""),
      details: association.tls.map { ["\($0)"] } ?? [], connections: [association.connection].compactMap { $0 })
  }

  func closed(_ association: AcceptedAssociation, reason: AssociationEnd) {
    guard let tally = tallies.withLock({ $0.removeValue(forKey: association.id) }) else { return }
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

/// What one association did.
final class Tally: Sendable {
  private struct State {
    var echoes = 0
    var instances = 0
    var bytes: Int64 = 0
    var failed = 0
    var refusals = 0
    var finds = 0
    var moves = 0
    var gets = 0
  }

  private let state = Mutex(State())

  func noteEcho() { state.withLock { $0.echoes += 1 } }
  func noteInstance(bytes: Int) {
    state.withLock { state in
      state.instances += 1
      state.bytes += Int64(bytes)
    }
  }
  func noteFailure() { state.withLock { $0.failed += 1 } }
  func noteFind() { state.withLock { $0.finds += 1 } }
  func noteGet() { state.withLock { $0.gets += 1 } }
  func noteMove() { state.withLock { $0.moves += 1 } }

  /// Whether it was the first.
  func noteRefusal() -> Bool {
    state.withLock { state in
      state.refusals += 1
      return state.refusals == 1
    }
  }

  var instances: Int { state.withLock { $0.instances } }

  var words: String? {
    state.withLock { state in
      var parts: [String] = []
      if state.instances > 0 {
        parts.append("received \(Words.count(state.instances, "instance")), \(Words.bytes(state.bytes))")
      }
      if state.failed > 0 { parts.append("\(state.failed) not stored") }
      if state.echoes > 0 { parts.append(state.echoes == 1 ? "C-ECHO" : "\(state.echoes) C-ECHOs") }
      if state.finds > 0 { parts.append(state.finds == 1 ? "C-FIND" : "\(state.finds) C-FINDs") }
      if state.gets > 0 { parts.append(state.gets == 1 ? "C-GET" : "\(state.gets) C-GETs") }
      if state.moves > 0 { parts.append(state.moves == 1 ? "C-MOVE" : "\(state.moves) C-MOVEs") }
      if state.refusals > 0 { parts.append(Words.count(state.refusals, "request") + " refused") }
      return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
  }
}
