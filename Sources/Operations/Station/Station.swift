import Dicom
import LocalIndex
import Synchronization

/// One running fluoro: its configuration, its studies, its acceptor, its jobs. Everything a person does goes through
/// here; nothing in it knows a terminal.
public final class Station: Sendable {
  public let jobs: JobQueue
  public let activity: ActivityLog
  /// Watches the traffic of every association, when somebody wants that.
  let trace: (any TraceObserver)?
  /// The last of that traffic in memory, when somebody may ask for it.
  private let traces: TraceRing?
  let clock: any DeadlineClock
  let peers: PeerDirectory
  let moves = MovesInFlight()
  let receiver: Receiver
  let knownCertificates: KnownCertificates
  let pool: AssociationPool
  let history: HistoryLog
  private let storage: StationStorage
  private let keeper = Mutex<JobKeeper?>(nil)

  /// Opens the storage.
  ///
  /// - Parameters:
  ///   - trace: is told of all traffic, on event loops. With none, and no `traces`, nothing is spent on it.
  ///   - traces: keeps the last of it for ``traceLines(of:)``.
  ///   - defersStorage: a storage that is there already is opened when something first needs it.
  /// - Throws: `StorageError`: the folder is another program's, read-only, full, ...; nothing is touched then.
  public init(
    configuration: Configuration, clock: any DeadlineClock = SystemDeadlineClock(),
    trace: (any TraceObserver)? = nil, traces: TraceRing? = nil, defersStorage: Bool = false
  ) throws {
    activity = ActivityLog()
    self.clock = clock
    self.trace = TraceObservers.combining([trace, traces])
    self.traces = traces
    peers = PeerDirectory(configuration) { [activity] in activity.add(.note, peer: "", $0) }
    storage = StationStorage(peers, moves, activity)
    history = HistoryLog(storage, activity)
    jobs = JobQueue { [history, peers] job, outcome in
      let configuration = peers.configuration
      await history.add(
        HistoryEntry(
          job, outcome, address: job.address, hasValues: configuration.rememberQueries))
    }
    receiver = Receiver()
    knownCertificates = KnownCertificates(
      storage: configuration.storageDirectory, isShared: configuration.storageGroup != nil)
    pool = AssociationPool(clock: clock, trace: self.trace)
    for warning in configuration.warnings { activity.add(.note, peer: "", warning) }
    if !defersStorage || !LocalIndex.isStorage(configuration.storageDirectory) { _ = try storage.index }
  }

  /// The studies on this machine.
  ///
  /// - Throws: `StorageError`, where the storage was not opened before.
  public var index: LocalIndex { get throws { try storage.index } }

  /// Waits until what another fluoro on this storage has acknowledged is found; where that takes too long, says so.
  func waitUntilIndexed(_ job: Job) async {
    guard let index = try? index, await !index.waitUntilIndexed() else { return }
    job.remark("another fluoro has received on this storage what is not in the index yet; it is counted as missing")
  }

  /// Takes what arrives, be it at our acceptor or by a C-GET.
  var storing: StoreService { get throws { try storage.storing } }

  /// As it is now: modalities come and go.
  public var configuration: Configuration { peers.configuration }

  /// What went over the connections an entry of the activity is about: a line for each PDU, and what it holds in
  /// indented lines behind it, without patients' data. Empty where there was no connection, where it is too long ago,
  /// and where nothing is kept.
  public func traceLines(of entry: ActivityEntry) -> [String] {
    guard let traces, !entry.connections.isEmpty else { return [] }
    let text = TraceText()
    return traces.events(of: Set(entry.connections)).flatMap(text.lines)
  }

  // MARK: Receiving

  public var scp: SCPState { receiver.state }

  /// What keeps the index of the storage from being written, and so instances from being taken, while it does; its beginning
  /// and its end are in the ``activity``.
  public var indexProblem: StorageError? { storage.problem }

