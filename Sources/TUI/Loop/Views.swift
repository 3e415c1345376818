import Dicom
import Foundation
import LocalIndex
import Operations

/// What the station and the index give, as what the model holds.
enum Views {
  /// - Parameter problem: why nothing that comes is taken, in a few words.
  static func receiving(_ scp: SCPState, problem: String?) -> StationView.Receiving {
    switch scp {
    case .listening: problem.map { .refusing($0) } ?? .listening
    case .elsewhere: .listening
    case .notStarted: .starting
    case .off(let reason): .off(reason)
    }
  }

  static func clock() -> Int { Int(Date().timeIntervalSince1970) }

  static func expandTilde(_ path: String) -> String { (path as NSString).expandingTildeInPath }

  /// What is left for others than the superuser on the disk that holds a path.
  static func freeBytes(_ path: String) -> Int? {
    var information = statvfs()
    guard statvfs(path, &information) == 0 else { return nil }
    return Int(information.f_bavail) * Int(information.f_frsize)
  }

  // MARK: Records

  private static let tags: [(attribute: Attribute, tag: Tag)] = tags(Attribute.allCases)

  private static func tags(_ attributes: [Attribute]) -> [(attribute: Attribute, tag: Tag)] {
    attributes.compactMap { attribute in Tag(parsing: attribute.keyword).map { (attribute, $0) } }
  }

  /// What a list of the level shows, and what is needed to go on from there.
  static func returnKeys(_ level: Level) -> [Tag] { (shown[level] ?? []).map(\.tag) }

  private static let shown = Dictionary(
    uniqueKeysWithValues: [Level.patient, .study, .series, .instance].map { ($0, tags(attributes($0))) })

  private static func attributes(_ level: Level) -> [Attribute] {
    switch level {
    case .patient: [.patientName, .patientID, .patientBirthDate, .patientSex]
    case .study:
      [
        .patientName, .patientID, .patientBirthDate, .patientSex, .studyDate, .studyTime, .accessionNumber,
        .studyDescription, .studyID, .modalitiesInStudy, .studySeries, .studyInstances, .studyInstanceUID,
        .referringPhysicianName,
      ]
    case .series:
      [
        .studyInstanceUID, .seriesInstanceUID, .seriesNumber, .seriesDescription, .modality, .bodyPartExamined,
        .seriesInstances,
      ]
    case .instance:
      [
        .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, .sopClassUID, .instanceNumber, .rows, .columns,
        .numberOfFrames,
      ]
    }
  }

  /// A match; the unique keys above its level, which not every peer repeats, are those that were asked with.
  static func record(_ match: DataSet, _ level: Level, inside keys: [String: String]) -> Record {
    var record = Record(id: "", level: level)
    for (attribute, tag) in shown[level] ?? [] {
      let values = match.strings(tag)
      record[attribute] = values.count == 1 ? values[0] : values.joined(separator: ",")
    }
    for attribute in [Attribute.studyInstanceUID, .seriesInstanceUID] where record[attribute].isEmpty {
      record[attribute] = keys[attribute.keyword] ?? ""
    }
    record.identify()
    return record
  }

  /// An entry of a worklist. Nothing in it is sure to be its alone: how it is counted is its identity.
  static func entry(_ match: DataSet, _ number: Int) -> Record {
    var record = Record(id: "\(number)", level: .study)
    for (attribute, tag) in tags {
      let text = WorklistQuery.value(tag, of: match)
      if !text.isEmpty { record[attribute] = text }
    }
    return record
  }

  static func record(_ row: StudyRow) -> Record {
    var record = Record(
      id: row.id, level: .study,
      [
        .patientName: row.patientName, .patientID: row.patientID, .patientBirthDate: row.patientBirthDate,
        .patientSex: row.patientSex, .studyInstanceUID: row.studyInstanceUID, .studyDate: row.studyDate,
        .studyTime: row.studyTime, .studyDescription: row.studyDescription, .accessionNumber: row.accessionNumber,
        .modalitiesInStudy: row.modalities.joined(separator: ","), .studySeries: String(row.series),
        .studyInstances: String(row.instances),
      ])
    record.bytes = row.bytes
    record.received = Int(row.lastUpdate.timeIntervalSince1970)
    return record
  }

  static func record(_ row: SeriesRow) -> Record {
    var record = Record(
      id: row.id, level: .series,
      [
        .seriesInstanceUID: row.seriesInstanceUID, .modality: row.modality, .seriesNumber: row.seriesNumber,
        .seriesDescription: row.seriesDescription, .bodyPartExamined: row.bodyPartExamined,
        .seriesInstances: String(row.instances),
      ])
    record.bytes = row.bytes
    record.received = Int(row.lastUpdate.timeIntervalSince1970)
    return record
  }

