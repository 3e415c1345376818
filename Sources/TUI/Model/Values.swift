import Dicom
import Foundation

/// The attributes rows show and queries ask for. Its raw value is its place in a ``Record``: a hundred thousand records are
/// filled and read by it.
enum Attribute: Int, CaseIterable, Sendable {
  case patientName, patientID, patientBirthDate, patientSex, studyDate, studyTime, accessionNumber, studyDescription,
    studyID, referringPhysicianName, modalitiesInStudy, studySeries, studyInstances, studyInstanceUID,
    seriesInstanceUID, seriesNumber, seriesDescription, modality, bodyPartExamined, seriesInstances, sopInstanceUID,
    sopClassUID, instanceNumber, rows, columns, numberOfFrames, stepDate, stepTime, stepDescription, stepStatus,
    stepID, stepLocation, stationAETitle, stationName, performingPhysician, requestedDescription, requestedID,
    requestedPriority

  var keyword: String { Self.keywords[rawValue] }

  private static let keywords = [
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
    "StudyDescription", "StudyID", "ReferringPhysicianName", "ModalitiesInStudy", "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription",
    "Modality", "BodyPartExamined", "NumberOfSeriesRelatedInstances", "SOPInstanceUID", "SOPClassUID",
    "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime", "ScheduledProcedureStepDescription", "ScheduledProcedureStepStatus",
    "ScheduledProcedureStepID", "ScheduledProcedureStepLocation", "ScheduledStationAETitle", "ScheduledStationName",
    "ScheduledPerformingPhysicianName", "RequestedProcedureDescription", "RequestedProcedureID",
    "RequestedProcedurePriority",
  ]
}

/// A patient, study, series or instance, of a peer or of ours, as text ready to show.
struct Record: Identifiable, Sendable {
  /// The UID at a peer, Orthanc's identifier here; where several peers answer, with the peer's name before it.
  private(set) var id: String
  let level: Level
  /// The modality that answered, where several were asked.
  private(set) var source = ""
  private var values: [String]
  private static let empty = Array(repeating: "", count: Attribute.allCases.count)
  var bytes = 0
  /// When it came, in seconds since 1970; 0 when that is not known.
  var received = 0
  /// Whether recycling leaves it alone.
  var isProtected = false

  init(id: String, level: Level, _ values: [Attribute: String] = [:]) {
    self.id = id
    self.level = level
    self.values = Self.empty
    for (attribute, text) in values { self[attribute] = text }
  }

  subscript(_ attribute: Attribute) -> String {
    get { values[attribute.rawValue] }
    set { values[attribute.rawValue] = newValue }
  }

  /// The same, known to be one modality's of several.
  func from(_ source: String) -> Record {
    var record = self
    record.source = source
    record.id = source + "|" + id
    return record
  }

  /// Gives it its UID as its identity; one that a peer has sent without is unlike any other.
  mutating func identify() { id = uid.isEmpty ? UUID().uuidString : uid }

  /// The UID of what the record is.
  var uid: String {
    switch level {
    case .patient: self[.patientID]
    case .study: self[.studyInstanceUID]
    case .series: self[.seriesInstanceUID]
    case .instance: self[.sopInstanceUID]
    }
  }

  /// What a person calls it: in titles, questions and the line of operations, a name as lists write it.
  var words: String { called(Format.name(self[.patientName])) }

  /// The same for the breadcrumb, where a name is one word: `DOE^JANE`.
  var crumb: String { called(String(self[.patientName].split(separator: "=").first ?? "")) }

  private func called(_ name: String) -> String {
    switch level {
    case .patient, .study: return name.isEmpty ? self[.patientID].isEmpty ? uid : self[.patientID] : name
    case .series:
      let number = self[.seriesNumber]
      return [self[.modality], number.isEmpty ? "" : "series \(number)"].filter { !$0.isEmpty }.joined(separator: " ")
    case .instance: return "image \(self[.instanceNumber])"
    }
  }

  /// How many instances it is said to have.
  var instances: Int? { Int(self[level == .series ? .seriesInstances : .studyInstances]) }
}

/// A wait with its deadline: what is waited for, since when, until when.
struct Waiting: Equatable, Sendable {
  typealias Instant = ContinuousClock.Instant
  var words: String
  var since: Instant
  /// nil: no limit.
  var deadline: Instant?
  var limit: Duration?

  /// What is waited for, where there is no room for a sentence: `C-FIND response`.
  var subject: String {
    let words = words.hasPrefix("waiting for ") ? String(words.dropFirst("waiting for ".count)) : words
    return words == "the association to be accepted" ? "association" : words
  }

