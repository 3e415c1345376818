import Dicom
import Operations

/// Prints matches of a query, the peer's or the local index's, in the form asked for.
struct MatchPrinter: Sendable {
  private let format: ListFormatOptions
  private let tags: [Tag]
  private let hasID: Bool
  private let table: TextTable

  /// - Parameters:
  ///   - asked: attributes a person named; they are shown after the usual ones.
  ///   - isDefault: whether the usual attributes of the level are shown at all.
  ///   - hasID: whether an Orthanc identifier comes with each match.
  init(format: ListFormatOptions, level: Level, asked: [Tag], isDefault: Bool, hasID: Bool = false) {
    self.format = format
    let usual = format.csv ? QueryAttributes.returned(at: level) : Self.usual(level)
    var tags: [Tag] = []
    for tag in (isDefault ? usual : []) + asked + [level.uniqueKey] where !tags.contains(tag) {
      tags.append(tag)
    }
    // Long and without interest to the eye: the UID comes last.
    let unique = level.uniqueKey
    if level != .patient, isDefault, !format.csv { tags = tags.filter { $0 != unique } + [unique] }
    self.tags = tags
    self.hasID = hasID
    table = TextTable(columns: (hasID ? [.init(title: "Identifier", width: 44)] : []) + tags.map(Self.column))
  }

  func begin() {
    if format.csv {
      ResultWriter.standard.heading(CSVRow.text((hasID ? ["ID"] : []) + tags.map { $0.keyword ?? $0.hexadecimal }))
    }
    if !format.csv, !format.json { ResultWriter.standard.heading(table.header) }
  }

  /// - Parameter id: Orthanc's identifier of a local match.
  func print(_ match: DataSet, id: String? = nil) throws(Ending) {
    if format.json { return try ResultWriter.standard.lines(json(match, id)) }
    let values = (id.map { [$0] } ?? []) + tags.map { match.strings($0).joined(separator: "\\") }
    try ResultWriter.standard.line(format.csv ? CSVRow.text(values) : table.row(values))
  }

  private func json(_ match: DataSet, _ id: String?) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(1024)
    match.appendKeywordJSON(to: &line)
    if let id { line.replaceSubrange(0..<1, with: "{\"ID\":\(JSONText.quoted(id))\(line.count == 2 ? "" : ",")".utf8) }
    line.append(UInt8(ascii: "\n"))
    return line
  }

  private static func usual(_ level: Level) -> [Tag] {
    switch level {
    case .patient: [.patientName, .patientID, .patientBirthDate, .patientSex, .numberOfPatientRelatedStudies]
    case .study:
      [
        .studyDate, .patientName, .patientID, .modalitiesInStudy, .numberOfStudyRelatedInstances, .studyDescription,
        .studyInstanceUID,
      ]
    case .series:
      [.seriesNumber, .modality, .seriesDescription, .numberOfSeriesRelatedInstances, .seriesInstanceUID]
    case .instance: [.instanceNumber, .numberOfFrames, .sopClassUID, .sopInstanceUID]
    }
  }

  private static func column(_ tag: Tag) -> TextTable.Column {
    switch tag {
    case .studyDate: .init(title: "Date", width: 8)
    case .patientName: .init(title: "Patient", width: 28)
    case .patientID: .init(title: "ID", width: 14, isIdentifier: true)
    case .patientBirthDate: .init(title: "Born", width: 8)
    case .patientSex: .init(title: "Sex", width: 3)
    case .numberOfPatientRelatedStudies: .init(title: "Studies", width: 7, alignsRight: true)
    case .modalitiesInStudy: .init(title: "Modality", width: 12)
    case .modality: .init(title: "Modality", width: 8)
    case .numberOfStudyRelatedInstances, .numberOfSeriesRelatedInstances:
      .init(title: "Images", width: 6, alignsRight: true)
    case .studyDescription, .seriesDescription: .init(title: "Description", width: 28)
    case .seriesNumber, .instanceNumber: .init(title: "Number", width: 6, alignsRight: true)
    case .numberOfFrames: .init(title: "Frames", width: 6, alignsRight: true)
    // The longest there is, PS3.5 §9.1: a person copies it.
    case .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID: .init(title: tag.keyword ?? "UID", width: 64)
    case .sopClassUID: .init(title: tag.keyword ?? "UID", width: 40, isIdentifier: true)
    default: .other(tag)
    }
  }
}
