import Dicom
import Operations

/// What every screen may read: the world as far as we know it.
struct World: Sendable {
  var size: Size
  var now: ContinuousClock.Instant
  /// Where little can be sent, what runs shows it by its countdown alone.
  var isOnThinLine = false
  /// Seconds since 1970.
  var clock: Int
  var station: StationView
  var modalities: [ModalityRow]
  /// Newest first.
  private(set) var jobs: [JobView] = []
  private(set) var activity: [ActivityRow] = []
  /// Studies we asked the index about, by Study Instance UID.
  var holdings: [String: Holding] = [:]
  /// What watching a modality has shown, by its name.
  var watches: [String: EchoStatistics] = [:]
  /// What is kept for the person: saved queries, choices of columns, by kind and name.
  private(set) var kept: [Kept: [String: String]] = [:]
  private var columnChoices: [String: ColumnChoice] = [:]
  /// Other keys than ours.
  var keys = KeyChoice()
  /// How long nothing was received because we were suspended, and until when that is worth telling.
  var away: (duration: Duration, until: ContinuousClock.Instant)?
  /// The terminal has shades of grey and half blocks.
  var hasShades = false

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
      // As many as the station remembers.
      if jobs.count > Self.rememberedJobs, let oldest = jobs.lastIndex(where: { !$0.isRunning }) {
        jobs.remove(at: oldest)
      }
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

  /// As many entries as the station's log has.
  private static let rememberedActivity = 2000

  mutating func note(_ rows: [ActivityRow]) {
    activity = Array((rows.reversed() + activity).prefix(Self.rememberedActivity))
  }

  mutating func keep(_ kind: Kept, name: String, text: String?) {
    kept[kind, default: [:]][name] = text
    if kind == .columns { columnChoices[name] = text.map(ColumnChoice.init(text:)) }
  }

  func columnChoice(_ name: String) -> ColumnChoice { columnChoices[name] ?? ColumnChoice() }

  func job(_ id: Int) -> JobView? { jobs.first { $0.id == id } }
  var running: [JobView] { jobs.filter(\.isRunning) }

  /// The newest running job that concerns a row; one that only watches comes last.
  func running(_ subject: String) -> JobView? { working(subject) ?? watching(subject) }

  /// The newest running job that concerns a row and is not there to last.
  func working(_ subject: String) -> JobView? {
    jobs.first { $0.isRunning && $0.kind != .watch && $0.subjects.contains(subject) }
  }

  func watching(_ name: String) -> JobView? {
    jobs.first { $0.isRunning && $0.kind == .watch && $0.subjects.contains(name) }
  }

  /// The job a person means by "it": the newest one running; one that is still queued only where nothing runs.
  var front: JobView? {
    let running = jobs.filter { $0.isRunning && $0.phase != .paused }
    let passing = running.filter { $0.kind != .watch }
    return passing.first { $0.phase != .queued } ?? passing.first ?? running.first
  }

  /// The job in front that the operation line tells of; a watch, which lasts, only when nothing else has.
  var told: JobView? {
    guard let front else { return nil }
    return front.kind == .watch && lastEnded != nil ? nil : front
  }

  /// The one the operation line shows when nothing runs that is not there to last.
  var lastEnded: JobView? {
    guard !jobs.contains(where: { $0.isRunning && $0.kind != .watch && $0.phase != .paused }) else { return nil }
    return jobs.filter { !$0.isRunning }.max { ($0.ended ?? $0.started) < ($1.ended ?? $1.started) }
  }

  func modality(_ name: String) -> ModalityRow? { modalities.first { $0.name == name } }

  private static let rememberedJobs = 500

  /// Whether something on the screen changes by itself with every tenth of a second.
  var isCountingDown: Bool { jobs.contains { $0.isMoving || $0.phase == .queued } }

  /// One of the pictures of a turning wheel.
  var spinner: StyledText {
    if isOnThinLine { return StyledText("⠿", .busy) }
    let pictures: [Character] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
    let tenths = Int(World.epoch.duration(to: now).inSeconds * 10)
    return StyledText(String(pictures[(tenths % 10 + 10) % 10]), .busy)
  }

  private static let epoch = ContinuousClock.now
}
