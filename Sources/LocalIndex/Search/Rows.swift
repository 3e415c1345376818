import Dicom
import Foundation
import GRDB

/// A study as a list shows it.
public struct StudyRow: Hashable, Sendable, Identifiable {
  public let id: String
  public let patientID: String
  public let patientName: String
  public let patientBirthDate: String
  public let patientSex: String
  public let studyInstanceUID: String
  public let studyDate: String
  public let studyTime: String
  public let studyDescription: String
  public let accessionNumber: String
  public let modalities: [String]
  public let series: Int
  public let instances: Int
  public let bytes: Int
  /// When its last instance came.
  public let lastUpdate: Date
  /// The AE title its first instance came from.
  public let remoteAETitle: String?

  init(_ row: Row) {
    id = row.identifier
    patientID = row.text("PatientID")
    patientName = row.text("PatientName")
    patientBirthDate = row.text("PatientBirthDate")
    patientSex = row.text("PatientSex")
    studyInstanceUID = row.text("StudyInstanceUID")
    studyDate = row.text("StudyDate")
    studyTime = row.text("StudyTime")
    studyDescription = row.text("StudyDescription")
    accessionNumber = row.text("AccessionNumber")
    modalities = row.text("modalities").split(separator: "\\").map(String.init)
    series = row["seriesCount"]
    instances = row["instanceCount"]
    bytes = row["bytes"]
    lastUpdate = Date(timeIntervalSince1970: row["lastUpdate"])
    remoteAETitle = row["remoteAET"]
  }
}

/// A series as a list shows it.
public struct SeriesRow: Hashable, Sendable, Identifiable {
  public let id: String
  public let seriesInstanceUID: String
  public let modality: String
  public let seriesNumber: String
  public let seriesDescription: String
  public let bodyPartExamined: String
  public let seriesDate: String
  public let seriesTime: String
  public let instances: Int
  public let bytes: Int
  public let lastUpdate: Date
  public let remoteAETitle: String?

  init(_ row: Row) {
    id = row.identifier
    seriesInstanceUID = row.text("SeriesInstanceUID")
    modality = row.text("Modality")
    seriesNumber = row.text("SeriesNumber")
    seriesDescription = row.text("SeriesDescription")
    bodyPartExamined = row.text("BodyPartExamined")
    seriesDate = row.text("SeriesDate")
    seriesTime = row.text("SeriesTime")
    instances = row["instanceCount"]
    bytes = row["bytes"]
    lastUpdate = Date(timeIntervalSince1970: row["lastUpdate"])
    remoteAETitle = row["remoteAET"]
  }
}

/// An instance as a list shows it.
public struct InstanceRow: Hashable, Sendable, Identifiable {
  public let id: String
  public let sopInstanceUID: String
  public let sopClassUID: String
  public let transferSyntaxUID: String
  public let instanceNumber: String
  public let numberOfFrames: String
  public let path: String
  public let bytes: Int
  public let received: Date
  public let remoteAETitle: String?
  /// How many other data sets arrived under its identity.
  public let otherVersions: Int

  init(_ row: Row, _ storage: StorageFolder) {
    id = row.identifier
    sopInstanceUID = row.text("SOPInstanceUID")
    sopClassUID = row.text("SOPClassUID")
    transferSyntaxUID = row.text("transferSyntaxUID")
    instanceNumber = row.text("InstanceNumber")
    numberOfFrames = row.text("NumberOfFrames")
    path = storage.path(ofInstance: id)
    bytes = row["bytes"]
    received = Date(timeIntervalSince1970: row["received"])
    remoteAETitle = row["remoteAET"]
    otherVersions = row["otherVersions"]
  }
}

extension Row {
  var identifier: String { OrthancIdentifier.text(of: [UInt8](self["key"] as Data)) }

  func text(_ column: String) -> String { self[column] ?? "" }
}

/// How a list of studies is sorted.
public struct StudyOrder: Hashable, Sendable {
  public enum Column: String, Hashable, Sendable, CaseIterable {
    case patientName, patientID, patientBirthDate, studyDate, studyTime, studyDescription, modalities, accessionNumber
    case series, instances, bytes, lastUpdate
  }

  public var column: Column
  public var isDescending: Bool

  public init(_ column: Column = .studyDate, isDescending: Bool = true) {
    self.column = column
    self.isDescending = isDescending
  }

  var sql: String {
    let columns =
      switch column {
      case .patientName: ["PatientName_f", "PatientName_i"]
      case .patientID: ["PatientID_f"]
      case .patientBirthDate: ["PatientBirthDate_f"]
      case .studyDate: ["StudyDate_f", "StudyTime_f"]
      case .studyTime: ["StudyTime_f"]
      case .studyDescription: ["StudyDescription_f"]
      case .modalities: ["modalities"]
      case .accessionNumber: ["AccessionNumber_f"]
      case .series: ["seriesCount"]
      case .instances: ["instanceCount"]
      case .bytes: ["bytes"]
      case .lastUpdate: ["lastUpdate"]
      }
    return (columns + ["id"]).map { "st." + $0 + (isDescending ? " DESC" : "") }.joined(separator: ", ")
  }
}
