import Dicom

/// The columns of patients, studies, series and instances, the same for those of a peer and for ours.
enum RecordColumns {
  /// - Parameter sources: the modalities that answer; where they are several, each row says which.
  static func columns(_ level: Level, isLocal: Bool, sources: [String] = []) -> [Column<Record>] {
    if sources.count > 1 {
      var columns = columns(level, isLocal: isLocal)
      columns.insert(source(sources), at: 1)
      return columns
    }
    switch level {
    case .patient, .study: return isLocal ? local(studies) : remote(studies)
    case .series: return isLocal ? local(series) : remote(series)
    // The index keeps no size of an image in pixels.
    case .instance: return isLocal ? local(instances.filter { $0.title != "PIXELS" }) : remote(instances)
    }
  }

  /// Which of several modalities has said it: as wide as the longest of their names, whoever answers first.
  static func source(_ names: [String]) -> Column<Record> {
    let longest = min(20, names.map(CellText.width).max() ?? 0)
    return Column(
      title: "SOURCE", minimum: min(10, longest), ideal: max(10, longest), priority: 1, sortKey: { .text($0.source) },
      cell: { record, _ in StyledText(record.source, .accent) })
  }

  /// What a filter looks at.
  static let searched: @Sendable (Record) -> String = { record in
    let attributes: [Attribute] =
      switch record.level {
      case .patient, .study:
        [
          .patientName, .patientID, .studyDate, .studyDescription, .modalitiesInStudy, .accessionNumber, .stepDate,
          .stepDescription, .stationAETitle,
        ]
      case .series: [.seriesNumber, .modality, .seriesDescription, .bodyPartExamined]
      case .instance: [.instanceNumber, .sopInstanceUID]
      }
    var text = attributes.map { record[$0] }.joined(separator: " ")
    text += " " + record.source + " " + Format.date(record[.studyDate]) + " " + Format.name(record[.patientName])
    return text
  }

  /// Few of them have a look of their own: each change of it costs the line some 16 bytes a row.
  private static let studies: [Column<Record>] = [
    text("PATIENT", .patientName, 18, 26, flex: 3, format: Format.name, role: .strong),
    text("ID", .patientID, 10, 12, priority: 3),
    text("BORN", .patientBirthDate, 10, 10, priority: 7, format: Format.date),
    text("DATE", .studyDate, 10, 10, priority: 1, format: Format.date),
    text("TIME", .studyTime, 5, 5, priority: 8, format: Format.time),
    text("MOD", .modalitiesInStudy, 4, 5, priority: 2),
    text("DESCRIPTION", .studyDescription, 14, 24, flex: 3, priority: 4),
    text("ACCESSION", .accessionNumber, 9, 12, priority: 9),
    number("IMG", .studyInstances, 4, priority: 5),
  ]

  private static let series: [Column<Record>] = [
    number("NR", .seriesNumber, 4, priority: 0),
    text("MOD", .modality, 3, 5, priority: 1),
    text("DESCRIPTION", .seriesDescription, 16, 28, flex: 3, priority: 2),
    text("BODY PART", .bodyPartExamined, 9, 12, priority: 5, role: .dim),
    number("IMG", .seriesInstances, 4, priority: 3),
  ]

  private static let instances: [Column<Record>] = [
    number("NR", .instanceNumber, 5, priority: 0),
    Column(
      title: "CLASS", minimum: 16, ideal: 16, priority: 2, isMeasured: true, sortKey: { .text($0[.sopClassUID]) },
      cell: { record, _ in
        // `CT Image Storage`: all of them are stored.
        let name = UID(record[.sopClassUID]).name ?? record[.sopClassUID]
        return StyledText(name.hasSuffix(" Storage") ? String(name.dropLast(" Storage".count)) : name)
      }),
    Column(
      title: "PIXELS", minimum: 9, ideal: 9, priority: 3, isMeasured: true,
      cell: { record, _ in
        let size = [record[.columns], record[.rows]].filter { !$0.isEmpty }.joined(separator: "×")
        let frames = record[.numberOfFrames]
        return StyledText(size + (frames.isEmpty || frames == "1" ? "" : "×\(frames)"), .dim)
      }),
    Column(
      title: "SOP INSTANCE UID", minimum: 20, ideal: 30, flex: 1, priority: 1, isMeasured: true, alignment: .identifier,
      sortKey: { .text($0[.sopInstanceUID]) }, cell: { record, _ in StyledText(record[.sopInstanceUID], .dim) }),
  ]

  private static func remote(_ columns: [Column<Record>]) -> [Column<Record>] {
    columns + [
      Column(
        title: "HERE", minimum: 6, ideal: 12, priority: 1,
        cell: { record, world in here(record, world) })
    ]
  }

