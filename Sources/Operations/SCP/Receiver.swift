import Dicom
import LocalIndex
import Synchronization

import func Glibc.getpid

/// The life of our acceptor: started once, found elsewhere, or off with a reason.
final class Receiver: Sendable {
  private struct State {
    var scp = SCPState.notStarted
    var acceptor: Acceptor?
    /// Held as long as we are the one that receives on the storage.
    var claim: ReceptionClaim?
    var starting: Task<SCPState, Never>?
  }

  private let locked = Mutex(State())
  private let observers = Observers<SCPState>()

  var state: SCPState { locked.withLock { $0.scp } }
  var associations: [AcceptedAssociation] { locked.withLock { $0.acceptor }?.associations ?? [] }

  func observe(_ observer: @escaping @Sendable (SCPState) -> Void) -> Observation { observers.add(observer) }

  /// Two that start at once share one attempt.
  func start(_ station: Station, title: String?) async -> SCPState {
    if let title { station.peers.answer(to: title) }
    let task = locked.withLock { state in
      if let starting = state.starting { return starting }
      let task = Task { await self.attempt(station) }
      state.starting = task
      return task
    }
    let result = await task.value
    locked.withLock { $0.starting = nil }
    return result
  }

  private func attempt(_ station: Station) async -> SCPState {
    let (acceptor, claim) = locked.withLock { ($0.acceptor, $0.claim) }
    if let acceptor {
      // A title more is answered from now on.
      let titles = station.peers.ownTitles
      try? claim?.tell(SCPState.Receiver(process: Int(getpid()), port: acceptor.port, titles: titles).text)
      return set(.listening(port: acceptor.port, titles: titles))
    }
    let (configuration, peers) = (station.configuration, station.peers)
    let words = SCPState.Receiver(
      process: Int(getpid()), port: configuration.dicomPort, titles: station.peers.ownTitles)
    do {
      // Said now rather than to the first who connects.
      _ = try station.peers.incomingSecurity()
      guard let claim = try station.index.claimReception(words.text) else {
        let other = try station.index.receiver().flatMap(SCPState.Receiver.init(text:))
        return set(
          other.map(SCPState.elsewhere) ?? .off(reason: "another program receives on \(configuration.storageDirectory)")
        )
      }
      let scp = EmbeddedSCP(
        store: try station.storing, index: try station.index, peers: station.peers, moves: station.moves,
        activity: station.activity, history: station.history, clock: station.clock, pool: station.pool,
        knownCertificates: station.knownCertificates)
      let acceptor = try await Acceptor.listen(
        host: configuration.dicomBindAddress, port: configuration.dicomPort, idle: configuration.scpTimeout,
        maximumPDULength: UInt32(configuration.maximumPDULength), maximumAssociations: 100,
        security: try peers.incomingSecurity(), delegate: scp,
        clock: station.clock, trace: station.trace)
      locked.withLock { state in
        state.acceptor = acceptor
        state.claim = claim
      }
      Blocking.queue.async { station.peers.resolveHosts() }
      return set(.listening(port: acceptor.port, titles: station.peers.ownTitles))
    } catch {
      let result = set(.off(reason: Self.reason(error, configuration)))
      station.activity.add(.note, peer: "", "not listening: \(result.words)")
      return result
    }
  }

  private static func reason(_ error: any Error, _ configuration: Configuration) -> String {
    guard let error = error as? ListenError, error.reason == .portInUse else { return "\(error)" }
    guard let holder = PortHolder.words(port: configuration.dicomPort) else { return error.description }
    return
      "Port \(configuration.dicomPort) is in use by \(holder); set another DicomPort. Two people on one host need two "
      + "ports and two titles (DicomAet)."
  }

  /// Associations at work may finish for some seconds.
  func stop() async {
    _ = await locked.withLock { $0.starting }?.value
    let acceptor = locked.withLock { state in
      defer { state.acceptor = nil }
      return state.acceptor
    }
    await acceptor?.close(grace: .seconds(3))
    locked.withLock { $0.claim = nil }
    set(.off(reason: "stopped"))
  }

  @discardableResult
  private func set(_ scp: SCPState) -> SCPState {
    let isNew = locked.withLock { state in
      defer { state.scp = scp }
      return state.scp != scp
    }
    if isNew { observers.tell(scp) }
    return scp
  }
}