  func remaining(_ now: Instant) -> Duration? { deadline.map { max(.zero, now.duration(to: $0)) } }

  func fraction(_ now: Instant) -> Double? {
    guard let remaining = remaining(now), let limit, limit > .zero else { return nil }
    return min(1, remaining.inSeconds / limit.inSeconds)
  }

  /// `7.4 s`, or how long it has taken and that nothing limits it.
  func clock(_ now: Instant) -> String {
    remaining(now).map(Format.duration) ?? Format.duration(since.duration(to: now)) + ", no limit"
  }
}

/// A job as the screens show it.
struct JobView: Identifiable, Sendable {
  enum Kind: Sendable {
    case echo, find, move, get, store, bulk, commit, watch, diagnosis, testStore, importing, exporting, housekeeping
  }

  enum Phase: String, Sendable {
    case queued, resolving, connecting
    case tls = "TLS"
    case associating, waiting, receiving, sending, cancelling, paused
    case done, partial, failed
    case timedOut = "timed out"
    case rejected, cancelled

    var isEnded: Bool {
      switch self {
      case .done, .partial, .failed, .timedOut, .rejected, .cancelled: true
      default: false
      }
    }

    /// The status light; the word beside it says the same without colour.
    var light: StyledText {
      switch self {
      case .queued, .paused: StyledText("○", .dim)
      case .done: StyledText("✓", .good)
      case .partial: StyledText("◐", .warning)
      case .failed, .timedOut, .rejected: StyledText("✗", .bad)
      case .cancelled: StyledText("–", .dim)
      default: StyledText("●", .busy)
      }
    }
  }

  struct Progress: Equatable, Sendable {
    var total: Int?
    var remaining: Int?
    var completed = 0
    var failed = 0
    var warning = 0
    var bytes = 0
    var rate = 0.0
    /// What is counted, where that does not go without saying.
    var noun = ""
    /// What has arrived here, beside what the peer says it has sent; nil: there is nothing to tell apart.
    var arrived: Int?
    /// What of it is under way, in words, and how far that is.
    var current = StyledText()

    var isEmpty: Bool { completed == 0 && failed == 0 && warning == 0 && bytes == 0 && remaining == nil }

    var done: Int { completed + failed + warning }
    /// All there is, where that is known.
    var whole: Int? { total ?? remaining.map { $0 + done } }
    var fraction: Double? { whole.flatMap { $0 > 0 ? Double(done) / Double($0) : nil } }

    /// `120/250 · 2 failed · 64 MB · 12 MB/s`.
    var words: StyledText {
      let whole = whole
      var parts: [StyledText] = []
      if whole != nil || done > 0 {
        parts.append(StyledText(Format.count(done) + (whole.map { "/" + Format.count($0) } ?? "") + noun))
      }
      if let arrived {
        parts.append(StyledText("\(Format.count(arrived)) arrived", arrived < completed + warning ? .warning : .text))
      }
      if failed > 0 { parts.append(StyledText("\(Format.count(failed)) failed", .bad)) }
      if warning > 0 { parts.append(StyledText(Format.count(warning, "warning", "warnings"), .warning)) }
      if bytes > 0 { parts.append(StyledText(Format.bytes(bytes))) }
      if rate >= 1 { parts.append(StyledText(Format.rate(rate))) }
      return parts.joined(StyledText(" · ", .dim))
    }
  }

  let id: Int
  var kind: Kind
  /// `C-MOVE DOE, JANE`.
  var title: String
  var peer: String
  var phase: Phase
  /// Which of those that wait for its peer it is, while it is queued.
  var place: Int?
  var started: ContinuousClock.Instant
  var ended: ContinuousClock.Instant?
  /// When what runs now began to count, and from how many on; nil: when it started, from none on.
  var pace: (since: ContinuousClock.Instant, done: Int)?
  var startedClock = 0
  var wait: Waiting?
  var progress = Progress()
  /// How it ended, in words.
  var outcome = ""
  /// Failed instances and their reasons, and what else is worth reading.
  var details: [String] = []
  /// What was said while it ran.
  var remarks: [String] = []
  /// Where it comes from, when another process left it unfinished.
  var origin = ""
  /// The rows it concerns: UIDs, identifiers, the modality's name.
  var subjects: Set<String> = []