  /// Starts to listen, unless we or another fluoro on this storage does. A port that is taken leaves it off, with the
  /// reason. `localAET` is a title to answer to beside the configured ones.
  @discardableResult
  public func startReceiving(as localAET: String? = nil) async -> SCPState {
    await receiver.start(self, title: localAET)
  }

  /// Calls `observer` whenever ``scp`` changes.
  public func observeSCP(_ observer: @escaping @Sendable (SCPState) -> Void) -> Observation {
    receiver.observe(observer)
  }

  /// Associations that are open to us now.
  public var incoming: [AcceptedAssociation] { receiver.associations }

  /// Ends in good order: running jobs are cancelled (C-CANCEL, release), incoming associations get the chance to
  /// finish their instance, everything received is in the index.
  public func shutdown() async {
    let keeper = keeper.withLock { $0 }
    keeper?.beginClosing()
    await jobs.cancelAll()
    await keeper?.close()
    await pool.close()
    await receiver.stop()
    await history.flush()
    do { try storage.close() } catch { activity.add(.note, peer: "", "closing the index: \(error)") }
  }

  // MARK: Unfinished jobs

  /// From now on retrieves, sends and requests for storage commitment that have not ended are kept in the storage; those that
  /// processes which have ended left there come back, paused.
  ///
  /// - Returns: how many came back.
  @discardableResult
  public func keepJobs() throws -> Int {
    let keeper = try JobKeeper(try index, activity)
    self.keeper.withLock { $0 = keeper }
    jobs.keep(by: keeper)
    var count = 0
    for kept in try keeper.takeOver() {
      do {
        try takeUp(kept)
        count += 1
      } catch {
        activity.add(.note, peer: kept.modality, "an unfinished job does not come back: \(error)")
      }
    }
    return count
  }

  private func takeUp(_ kept: KeptJob) throws {
    let modality = try configuration.modality(named: kept.modality)
    let request = try KeptRequest(json: kept.request)
    try JobQueue.$leftover.withValue(kept) {
      switch request {
      case .move(let request): _ = move(modality, request)
      case .get(let request): _ = get(modality, request)
      case .store(var request):
        request.acknowledged = kept.done
        _ = store(modality, request)
      case .commit(let ids): _ = commit(modality, ids: ids)
      case .moveRows(let template, let source):
        _ = try bulk(modality, BulkRequest(.move(template), source), done: kept.done)
      case .storeRows(let template, let source):
        _ = try bulk(modality, BulkRequest(.store(template), source), done: kept.done)
      }
    }
  }

  // MARK: Modalities

  /// Adds a modality, or replaces the one of its name; kept in `modalities.json`.
  public func add(_ modality: Modality) throws(ConfigurationError) {
    var configuration = configuration
    try configuration.changeModalities { $0.set(modality) }
    use(configuration)
  }

  /// Removes a modality; one of the user's own file is marked as removed in `modalities.json`.
  public func remove(modality name: String) throws(ConfigurationError) {
    var configuration = configuration
    try configuration.removeModality(named: name)
    use(configuration)
  }

  private func use(_ configuration: Configuration) {
    peers.use(configuration)
    Task.detached { [peers] in peers.resolveHosts() }
  }

  /// From now on instances from this title are taken; kept beside the index.
  public func allowStore(from aeTitle: String) throws {
    try index.keep("store", kind: Self.allowedTitle, name: aeTitle)
    peers.allow(aeTitle)
    activity.add(.note, peer: aeTitle, "\(aeTitle) may store here from now on")
  }

  /// Takes back what ``allowStore(from:)`` allowed. False where it was not.
  @discardableResult
  public func forbidStore(from aeTitle: String) throws -> Bool {
    let titles = peers.allowedTitles.filter { configuration.isSameAETitle($0, aeTitle) }
    for title in titles {
      try index.forget(kind: Self.allowedTitle, name: title)
      peers.forbid(title)
      activity.add(.note, peer: title, "\(title) may not store here any more")
    }
    return !titles.isEmpty
  }

  static let allowedTitle = "allowed title"
}
