import Dicom
import GRDB

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a storage holds.
public struct Statistics: Hashable, Sendable {
  public var patients = 0
  public var studies = 0
  public var series = 0
  public var instances = 0
  /// Data sets that arrived under an identity that had one already.
  public var versions = 0
  /// Of the instance files, versions included.
  public var bytes = 0
  /// What is left on the disk for us.
  public var freeBytes: Int?
}

extension LocalIndex {
  /// Counts what is here: from sums that the index keeps, so it takes no longer with more of it.
  public func statistics() throws -> Statistics {
    var result = try read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT count(*) AS patients, coalesce(sum(studyCount), 0) AS studies, coalesce(sum(seriesCount), 0) AS series,
            coalesce(sum(instanceCount), 0) AS instances, coalesce(sum(bytes), 0) AS bytes,
            (SELECT count(*) FROM version) AS versions, (SELECT coalesce(sum(bytes), 0) FROM version) AS versionBytes
          FROM patient
          """)
      guard let row else { return Statistics() }
      return Statistics(
        patients: row["patients"], studies: row["studies"], series: row["series"], instances: row["instances"],
        versions: row["versions"], bytes: row["bytes"] + row["versionBytes"])
    }
    var information = statvfs()
    if statvfs(path, &information) == 0 { result.freeBytes = Int(information.f_bavail) * Int(information.f_frsize) }
    return result
  }

  /// How much of a study is here; nil when nothing is.
  public func holdings(studyInstanceUID: UID) throws -> Holdings? {
    try read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT count(*) AS count, sum(seriesCount) AS series, sum(instanceCount) AS instances, sum(bytes) AS bytes
          FROM study WHERE StudyInstanceUID = ?
          """, arguments: [studyInstanceUID.rawValue])
      guard let row, row["count"] as Int > 0 else { return nil }
      return Holdings(series: row["series"], instances: row["instances"], bytes: row["bytes"])
    }
  }

  /// Whether an instance with this SOP Instance UID is here, under whatever patient.
  public func contains(sopInstanceUID: UID) throws -> Bool {
    try read { db in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM instance WHERE SOPInstanceUID = ?)",
        arguments: [sopInstanceUID.rawValue]) ?? false
    }
  }
}

/// How much of something is here.
public struct Holdings: Hashable, Sendable {
  public var series: Int
  public var instances: Int
  public var bytes: Int

  public init(series: Int, instances: Int, bytes: Int) {
    self.series = series
    self.instances = instances
    self.bytes = bytes
  }
}
