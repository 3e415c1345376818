import Dicom
import Glibc
import LocalIndex
import Operations
import Synchronization

/// What is asked of the network.
extension Effects {
  func modality(_ name: String) -> Modality? {
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

  func know<Value>(
    _ operation: Operation<Value>, _ title: String, _ subjects: [String], _ announced: Int? = nil
  ) {
    know(operation.job, Knowledge(title: title, subjects: Set(subjects), announced: announced))
  }

  private func know(_ job: Job, _ knowledge: Knowledge) {
    let count = state.withLock {
      $0.jobs[job.id] = knowledge
      return $0.jobs.count
    }
    if count > 1000 { forgetEnded() }
    // It may name a patient.
    if station.configuration.rememberQueries { station.jobs.keep(title: knowledge.title, of: job) }
    post(job)
  }

  /// Waits for the end elsewhere. What kept an operation from beginning is in its job's outcome as well.
  func follow<Value>(
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

  func echo(_ name: String) {
    guard let modality = modality(name) else { return }
    let operation = station.echo(modality)
    know(operation, "C-ECHO", [name])
    follow(operation) { [self] result in
      if case .success(let value) = result, value.outcome.state == .cancelled { return }
      mailbox.post(.echoed(modality: name, Views.echo(result)))
    }
  }

  func find(_ order: FindOrder) {
    if var bulk = order.bulk {
      bulk.token = order.token
      return perform(.bulk(bulk))
    }
    guard let modality = modality(order.modality) else {
      mailbox.post(.findEnded(token: order.token, Message.FindEnd(words: "no such modality", failed: true)))
      return
    }
    let keys = order.keys.compactMap { keyword, value in Tag(parsing: keyword).map { QueryKey($0, value) } }
    let query = Query(
      level: order.level, keys: keys.sorted { $0.tag < $1.tag }, returnKeys: Views.returnKeys(order.level),
      limit: order.limit > 0 ? order.limit : nil)
    let mailbox = mailbox
    let number = Atomic(0)
    let operation =
      order.isWorklist
      ? station.worklist(modality, WorklistQuery(keys: query.keys, limit: query.limit)) { match in
        let entry = Views.entry(match, number.add(1, ordering: .relaxed).newValue)
        mailbox.post(.matches(token: order.token, [entry]))
      }
      : station.find(modality, query) { match in
        mailbox.post(.matches(token: order.token, [Views.record(match, order.level, inside: order.keys)]))
      }
    know(
      operation, "\(order.isWorklist ? "worklist" : "C-FIND") \(order.words)", ["find-\(order.token)", order.modality])
    follow(operation) { result in
      var end = Message.FindEnd()
      switch result {
      case .success(let result):
        end.words = result.outcome.words
        end.failed = ![.done, .cancelled].contains(result.outcome.state)
        end.isCut = result.isLimited
        end.isCancelled = result.outcome.state == .cancelled
      case .failure(let error):
        end.words = error is CancellationError ? "cancelled" : "\(error)"
        end.isCancelled = error is CancellationError
        end.failed = !end.isCancelled
      }
      mailbox.post(.findEnded(token: order.token, end))
    }
  }

  func retrieve(_ order: RetrieveOrder) {
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
    let operation = order.isGet ? station.get(modality, request) : station.retrieve(modality, request)
    know(
      operation, "\(operation.job.kind.words) \(what)" + (order.destination.map { " to \($0)" } ?? ""),
      order.items.map(\.uid) + [order.modality], order.items.compactMap(\.instances).reduce(0, +))
  }

  func send(_ ids: [String], _ words: String, to name: String, _ confirmation: String?) {
    guard let modality = modality(name) else { return }
    var request = SendRequest(
      sources: ids.map { OrthancIdentifier.isWellFormed($0) ? .id($0) : .path(Views.expandTilde($0)) })
    request.confirmation = confirmation
    let operation = station.store(modality, request)
    know(operation, "C-STORE \(words)", ids + [name])
  }

  func commit(_ ids: [String], _ words: String, to name: String) {
    guard let modality = modality(name) else { return }
    know(station.commit(modality, ids: ids), "commit \(words)", ids + [name])
  }

  func importFiles(_ paths: [String]) {
    // A slip in a path is said at once, and is no job that failed.
    if let missing = paths.first(where: { access(Views.expandTilde($0), R_OK) != 0 }) {
      return say("\(missing): \(String(cString: strerror(errno)))", .warning)
    }
    let operation = station.importFiles(paths.map(Views.expandTilde))
    know(operation, "import \(paths.joined(separator: " "))", [])
  }

  /// The same again as a new job, shown on the same rows.
  func retry(_ id: Int) {
    guard let old = station.jobs.job(id) else { return }
    // An echo's result belongs on the row of its modality.
    if old.kind == .echo, let name = old.modality { return echo(name) }
    guard let job = old.retry() else { return say("\(old.title) cannot be repeated from here.", .warning) }
    let title = old.snapshot.leftover?.title
    let known = state.withLock { $0.jobs[id] } ?? title.map { Knowledge(title: $0, subjects: [old.modality ?? ""]) }
    if let known { know(job, known) } else { post(job) }
  }

  // MARK: Jobs

  func pause(_ id: Int) {
    guard let job = station.jobs.job(id) else { return }
    let isPaused = job.snapshot.state == .paused
    let isDone = isPaused ? station.jobs.resume(job) : station.jobs.pause(job)
    if !isDone { say("\(job.title) has begun meanwhile.", .warning) }
  }

  func shift(_ id: Int, sooner: Bool) {
    guard let job = station.jobs.job(id) else { return }
    guard !station.jobs.move(job, sooner: sooner) else { return }
    say(sooner ? "It is the next already." : "It is the last already.", .dim)
  }

  /// What is known of jobs that the station has forgotten.
  func forgetEnded() {
    let known = Set(station.jobs.jobs.map(\.id))
    state.withLock { $0.jobs = $0.jobs.filter { known.contains($0.key) } }
  }

  func watch(_ name: String) {
    guard let modality = modality(name) else { return }
    let mailbox = mailbox
    let operation = station.watch(modality) { echo, statistics in
      mailbox.post(.watched(modality: name, statistics))
      if echo.outcome.state != .cancelled { mailbox.post(.echoed(modality: name, Views.echo(.success(echo)))) }
    }
    know(operation, "watch", [name])
  }

  func diagnose(_ name: String, _ moves: Bool, _ token: Int) {
    guard let modality = modality(name) else { return }
    let mailbox = mailbox
    let operation = station.diagnose(modality, moves: moves) { mailbox.post(.diagnosed(token: token, $0)) }
    know(operation, "diagnosis", ["diagnosis-\(token)", name])
  }

  func testStore(_ name: String, _ confirmation: String?) {
    guard let modality = modality(name) else { return }
    know(station.testStore(modality, confirmation: confirmation), "test store", [name])
  }

  func delete(_ ids: [String], _ words: String) { know(station.deleteLocal(ids), "delete \(words)", ids) }

  func exportFiles(_ ids: [String], _ folder: String, _ words: String) {
    know(station.exportFiles(ids, to: Views.expandTilde(folder)), "export \(words)", ids)
  }
}