  static func record(_ row: InstanceRow) -> Record {
    var record = Record(
      id: row.id, level: .instance,
      [
        .sopInstanceUID: row.sopInstanceUID, .sopClassUID: row.sopClassUID, .instanceNumber: row.instanceNumber,
        .numberOfFrames: row.numberOfFrames,
      ])
    record.bytes = row.bytes
    record.received = Int(row.received.timeIntervalSince1970)
    return record
  }

  // MARK: Station

  static func modality(_ modality: Modality, _ configuration: Configuration) -> ModalityRow {
    var row = ModalityRow(name: modality.name, aeTitle: modality.aeTitle, host: modality.host, port: modality.port)
    row.usesTLS = modality.useDicomTLS
    row.callingAETitle = modality.localAET ?? configuration.dicomAET
    row.isProduction = modality.isProduction
    row.settings = settings(modality, configuration)
    row.draft.usesTLS = modality.useDicomTLS
    row.draft.retrieveMethod = modality.retrieveMethod?.rawValue
    row.draft.timeout = modality.timeout?.inSeconds
    row.draft.localAETitle = modality.localAET
    row.draft.isProduction = modality.isProduction
    row.retrieveMethod = (modality.retrieveMethod ?? configuration.defaultRetrieveMethod).rawValue
    return row
  }

  /// What the form does not ask for; secrets only as being set.
  private static func settings(_ modality: Modality, _ configuration: Configuration) -> [ModalityRow.Setting] {
    func yes(_ flag: Bool) -> String { flag ? "true" : "false" }
    let services: [(String, AllowedServices)] = [
      ("echo", .echo), ("find", .find), ("worklist", .findWorklist), ("get", .get), ("move", .move), ("store", .store),
      ("storage commitment", .storageCommitment),
    ]
    let allowed = services.filter { modality.allowed.contains($0.1) }.map(\.0).joined(separator: ", ")
    let origin =
      switch modality.origin {
      case .configuration: "the configuration"
      case .added: configuration.modalitiesFile
      case .adHoc: "the command line"
      }
    var list: [(String, String)] = [
      ("Manufacturer", modality.manufacturer.rawValue),
      ("It may ask us to", allowed.isEmpty ? "nothing" : allowed),
      ("DefaultEncoding", modality.defaultEncoding ?? configuration.defaultEncoding),
      ("MaximumAssociations", "\(modality.maximumAssociations)"),
      ("StorageCommitment", yes(modality.storageCommitment)),
    ]
    if modality.useDicomTLS { list.append(("TlsVerifyHost", yes(modality.tlsVerifyHost))) }
    if let username = modality.username { list.append(("Username", username)) }
    if modality.password != nil { list.append(("Password", "set")) }
    if let file = modality.identityFile { list.append(("Identity", "\(file.kind.rawValue), \(file.path)")) }
    list.append(("Kept in", origin))
    return list.map { ModalityRow.Setting(key: $0.0, value: $0.1) }
  }

  static func echo(_ result: Result<EchoResult, any Error>) -> ModalityRow.Echo {
    switch result {
    case .success(let result): echo(result)
    case .failure(let error):
      ModalityRow.Echo(succeeded: false, milliseconds: 0, words: "\(error)", clock: clock())
    }
  }

  private static func echo(_ result: EchoResult) -> ModalityRow.Echo {
    guard result.isOK else {
      return ModalityRow.Echo(
        succeeded: false, milliseconds: result.milliseconds, words: result.outcome.words, clock: clock())
    }
    let phases: [(String, Double?)] = [
      ("resolve", result.phases.resolve), ("connect", result.phases.connect), ("TLS", result.phases.tls),
      ("associate", result.phases.associate), ("echo", result.phases.echo), ("release", result.phases.release),
    ]
    var words = phases.compactMap { name, value in value.map { "\(name) \(Format.milliseconds($0))" } }
    if let name = result.peerImplementationVersionName { words.append(name) }
    if let tls = result.tls { words.append("\(tls)") }
    return ModalityRow.Echo(
      succeeded: true, milliseconds: result.milliseconds, words: words.joined(separator: " · "), clock: clock())
  }

  static func activity(_ entry: ActivityEntry) -> ActivityRow {
    let role: Role =
      switch entry.kind {
      case .incoming: .accent
      case .outgoing: .busy
      case .result: .good
      case .rejection: .bad
      case .note: .dim
      case .warning: .warning
      }
    var row = ActivityRow(
      id: entry.id, clock: Int(entry.time.timeIntervalSince1970), kind: entry.kind.rawValue, role: role,
      peer: entry.peer,
      words: entry.words, details: entry.details)
    row.refusedAETitle = entry.refusedAETitle
    row.isArrival = entry.arrived > 0
    return row
  }

