import Dicom
import Glibc
import LocalIndex
import Operations
import Synchronization

/// Carries out what the model wants done on the station, and posts what comes of it. Never blocks the loop: the network
/// is the station's, the disk is visited on another thread.
final class Effects: Sendable {
  let station: Station
  let mailbox: Mailbox
  /// Whether what is left unfinished may come back: not where the storage goes with the program.
  private let mayKeepJobs: Bool

  /// What we know of a job beyond what the station does.
  struct Knowledge {
    var title: String
    var subjects: Set<String>
    /// How many instances were announced.
    var announced: Int?
  }

  struct State {
    var jobs: [Int: Knowledge] = [:]
    var observations: [Observation] = []
    var indexObservation: Observation?
    var view = StationView()
    var instances: Int?
  }

  let state = Mutex(State())

  init(station: Station, mailbox: Mailbox, keepsJobs: Bool = true) {
    self.station = station
    self.mailbox = mailbox
    mayKeepJobs = keepsJobs
  }

  /// Listens to everything, and starts to receive.
  func begin() {
    mailbox.post(.activity(station.activity.entries.map(Views.activity)))
    let observations = [
      // A row of many shows in its whole.
      station.jobs.observe { [weak self] job in if job.parent == nil { self?.post(job) } },
      station.activity.observe { [weak self] entry in
        self?.mailbox.post(.activity([Views.activity(entry)]))
        self?.postStation()
      },
      station.observeSCP { [weak self] _ in self?.postStation() },
    ]
    let index = try? station.index.observe { [weak self] in self?.changed($0) }
    state.withLock { state in
      state.observations = observations
      state.indexObservation = index
    }
    postStation()
    Task.detached { [self] in
      loadKept()
      countInstances()
      keepJobs()
      await station.startReceiving()
      postStation()
    }
  }

  /// What was left unfinished comes back, paused.
  private func keepJobs() {
    guard mayKeepJobs else { return }
    do {
      let count = try station.keepJobs()
      state.withLock { $0.view.keepsJobs = true }
      if count > 0 {
        say("\(Format.count(count, "job", "jobs")) left unfinished before: 4 shows them, p there goes on.", .warning)
      }
    } catch {
      say("Unfinished jobs are not kept: \(error)", .warning)
    }
  }

  func end() {
    state.withLock { state in
      state.observations = []
      state.indexObservation = nil
    }
  }

  func perform(_ effect: Effect) {
    switch effect {
    case .echo(let name): echo(name)
    case .find(let order): find(order)
    case .retrieve(let order): retrieve(order)
    case .compare(let order): compare(order)
    case .bring(let order): bring(order)
    case .bulk(let order): Task.detached { [self] in bulk(order) }
    case .whoAmI(let token): Task.detached { [self] in whoAmI(token) }
    case .check(let name): check(name)
    case .send(let name, let ids, let words, let confirmation): send(ids, words, to: name, confirmation)
    case .importPaths(let paths): importFiles(paths)
    case .cancel(let id): station.jobs.job(id)?.cancel()
    case .extend(let id, let seconds): station.jobs.job(id)?.extend(by: .seconds(seconds))
    case .setTimeout(let id, let seconds): station.jobs.job(id)?.setTimeout(seconds == 0 ? nil : .seconds(seconds))
    case .clearFinishedJobs:
      station.jobs.clearEnded()
      forgetEnded()
    case .retry(let id): retry(id)
    case .refreshJobs: for job in station.jobs.active where job.parent == nil { post(job) }
    case .tryModality(let draft, let token): tryModality(draft, token)
    case .commit(let name, let ids, let words): commit(ids, words, to: name)
    case .verify: know(station.verifyStorage(), "verify", [])
    case .reindex: know(station.reindexStorage(), "reindex", [])
    case .delete(let ids, let words): delete(ids, words)
    case .saveModality, .removeModality, .importModalities: Task.detached { [self] in changeModalities(effect) }
    case .pause(let id): pause(id)
    case .shift(let id, let sooner): shift(id, sooner: sooner)
    case .watch(let name): watch(name)
    case .diagnose(let name, let moves, let token): diagnose(name, moves, token)
    case .testStore(let name, let confirmation): testStore(name, confirmation)
    case .exportFiles(let ids, let folder, let words): exportFiles(ids, folder, words)
    case .count, .statistics, .page, .studies, .missing, .tags, .holdings, .history, .protect:
      Task.detached { [self] in visitIndex(effect) }
    case .save, .completePath, .preview, .keep, .allow, .forbid, .convert:
      Task.detached { [self] in visitFiles(effect) }
    case .trace(let entry): Task.detached { [self] in postTrace(entry) }
    case .copy, .redraw, .theme, .suspend, .quit: break
    }
  }

  // MARK: Views

  func post(_ job: Job) {
    let known = state.withLock { $0.jobs[job.id] }
    let snapshot = job.snapshot
    var view = Views.job(snapshot)
    if let known {
      view.title = known.title
      view.subjects = known.subjects
      if view.progress.total == nil, let announced = known.announced, announced > 0 { view.progress.total = announced }
    } else if let modality = job.modality {
      view.subjects = [modality]
    }
    if snapshot.state == .queued || snapshot.state == .paused { view.place = station.jobs.place(of: job) }
    mailbox.post(.job(view))
  }

  private func postTrace(_ id: Int) {
    guard let entry = station.activity.entries.last(where: { $0.id == id }) else { return }
    mailbox.post(.trace(entry: id, station.traceLines(of: entry)))
  }

  /// What is in the header.
  func postStation() {
    // One at a time from what is read to what is posted: the last posted is the latest.
    state.withLock { state in
      let configuration = station.configuration
      let scp = station.scp
      let associations = station.incoming.count
      state.view.remembersQueries = configuration.rememberQueries
      state.view.freeBytes = Views.freeBytes(station.configuration.storageDirectory)
      state.view.aeTitle = configuration.dicomAET
      state.view.isReadOnly = configuration.readOnly
      state.view.queryLimit = configuration.queryLimit
      state.view.addsWildcards = configuration.queryWildcards
      state.view.associations = associations
      switch scp {
      case .listening(let port, _): state.view.address = "\(configuration.dicomBindAddress):\(port)"
      case .off: state.view.address = "\(configuration.dicomBindAddress):\(configuration.dicomPort)"
      case .elsewhere(let receiver): state.view.address = "port \(receiver.port)"
      }
      state.view.receiving = Views.receiving(scp, problem: station.indexProblem?.comment)
      mailbox.post(.station(state.view))
    }
  }

  func countInstances() {
    guard let statistics = try? station.index.statistics() else { return }
    state.withLock { state in
      let more = statistics.instances - (state.instances ?? statistics.instances)
      if more > 0 {
        state.view.arrived += more
        state.view.lastArrival = Views.clock()
      }
      state.instances = statistics.instances
      state.view.localStudies = statistics.studies
    }
    postStation()
  }
}