  var isRunning: Bool { !phase.isEnded }
  /// Something of it changes with time: neither waiting its turn nor resting between two echoes.
  var isMoving: Bool { isRunning && phase != .queued && phase != .paused && !(kind == .watch && wait == nil) }
  /// It can be paused while it runs, and comes back when fluoro ended before it.
  var isKept: Bool { [.move, .get, .store, .bulk].contains(kind) }
  /// What a person waits for while doing something else.
  var isTransfer: Bool { isKept || [.commit, .importing, .exporting, .housekeeping].contains(kind) }
  /// How it ended: `2 of 3 failed`, where some did, and the outcome.
  var ending: String {
    guard progress.failed > 0 else { return outcome.isEmpty ? phase.rawValue : outcome }
    let all = max(progress.total ?? 0, progress.completed + progress.failed + progress.warning)
    let counts = "\(Format.count(progress.failed)) of \(Format.count(all)) failed"
    return outcome.isEmpty ? counts : "\(counts); \(outcome)"
  }
  var words: String { peer.isEmpty ? title : "\(title) · \(peer)" }

  /// How long what is left takes at the pace of what runs now; nil while that cannot be told.
  func timeToGo(_ now: ContinuousClock.Instant) -> Duration? {
    guard isMoving, let whole = progress.whole else { return nil }
    let (since, before) = pace ?? (started, 0)
    let (done, left, elapsed) = (progress.done - before, whole - progress.done, since.duration(to: now))
    return done > 0 && left > 0 && elapsed >= .seconds(1) ? elapsed * (Double(left) / Double(done)) : nil
  }

  /// ` · 12 s to go`
  func toGo(_ now: ContinuousClock.Instant) -> StyledText {
    timeToGo(now).map { StyledText(" · \(Format.approximately($0)) to go", .dim) } ?? StyledText()
  }

  func elapsed(_ now: ContinuousClock.Instant) -> Duration { started.duration(to: ended ?? now) }
}

/// A configured modality, and what is known about it.
struct ModalityRow: Identifiable, Sendable {
  struct Echo: Sendable, Equatable {
    var succeeded: Bool
    var milliseconds: Double
    /// One sentence: the phases, or what failed and what to check.
    var words: String
    var clock: Int
  }

  struct Setting: Sendable, Equatable {
    var key: String
    var value: String
  }

  let name: String
  var aeTitle: String
  var host: String
  var port: Int
  var usesTLS = false
  /// The title we call it with.
  var callingAETitle = ""
  var retrieveMethod = "C-MOVE"
  /// Sending there needs its name typed.
  var isProduction = false
  /// What else is configured for it, as the configuration names it.
  var settings: [Setting] = []
  /// What of it can be changed.
  var draft: ModalityDraft
  var lastEcho: Echo?
  var echoes: [Double?] = []

  init(name: String, aeTitle: String, host: String, port: Int) {
    self.name = name
    self.aeTitle = aeTitle
    self.host = host
    self.port = port
    draft = ModalityDraft(name: name, aeTitle: aeTitle, host: host, port: port)
  }

  var id: String { name }
  var address: String { "\(host):\(port)" }
}

/// How much of a study is here, counted by SOP Instance UID.
struct Holding: Equatable, Sendable {
  var instances: Int
  var bytes: Int = 0
}

struct ActivityRow: Identifiable, Sendable {
  let id: Int
  var clock: Int
  var kind: String
  var role: Role
  var peer: String
  var words: String
  var details: [String] = []
  /// The AE title that was refused here and could be allowed.
  var refusedAETitle: String?
  /// Instances came on an association that others opened.
  var isArrival = false
}

/// What the header says about us.
struct StationView: Sendable, Equatable {
  enum Receiving: Sendable, Equatable {
    case starting
    case listening
    /// We listen and take nothing, and why: a few words.
    case refusing(String)
    case off(String)
  }
  var aeTitle = "FLUORO"
  var address = ""
  var receiving = Receiving.starting
  /// Associations open to us.
  var associations = 0
  /// Instances that came since the start, and when the last did.
  var arrived = 0
  var lastArrival = 0
  var isReadOnly = false
  /// Why something is not done here, where `ReadOnly` says so.
  func refusal(_ what: String) -> String? { isReadOnly ? "This fluoro is read only (ReadOnly): \(what)." : nil }
  var queryLimit = 500
  /// `QueryWildcards`
  var addsWildcards = true
  var localStudies = 0
  /// Left on the disk that holds the studies, in bytes; nil: not known.
  var freeBytes: Int?
  /// `RememberQueries`: what was asked for may be kept on disk.
  var remembersQueries = false
  /// Unfinished retrieves and sends come back at the next start.
  var keepsJobs = false
}

/// A sentence for the person, shown above the operation line.
struct Notice: Sendable, Equatable {
  var words: String
  var role = Role.text
  /// The next key makes it go, however soon.
  var isHint = false
  /// When it came: a key makes it go only after it could be read.
  var since = ContinuousClock.now
  /// When it goes by itself; nil: with the next key.
  var until: ContinuousClock.Instant?
}
