import Dicom
import Operations

/// What the query form asks for by name; any other attribute follows by keyword.
enum QueryField: Sendable {
  case modality, patientName, patientID, birthDate, studyDate, modalities, accession, description, referring
  case stepDate, stepModality, stationAETitle, performing

  static let ofStudies: [QueryField] = [
    .modality, .patientName, .patientID, .birthDate, .studyDate, .modalities, .accession, .description, .referring,
  ]
  static let ofWorklist: [QueryField] = [
    .modality, .stepDate, .stepModality, .stationAETitle, .patientName, .patientID, .accession, .performing,
  ]

  var label: String {
    switch self {
    case .modality: "Ask"
    case .patientName: "Patient name"
    case .patientID: "Patient ID"
    case .birthDate: "Birth date"
    case .studyDate: "Study date"
    case .modalities: "Modalities"
    case .accession: "Accession number"
    case .description: "Description"
    case .referring: "Referring physician"
    case .stepDate: "Scheduled for"
    case .stepModality: "Modality"
    case .stationAETitle: "Station AE title"
    case .performing: "Performing physician"
    }
  }

  var hint: String {
    switch self {
    case .modality: ""
    case .patientName: "DOE, or DOE^J*"
    case .studyDate, .birthDate: "today  -7d  2024-01..2024-03"
    case .stepDate: "today  2024-03-15  2024-03"
    case .modalities, .stepModality: "CT"
    case .patientID, .accession, .description, .referring, .stationAETitle, .performing: "* and ? match anything"
    }
  }

  var attribute: Attribute? {
    switch self {
    case .modality: nil
    case .patientName: .patientName
    case .patientID: .patientID
    case .birthDate: .patientBirthDate
    case .studyDate: .studyDate
    case .modalities: .modalitiesInStudy
    case .accession: .accessionNumber
    case .description: .studyDescription
    case .referring: .referringPhysicianName
    case .stepDate: .stepDate
    case .stepModality: .modality
    case .stationAETitle: .stationAETitle
    case .performing: .performingPhysician
    }
  }

  var isDate: Bool { self == .birthDate || self == .studyDate || self == .stepDate }

  /// What is sent for what was typed.
  func value(_ text: String, today: Int, addsWildcards: Bool = true) -> Result<String, Command.Complaint> {
    let text = text.split(separator: " ").joined(separator: " ")
    let isAsTyped = !addsWildcards || text.isEmpty || text.contains("*") || text.contains("?")
    switch self {
    case .birthDate, .studyDate, .stepDate:
      return DateInput.range(text, today: today).map { .success($0) }
        ?? .failure(Command.Complaint(words: "not a date"))
    case .patientName, .referring, .performing:
      return .success(addsWildcards ? Self.name(text) + (isAsTyped ? "" : "*") : text)
    case .description: return .success(isAsTyped ? text : "*\(text)*")
    case .stepModality: return .success(text.uppercased())
    case .modalities:
      return .success(text.uppercased().split { $0 == "," || $0 == " " || $0 == "\\" }.joined(separator: "\\"))
    default: return .success(text)
    }
  }

  /// A name typed as lists show it, `Doe, Jane`, as DICOM writes it (PS3.5 §6.2.1.2).
  private static func name(_ text: String) -> String {
    guard let comma = text.firstIndex(of: ","), !text.contains("^"), !text.contains("=") else { return text }
    let given = text[text.index(after: comma)...].drop { $0 == " " }
    return given.isEmpty ? String(text[..<comma]) : "\(text[..<comma])^\(given)"
  }
}

/// An attribute that has no field of its own: `BodyPartExamined=CHEST`.
struct OtherKey {
  var keyword = ""
  var value = ""
  /// Keywords it may become while it is typed.
  var offers: [String] = []
  var complaint: String?
  /// What is sent, where that is not what was typed; else which attribute it is.
  var words = ""

  init(_ text: String, today: Int) {
    let text = String(text.drop { $0 == " " })
    guard !text.isEmpty else { return }
    let name = String(text.prefix { $0 != "=" }.reversed().drop { $0 == " " }.reversed())
    guard let equals = text.firstIndex(of: "=") else {
      offers = Array(Attributes.completions(name).prefix(40))
      complaint = offers.isEmpty ? "no such keyword" : nil
      return
    }
    guard let tag = Tag(parsing: name), let known = tag.keyword else {
      complaint = "no attribute \(name)"
      return
    }
    keyword = known
    value = String(text[text.index(after: equals)...].drop { $0 == " " })
    words = "\(tag) \(DataDictionary.attribute(for: tag).map { "\($0.vr)" } ?? "")"
    if DataDictionary.attribute(for: tag)?.vr == .DA {
      guard let range = DateInput.range(value, today: today) else {
        complaint = "not a date"
        return
      }
      if range != value { words = "asks \(range)" }
      value = range
    }
  }
}
