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

  /// What we know of a job beyond what the station does.
  private struct Knowledge {
    var title: String
    var subjects: Set<String>
    /// How many instances were announced.
    var announced: Int?
  }

  private struct State {
    var jobs: [Int: Knowledge] = [:]
    var observations: [JobObservation] = []
    var indexObservation: Observation?
    var view = StationView()
    var instances: Int?
  }

  private let state = Mutex(State())

  init(station: Station, mailbox: Mailbox) {
    self.station = station
    self.mailbox = mailbox
  }

  /// Listens to everything, and starts to receive.
  func begin() {
    let observations = [
      station.jobs.observe { [weak self] in self?.post($0) },
      station.activity.observe { [weak self] _ in
        self?.postActivity()
        self?.postStation()
      },
      station.observeSCP { [weak self] _ in self?.postStation() },
    ]
    let index = station.index.observe { [weak self] in self?.changed($0) }
    state.withLock { state in
      state.observations = observations
      state.indexObservation = index
    }
    postActivity()
    postStation()
    Task.detached { [self] in
      countInstances()
      await station.startReceiving()
      postStation()
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
    case .send(let name, let ids, let words, let confirmation): send(ids, words, to: name, confirmation)
    case .importPaths(let paths): importFiles(paths)
    case .cancel(let id): station.jobs.job(id)?.cancel()
    case .extend(let id, let seconds): station.jobs.job(id)?.extend(by: .seconds(seconds))
    case .setTimeout(let id, let seconds): station.jobs.job(id)?.setTimeout(seconds == 0 ? nil : .seconds(seconds))
    case .clearFinishedJobs: station.jobs.clearEnded()
    case .retry(let id): retry(id)
    case .refreshJobs: for job in station.jobs.active { post(job) }
    case .saveModality, .removeModality: Task.detached { [self] in changeModalities(effect) }
    case .count, .delete, .page, .tags, .holdings: Task.detached { [self] in visitIndex(effect) }
    case .copy, .redraw, .suspend, .quit: break
    }
  }

  // MARK: Operations

  private func modality(_ name: String) -> Modality? {
    do {
      return try station.configuration.modality(named: name)
    } catch {
      say("\(error)", .bad)
      return nil
    }
  }

  func say(_ words: String, _ role: Role) {
    mailbox.post(.notice(Notice(words: words, role: role, until: .now + .seconds(20))))
  }

  private func know<Value>(
    _ operation: Operation<Value>, _ title: String, _ subjects: [String], _ announced: Int? = nil
  ) {
    state.withLock {
      $0.jobs[operation.job.id] = Knowledge(title: title, subjects: Set(subjects), announced: announced)
    }
    post(operation.job)
  }

  /// Waits for the end elsewhere. What kept an operation from beginning is in its job's outcome as well.
  private func follow<Value>(
    _ operation: Operation<Value>, _ body: @escaping @Sendable (Result<Value, any Error>) -> Void
  ) {
    Task.detached {
      do {
        body(.success(try await operation.value()))
      } catch {
        body(.failure(error))
      }
    }
  }

  private func echo(_ name: String) {
    guard let modality = modality(name) else { return }
    let operation = station.echo(modality)
    know(operation, "C-ECHO", [name])
    follow(operation) { [self] result in
      let echo =
        switch result {
        case .success(let result): Views.echo(result)
        case .failure(let error):
          ModalityRow.Echo(succeeded: false, milliseconds: 0, words: "\(error)", clock: Views.clock())
        }
      if case .success(let value) = result, value.outcome.state == .cancelled { return }
      mailbox.post(.echoed(modality: name, echo))
    }
  }

  private func find(_ order: FindOrder) {
    guard let modality = modality(order.modality) else {
      mailbox.post(.findEnded(token: order.token, Message.FindEnd(words: "no such modality", failed: true)))
      return
    }
    let keys = order.keys.compactMap { keyword, value in Tag(parsing: keyword).map { QueryKey($0, value) } }
    let query = Query(
      level: order.level, keys: keys.sorted { $0.tag < $1.tag }, returnKeys: Views.returnKeys(order.level),
      limit: order.limit > 0 ? order.limit : nil)
    let mailbox = mailbox
    let operation = station.find(modality, query) { match in
      mailbox.post(.matches(token: order.token, [Views.record(match, order.level, inside: order.keys)]))
    }
    know(operation, "C-FIND \(order.words)", ["find-\(order.token)", order.modality])
    follow(operation) { result in
      var end = Message.FindEnd()
      switch result {
      case .success(let result):
        end.words = result.outcome.words
        end.failed = ![.done, .cancelled].contains(result.outcome.state)
        end.isCut = result.isLimited
      case .failure(let error):
        end.words = error is CancellationError ? "cancelled" : "\(error)"
        end.failed = !(error is CancellationError)
      }
      mailbox.post(.findEnded(token: order.token, end))
    }
  }

  private func retrieve(_ order: RetrieveOrder) {
    guard let modality = modality(order.modality) else { return }
    let items = order.items.map { item in
      if let instance = item.sopInstanceUID {
        return RetrieveItem.instance(instance, series: item.seriesInstanceUID ?? "", study: item.studyInstanceUID)
      }
      if let series = item.seriesInstanceUID {
        return RetrieveItem.series(series, study: item.studyInstanceUID, expected: item.instances)
      }
      return RetrieveItem.study(item.studyInstanceUID, expected: item.instances)
    }
    let what =
      order.items.count == 1
      ? order.items[0].words : Format.count(order.items.count, order.level.word, order.level.words)
    var request = RetrieveRequest(level: order.level, items: items, target: order.destination)
    request.confirmation = order.confirmation
    let operation = station.retrieve(modality, request)
    know(
      operation, "\(operation.job.kind.words) \(what)" + (order.destination.map { " to \($0)" } ?? ""),
      order.items.map(\.uid) + [order.modality], order.items.compactMap(\.instances).reduce(0, +))
  }

  private func send(_ ids: [String], _ words: String, to name: String, _ confirmation: String?) {
    guard let modality = modality(name) else { return }
    var request = SendRequest(sources: ids.map { .id($0) })
    request.confirmation = confirmation
    let operation = station.store(modality, request)
    know(operation, "C-STORE \(words)", ids + [name])
  }

  private func importFiles(_ paths: [String]) {
    // A slip in a path is said at once, and is no job that failed.
    if let missing = paths.first(where: { access(Views.expandTilde($0), R_OK) != 0 }) {
      return say("\(missing): \(String(cString: strerror(errno)))", .warning)
    }
    let operation = station.importFiles(paths.map(Views.expandTilde))
    know(operation, "import \(paths.joined(separator: " "))", [])
  }

  /// The same again as a new job, shown on the same rows.
  private func retry(_ id: Int) {
    guard let old = station.jobs.job(id) else { return }
    // An echo's result belongs on the row of its modality.
    if old.kind == .echo, let name = old.modality { return echo(name) }
    guard let job = old.retry() else { return say("\(old.title) cannot be repeated from here.", .warning) }
    state.withLock { $0.jobs[job.id] = $0.jobs[id] }
    post(job)
  }

  // MARK: Views

  private func post(_ job: Job) {
    let known = state.withLock { $0.jobs[job.id] }
    var view = Views.job(job.snapshot)
    if let known {
      view.title = known.title
      view.subjects = known.subjects
      if view.progress.total == nil, let announced = known.announced, announced > 0 { view.progress.total = announced }
    } else if let modality = job.modality {
      view.subjects = [modality]
    }
    mailbox.post(.job(view))
  }

  private func postActivity() {
    mailbox.post(.activity(station.activity.entries.reversed().map(Views.activity)))
  }

  /// What is in the header.
  func postStation() {
    let configuration = station.configuration
    let scp = station.scp
    let associations = station.incoming.count
    let view = state.withLock { state in
      state.view.aeTitle = configuration.dicomAET
      state.view.isReadOnly = configuration.readOnly
      state.view.queryLimit = configuration.queryLimit
      state.view.associations = associations
      switch scp {
      case .listening(let port, _):
        state.view.address = "\(configuration.dicomBindAddress):\(port)"
        state.view.receiving = .listening
      case .off(let reason):
        state.view.address = "\(configuration.dicomBindAddress):\(configuration.dicomPort)"
        state.view.receiving = .off(reason)
      case .elsewhere(let receiver):
        state.view.address = "port \(receiver.port)"
        state.view.receiving = .listening
      }
      return state.view
    }
    mailbox.post(.station(view))
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
