/// A level of the Query/Retrieve information models (PS3.4 §C.6).
public enum Level: Int, Hashable, Comparable, Sendable, CaseIterable, CustomStringConvertible {
  case patient, study, series, instance

  /// The level a person or a peer names: any case; `IMAGE` and `Instance` are one (also the plurals of Orthanc's paths).
  public init?(_ text: String) {
    switch text.lowercased().split(separator: " ").first {
    case "patient", "patients": self = .patient
    case "study", "studies": self = .study
    case "series": self = .series
    case "image", "images", "instance", "instances": self = .instance
    default: return nil
    }
  }

  /// The value of Query/Retrieve Level (0008,0052).
  public var queryRetrieveLevel: String {
    switch self {
    case .patient: "PATIENT"
    case .study: "STUDY"
    case .series: "SERIES"
    case .instance: "IMAGE"
    }
  }

  /// The attribute that names one entity of the level (PS3.4 §C.2.2.1.1).
  public var uniqueKey: Tag {
    switch self {
    case .patient: .patientID
    case .study: .studyInstanceUID
    case .series: .seriesInstanceUID
    case .instance: .sopInstanceUID
    }
  }

  /// The name in Orthanc's vocabulary: `Patient`, `Study`, `Series`, `Instance`.
  public var description: String {
    switch self {
    case .patient: "Patient"
    case .study: "Study"
    case .series: "Series"
    case .instance: "Instance"
    }
  }

  public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
}
