import Dicom
import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension LocalIndex {
  /// Seconds without an arrival after which a resource counts as complete (Orthanc's `StableAge`).
  static let stableAge = 60.0

  /// A resource as Orthanc's `tools/find` describes it with `Expand`: one JSON object on one line.
  /// - Returns: nil when nothing has this identifier.
  public func expand(_ id: String) throws -> String? {
    guard let bytes = OrthancIdentifier.bytes(of: id) else { return nil }
    return try read { db in
      for level in Level.allCases {
        let row = try Row.fetchOne(
          db, sql: "SELECT * FROM \(IndexUpdate.table(level)) WHERE key = ?", arguments: [Data(bytes)])
        if let row { return try Self.json(row, level, db).text }
      }
      return nil
    }
  }

  private static func json(_ row: Row, _ level: Level, _ db: Database) throws -> JSONText.Value {
    var fields: [String: JSONText.Value] = [
      "ID": .string(row.identifier), "Type": .string(level.description), "MainDicomTags": mainTags(row, level),
    ]
    if level != .instance {
      let updated: Double = row["lastUpdate"]
      fields["LastUpdate"] = .string(timestamp(updated))
      fields["IsStable"] = .bool(Posix.now() - updated >= stableAge)
    }
    let id: Int64 = row["id"]
    switch level {
    case .patient:
      fields["Studies"] = try children(db, "SELECT key FROM study WHERE patient = ? ORDER BY id", id)
    case .study:
      let patient = try Row.fetchOne(
        db, sql: "SELECT * FROM patient WHERE id = ?", arguments: [row["patient"] as Int64])
      if let patient {
        fields["ParentPatient"] = .string(patient.identifier)
        fields["PatientMainDicomTags"] = mainTags(patient, .patient)
      }
      fields["Series"] = try children(db, "SELECT key FROM series WHERE study = ? ORDER BY id", id)
    case .series:
      fields["ParentStudy"] = try parent(db, "SELECT key FROM study WHERE id = ?", row["study"])
      fields["Instances"] = try children(db, "SELECT key FROM instance WHERE series = ? ORDER BY id", id)
      let expected = expectedInstances(row)
      fields["ExpectedNumberOfInstances"] = expected.map(JSONText.Value.integer) ?? .null
      fields["Status"] = .string(status(expected, row["instanceCount"]))
    case .instance:
      fields["ParentSeries"] = try parent(db, "SELECT key FROM series WHERE id = ?", row["series"])
      fields["FileSize"] = .integer(row["bytes"])
      let index: String? = row["InstanceNumber"]
      fields["IndexInSeries"] = index.flatMap { Int(ValueMatcher.trim($0)) }.map(JSONText.Value.integer) ?? .null
    }
    return object(fields)
  }

  /// Orthanc writes the members in the order of their names.
  private static func object(_ fields: [String: JSONText.Value]) -> JSONText.Value {
    .object(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  private static func mainTags(_ row: Row, _ level: Level) -> JSONText.Value {
    var fields: [String: JSONText.Value] = [:]
    for tag in MainTags.tags(of: level) {
      let column = MainTags.column(tag)
      if let text: String = row[column] { fields[column] = .string(ValueMatcher.trim(text)) }
    }
    return object(fields)
  }

  /// How many instances a series says it has: its temporal positions times slices, its slices, or its images.
  private static func expectedInstances(_ row: Row) -> Int? {
    func number(_ column: String) -> Int? { (row[column] as String?).flatMap { Int(ValueMatcher.trim($0)) } }
    if let images = number("ImagesInAcquisition") {
      return number("NumberOfTemporalPositions").map { $0 * images } ?? images
    }
    if let slices = number("NumberOfSlices") { return number("NumberOfTimeSlices").map { $0 * slices } ?? slices }
    return number("CardiacNumberOfImages")
  }

  private static func status(_ expected: Int?, _ count: Int) -> String {
    guard let expected else { return "Unknown" }
    return count == expected ? "Complete" : count < expected ? "Missing" : "Inconsistent"
  }

  private static func children(_ db: Database, _ sql: String, _ id: Int64) throws -> JSONText.Value {
    .array(try Data.fetchAll(db, sql: sql, arguments: [id]).map { .string(OrthancIdentifier.text(of: [UInt8]($0))) })
  }

  private static func parent(_ db: Database, _ sql: String, _ id: Int64) throws -> JSONText.Value {
    try Data.fetchOne(db, sql: sql, arguments: [id]).map { .string(OrthancIdentifier.text(of: [UInt8]($0))) } ?? .null
  }

  /// `20261124T182104`, in UTC as Orthanc writes it.
  private static func timestamp(_ seconds: Double) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func pad(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)\(pad(parts.tm_mon + 1))\(pad(parts.tm_mday))T"
      + "\(pad(parts.tm_hour))\(pad(parts.tm_min))\(pad(parts.tm_sec))"
  }
}