  static func history(_ entry: HistoryEntry) -> HistoryRow {
    func words(_ time: Date) -> String {
      let seconds = Int(time.timeIntervalSince1970)
      return "\(Format.day(seconds)) \(Format.clock(seconds))"
    }
    return HistoryRow(
      id: entry.id, time: words(entry.ended), ended: entry.ended.timeIntervalSince1970, began: words(entry.started),
      operation: entry.operation,
      isIncoming: entry.isIncoming, peer: entry.peer, address: entry.address, user: entry.user,
      request: entry.request, phase: phase(JobState(rawValue: entry.outcome) ?? .failed), summary: entry.summary,
      took: Words.elapsed(entry.ended.timeIntervalSince(entry.started)),
      seconds: entry.ended.timeIntervalSince(entry.started))
  }

  static func job(_ snapshot: JobSnapshot) -> JobView {
    var view = JobView(
      id: snapshot.id, kind: kind(snapshot.kind), title: snapshot.leftover?.title ?? title(snapshot),
      peer: snapshot.modality ?? "", phase: phase(snapshot.state), started: snapshot.started ?? .now)
    view.ended = snapshot.ended
    view.pace = snapshot.pace.map { ($0.since, $0.done) }
    view.startedClock = Int(snapshot.created.timeIntervalSince1970)
    view.wait = snapshot.wait.map {
      Waiting(words: $0.words, since: $0.since, deadline: $0.deadline, limit: $0.limit)
    }
    let progress = snapshot.progress
    view.progress = Self.progress(progress, rate: snapshot.part == nil ? snapshot.rate : 0)
    if [.find, .worklist].contains(snapshot.kind) {
      view.progress.noun = progress.received == 1 ? " match" : " matches"
    }
    if snapshot.kind == .bulk { view.progress.noun = " rows" }
    if snapshot.kind == .watch {
      view.progress.noun = view.progress.completed + view.progress.failed == 1 ? " echo" : " echoes"
    }
    if !progress.current.isEmpty, snapshot.outcome == nil {
      let part = snapshot.part.map { Self.progress($0, rate: snapshot.rate).words } ?? StyledText()
      view.progress.current = [StyledText(progress.current), part].filter { $0.width > 0 }
        .joined(StyledText(" · ", .dim))
    }
    view.outcome = snapshot.outcome?.words ?? ""
    view.details = snapshot.remarks + (snapshot.outcome?.details ?? [])
    view.remarks = snapshot.remarks
    view.origin = snapshot.leftover.map(origin) ?? ""
    return view
  }

  /// `move 2 studies`: the peer stands beside it.
  private static func title(_ snapshot: JobSnapshot) -> String {
    let peer = snapshot.modality ?? ""
    let end = [" from ", " to "].map { $0 + peer }.first { snapshot.title.hasSuffix($0) }
    return String(snapshot.title.dropLast(end?.count ?? 0))
  }

  private static func progress(_ progress: JobProgress, rate: Double) -> JobView.Progress {
    var view = JobView.Progress(
      total: progress.total, remaining: progress.remaining,
      completed: progress.completed ?? progress.received, failed: progress.failed ?? 0, warning: progress.warning ?? 0,
      bytes: Int(progress.bytes), rate: rate)
    if progress.comesHere, progress.completed != nil {
      view.noun = " sent"
      view.arrived = progress.received
    }
    return view
  }

  /// `asked for 06-11 08:15:02 by jane, 7 done`
  private static func origin(_ leftover: LeftoverJob) -> String {
    let asked = Int(leftover.created.timeIntervalSince1970)
    let done = leftover.done > 0 ? ", \(Format.count(leftover.done)) done" : ""
    return "asked for \(Format.day(asked)) \(Format.clock(asked)) by \(leftover.user)\(done)"
  }

  private static func kind(_ kind: JobKind) -> JobView.Kind {
    switch kind {
    case .echo: .echo
    case .find, .worklist, .compare: .find
    case .move: .move
    case .get: .get
    case .store: .store
    case .bulk: .bulk
    case .commit: .commit
    case .watch: .watch
    case .testStore: .testStore
    case .diagnose: .diagnosis
    case .importing: .importing
    case .exporting: .exporting
    case .deleting, .verifying, .reindexing: .housekeeping
    }
  }

  private static func phase(_ state: JobState) -> JobView.Phase {
    switch state {
    case .queued: .queued
    case .paused: .paused
    case .resolving: .resolving
    case .connecting: .connecting
    case .tls: .tls
    case .associating: .associating
    case .waiting: .waiting
    case .receiving: .receiving
    case .sending: .sending
    case .cancelling: .cancelling
    case .done: .done
    case .partial: .partial
    case .failed: .failed
    case .timedOut: .timedOut
    case .rejected: .rejected
    case .cancelled: .cancelled
    }
  }
}
