import Dicom
import Operations

/// Prints the entries of a worklist: in tables and CSV with the values of their scheduled step beside the others, as
/// JSON as they are.
struct WorklistPrinter: Sendable {
  private let format: ListFormatOptions
  private let tags: [Tag]
  private let table: TextTable

  init(format: ListFormatOptions, asked: [Tag], isDefault: Bool) {
    self.format = format
    var tags: [Tag] = []
    let usual = !isDefault ? [] : format.csv ? WorklistQuery.returned : Self.usual
    for tag in usual + asked where !tags.contains(tag) && tag != .scheduledProcedureStepSequence { tags.append(tag) }
    self.tags = tags
    table = TextTable(columns: tags.map(Self.column))
  }

  func begin() {
    if format.csv { ResultWriter.standard.heading(CSVRow.text(tags.map { $0.keyword ?? $0.hexadecimal })) }
    if !format.csv, !format.json { ResultWriter.standard.heading(table.header) }
  }

  func print(_ match: DataSet) throws(Ending) {
    if format.json { return try ResultWriter.standard.line(match.keywordJSON()) }
    let values = tags.map { WorklistQuery.value($0, of: match) }
    try ResultWriter.standard.line(format.csv ? CSVRow.text(values) : table.row(values))
  }

  private static let usual: [Tag] = [
    .scheduledProcedureStepStartDate, .scheduledProcedureStepStartTime, .patientName, .patientID, .accessionNumber,
    .modality, .scheduledStationAETitle, .scheduledProcedureStepDescription,
  ]

  private static func column(_ tag: Tag) -> TextTable.Column {
    switch tag {
    case .scheduledProcedureStepStartDate: .init(title: "Date", width: 8)
    case .scheduledProcedureStepStartTime: .init(title: "Time", width: 6)
    case .patientName: .init(title: "Patient", width: 28)
    case .patientID: .init(title: "ID", width: 14, isIdentifier: true)
    case .accessionNumber: .init(title: "Accession", width: 16, isIdentifier: true)
    case .modality: .init(title: "Modality", width: 8)
    case .scheduledStationAETitle: .init(title: "Station", width: 16)
    case .scheduledProcedureStepDescription: .init(title: "Description", width: 28)
    default: .other(tag)
    }
  }
}
