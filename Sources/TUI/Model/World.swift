/// What every screen may read: the world as far as we know it.
struct World: Sendable {
  var size: Size
  var now: ContinuousClock.Instant
  /// Seconds since 1970.
  var clock: Int
  var station: StationView
  var modalities: [ModalityRow]
  /// Newest first.
  private(set) var jobs: [JobView] = []
  var activity: [ActivityRow] = []
  /// Studies we asked the index about, by Study Instance UID.
  var holdings: [String: Holding] = [:]

  init(
    size: Size = Size(rows: 24, columns: 80), now: ContinuousClock.Instant = .now, clock: Int = 0,
    station: StationView = .init(), modalities: [ModalityRow] = []
  ) {
    self.size = size
    self.now = now
    self.clock = clock
    self.station = station
    self.modalities = modalities
  }

  mutating func take(_ job: JobView) {
    if let index = jobs.firstIndex(where: { $0.id == job.id }) {
      jobs[index] = job
    } else {
      let index = jobs.firstIndex { $0.id < job.id } ?? jobs.count
      jobs.insert(job, at: index)
    }
  }

  /// Modalities as they are configured now; what is known of those that were there stays.
  mutating func take(_ rows: [ModalityRow]) {
    modalities = rows.map { row in
      guard let old = modality(row.name), old.address == row.address, old.aeTitle == row.aeTitle else { return row }
      var row = row
      row.lastEcho = old.lastEcho
      row.echoes = old.echoes
      return row
    }
  }

  mutating func clearEndedJobs() { jobs.removeAll { !$0.isRunning } }

  func job(_ id: Int) -> JobView? { jobs.first { $0.id == id } }
  var running: [JobView] { jobs.filter(\.isRunning) }

  /// The newest running job that concerns a row.
  func running(_ subject: String) -> JobView? { jobs.first { $0.isRunning && $0.subjects.contains(subject) } }

  /// The job a person means by "it": the newest one running.
  var front: JobView? { jobs.first(where: \.isRunning) }

  /// The one the operation line shows when nothing runs.
  var lastEnded: JobView? {
    running.isEmpty ? jobs.max { ($0.ended ?? $0.started) < ($1.ended ?? $1.started) } : nil
  }

  func modality(_ name: String) -> ModalityRow? { modalities.first { $0.name == name } }

  /// Whether something on the screen changes by itself with every tenth of a second.
  var isCountingDown: Bool { jobs.contains(where: \.isRunning) }

  /// One of the pictures of a turning wheel.
  var spinner: StyledText {
    let pictures: [Character] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
    let tenths = Int(Format.seconds(World.epoch.duration(to: now)) * 10)
    return StyledText(String(pictures[(tenths % 10 + 10) % 10]), .busy)
  }

  private static let epoch = ContinuousClock.now
}
