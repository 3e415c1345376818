import Dicom

/// What is scheduled, as a modality's worklist, or those of several, say it.
struct WorklistScreen: AnswerScreen {
  var list: List<Record>
  var inquiry: Inquiry

  init(orders: [FindOrder]) {
    inquiry = Inquiry(orders)
    list = List(
      Self.columns(sources: inquiry.modalities), searched: RecordColumns.searched,
      sort: .init(column: 0, descending: false))
  }

  let crumb = "scheduled"
  var columnsName: String? { "worklist" }
  var detailRows: Int { 3 }
  let noun = (one: "entry", many: "entries")
  let nothing = "Nothing is scheduled for this."

  var bindings: [Binding] {
    widening + [Binding(.enter, does: .open, label: "all of it", help: "everything that is said of it")]
  }

  private static func columns(sources: [String]) -> [Column<Record>] {
    let columns: [Column<Record>] = [
      Column(
        title: "SCHEDULED", minimum: 16, ideal: 16, sortKey: { .text($0[.stepDate] + $0[.stepTime]) },
        cell: { row, _ in
          StyledText(Format.date(row[.stepDate]), .strong) + StyledText(" \(Format.time(row[.stepTime]))")
        }),
      RecordColumns.text("PATIENT", .patientName, 16, 24, flex: 2, format: Format.name, role: .strong),
      RecordColumns.text("ID", .patientID, 8, 12, priority: 4),
      RecordColumns.text("BORN", .patientBirthDate, 10, 10, priority: 7, format: Format.date, role: .dim),
      RecordColumns.text("MOD", .modality, 3, 4, priority: 1, role: .accent),
      RecordColumns.text("STATION", .stationAETitle, 8, 14, priority: 3),
      RecordColumns.text("DESCRIPTION", .stepDescription, 12, 24, flex: 3, priority: 2),
      RecordColumns.text("STATUS", .stepStatus, 7, 10, priority: 6, role: .dim),
      RecordColumns.text("ACCESSION", .accessionNumber, 8, 12, priority: 5, role: .dim),
    ]
    return sources.count > 1 ? columns + [RecordColumns.source(sources)] : columns
  }

  func job(_ world: World) -> JobView? { inquiry.asking(world) }
  func identifier(_ world: World) -> String? {
    list.current.map { $0[.accessionNumber].isEmpty ? $0[.patientID] : $0[.accessionNumber] }
  }

  func details(_ world: World) -> [StyledText] { list.detailed.map { RecordColumns.details($0, inside: []) } ?? [] }

  mutating func receive(_ message: Message, _ context: inout Context) { take(message, &context) }

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .open:
      guard !list.isUnseen, let row = list.current else { return true }
      context.push(RecordScreen(record: row))
    case .again: askAgain(&context)
    case .wider: askWider(&context)
    case .cancel: return cancelAsking(&context)
    default: return false
    }
    return true
  }
}

/// All that is known of one entry.
struct RecordScreen: PageScreen {
  let record: Record
  var page = TextPage()

  init(record: Record) { self.record = record }

  var crumb: String { record.crumb }
  let bindings: [Binding] = []
  func identifier(_ world: World) -> String? { record[.accessionNumber] }
  func lines(_ columns: Int, _ world: World) -> [StyledText] {
    RecordColumns.details(record, inside: []).flatMap { CellText.wrap($0, columns) }
  }
}