  private static func local(_ columns: [Column<Record>]) -> [Column<Record>] {
    columns + [
      Column(
        title: "SIZE", minimum: 7, ideal: 7, priority: 6, alignment: .right,
        sortKey: { .number(Double($0.bytes)) },
        cell: { record, world in
          if let job = world.running(record.id) {
            return StyledText(job.wait?.remaining(world.now).map(Format.duration) ?? "busy", .busy)
          }
          return StyledText(record.bytes > 0 ? Format.bytes(record.bytes) : "")
        })
    ]
  }

  /// All that is known of a record, a line each, for beside the list.
  static func details(_ record: Record, inside path: [Record]) -> [StyledText] {
    let known: [(String, Attribute, @Sendable (String) -> String)] = [
      ("Patient", .patientName, Format.name), ("ID", .patientID, { $0 }), ("Scheduled", .stepDate, Format.date),
      ("At", .stepTime, Format.time), ("Step", .stepDescription, { $0 }), ("Requested", .requestedDescription, { $0 }),
      ("Status", .stepStatus, { $0 }), ("Station", .stationAETitle, { $0 }), ("Station", .stationName, { $0 }),
      ("Place", .stepLocation, { $0 }), ("Performing", .performingPhysician, Format.name),
      ("Priority", .requestedPriority, { $0 }), ("Step ID", .stepID, { $0 }), ("Request ID", .requestedID, { $0 }),
      ("Born", .patientBirthDate, Format.date),
      ("Sex", .patientSex, { $0 }), ("Date", .studyDate, Format.date), ("Time", .studyTime, Format.time),
      ("Study", .studyDescription, { $0 }), ("Modalities", .modalitiesInStudy, { $0 }),
      ("Accession", .accessionNumber, { $0 }), ("Study ID", .studyID, { $0 }),
      ("Referring", .referringPhysicianName, Format.name), ("Series", .studySeries, { $0 }),
      ("Images", .studyInstances, { $0 }), ("Series", .seriesDescription, { $0 }), ("Number", .seriesNumber, { $0 }),
      ("Modality", .modality, { $0 }), ("Body part", .bodyPartExamined, { $0 }),
      ("Images", .seriesInstances, { $0 }), ("Image", .instanceNumber, { $0 }),
      ("Class", .sopClassUID, { UID($0).name ?? $0 }), ("Frames", .numberOfFrames, { $0 }),
      ("Study UID", .studyInstanceUID, { $0 }), ("Series UID", .seriesInstanceUID, { $0 }),
      ("Image UID", .sopInstanceUID, { $0 }),
    ]
    // Of one series, how many the study has of them would only be taken for its own.
    let isBelowStudy = record.level == .series || record.level == .instance
    var lines: [StyledText] = []
    for (label, attribute, format) in known {
      if isBelowStudy, [.studySeries, .studyInstances].contains(attribute) { continue }
      let text = ([record] + path.reversed()).lazy.map { $0[attribute] }.first { !$0.isEmpty } ?? ""
      if !text.isEmpty { lines.append(.detail(label, StyledText(format(text), lines.isEmpty ? .strong : .text))) }
    }
    if record.bytes > 0 { lines.append(.detail("Size", StyledText(Format.bytes(record.bytes)))) }
    if record.received > 0 { lines.append(.detail("Received", StyledText(Format.clock(record.received)))) }
    return lines
  }

  /// Whether it is here already: none, part, all; while it comes, how far it is.
  static func here(_ record: Record, _ world: World) -> StyledText {
    if let job = world.running(record.uid), job.kind == .move || job.kind == .get {
      let done = job.progress.completed + job.progress.failed + job.progress.warning
      let total = job.progress.total ?? job.progress.remaining.map { $0 + done }
      return world.spinner + StyledText(total.map { " \(done)/\($0)" } ?? " \(job.phase.rawValue)", .busy)
    }
    guard let holding = world.holdings[record.uid] else { return StyledText("·", .dim) }
    guard holding.instances > 0 else { return StyledText("○ none", .dim) }
    if record.level != .instance, let announced = record.instances, holding.instances < announced {
      return StyledText("◐ \(holding.instances)/\(announced)", .warning)
    }
    return StyledText("● all", .good)
  }

  static func text(
    _ title: String, _ attribute: Attribute, _ minimum: Int, _ ideal: Int, flex: Int = 0, priority: Int = 0,
    format: @escaping @Sendable (String) -> String = { $0 }, role: Role = .text
  ) -> Column<Record> {
    Column(
      title: title, minimum: minimum, ideal: ideal, flex: flex, priority: priority, isMeasured: true,
      sortKey: { .text($0[attribute].lowercased()) }, cell: { record, _ in StyledText(format(record[attribute]), role) }
    )
  }

  private static func number(_ title: String, _ attribute: Attribute, _ width: Int, priority: Int) -> Column<Record> {
    Column(
      title: title, minimum: width, ideal: width, priority: priority, isMeasured: true, alignment: .right,
      sortKey: { .number(Double($0[attribute]) ?? -1) }, cell: { record, _ in StyledText(record[attribute]) })
  }
}
