import Dicom
import Foundation
import GRDB
import Testing

@testable import LocalIndex

/// Deleting, importing, starting again, building the index anew.
@Suite struct HousekeepingTests {
  let folder: TemporaryFolder
  let index: LocalIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
  }

  func fill() throws {
    for series in 1...2 {
      for instance in 1...3 {
        try index.receive(
          makeDataSet(
            series: "1.2.3.\(series)", instance: "1.2.3.\(series).\(instance)", modality: series == 1 ? "CT" : "SR"))
      }
    }
    try index.receive(makeDataSet(study: "1.2.4", series: "1.2.4.1", instance: "1.2.4.1.1", modality: "MR"))
    try index.receive(makeDataSet([(.studyDescription, "Another version")]))
    try index.receive(
      makeDataSet(patientID: "P2", name: "Иванов^Пётр", study: "1.2.5", series: "1.2.5.1", instance: "1.2.5.1.1"))
  }

  /// All tables but for the row numbers, which no one sees.
  static func content(_ index: LocalIndex) throws -> [String] {
    try index.read { db in
      func rows(_ sql: String) throws -> [String] { try Row.fetchAll(db, sql: sql).map(\.description) }
      func columns(_ table: String) throws -> String {
        try db.columns(in: table).map(\.name).filter { !["id", "patient", "study", "series"].contains($0) }
          .map { "\(table).\($0)" }.joined(separator: ", ")
      }
      return try rows("SELECT \(columns("patient")) FROM patient ORDER BY key")
        + rows(
          "SELECT \(columns("study")), patient.key, text FROM study JOIN patient ON patient.id = patient "
            + "JOIN studyText ON studyText.rowid = study.id ORDER BY study.key")
        + rows("SELECT \(columns("series")), study.key FROM series JOIN study ON study.id = study ORDER BY series.key")
        + rows(
          "SELECT \(columns("instance")), series.key FROM instance JOIN series ON series.id = series ORDER BY instance.key"
        )
        + rows("SELECT * FROM version ORDER BY instance, number")
        + Level.allCases.flatMap { level in
          let (table, terms) = (IndexUpdate.table(level), Terms.table(level))
          return try rows(
            """
            SELECT \(table).key, tag, value FROM term JOIN \(terms) ON \(terms).term = term.id
            JOIN \(table) ON \(table).id = \(terms).resource ORDER BY 1, 2, 3
            """)
        }
        + rows("SELECT tag, value FROM term ORDER BY tag, value")
    }
  }

  @Test("an index built from the files is the same") func reindex() throws {
    try fill()
    let before = try Self.content(index)
    let outcome = try index.reindex()
    #expect(outcome.instances == 8)
    #expect(outcome.versions == 1)
    #expect(outcome.unreadable.isEmpty)
    #expect(try Self.content(index) == before)
    try index.close()
    for suffix in ["", "-wal", "-shm"] { unlink(folder.storage + "/index.sqlite" + suffix) }
    #expect(try Self.content(LocalIndex(storage: folder.storage)) == before)
  }

  @Test("an index of which the making was ended is made at the next start") func unfilled() throws {
    try fill()
    let before = try Self.content(index)
    #expect(throws: CancellationError.self) { try index.reindex { _ in false } }
    #expect(try Self.content(index) == before, "a rebuild that is ended changes nothing")
    try index.close()
    for suffix in ["", "-wal", "-shm"] { unlink(folder.storage + "/index.sqlite" + suffix) }
    // The file and its tables are there from the first moment on, the rows with the end of the transaction.
    try Schema.migrator.migrate(DatabaseQueue(path: folder.storage + "/index.sqlite"))
    #expect(try Self.content(LocalIndex(storage: folder.storage)) == before)
  }

  @Test("columns and main tags agree") func columns() throws {
    try index.read { db in
      for level in Level.allCases {
        let names = Set(try db.columns(in: IndexUpdate.table(level)).map(\.name))
        #expect(names.isSuperset(of: MainTags.tags(of: level).map(MainTags.column)))
        #expect(names.isSuperset(of: SearchColumn.columns(of: level).map(\.name)))
      }
    }
  }

  @Test("deleting takes files and rows, at every level") func delete() throws {
    try fill()
    let study = OrthancIdentifier.study(patientID: "P1", studyInstanceUID: "1.2.3")
    let series = try index.series(ofStudy: study)
    #expect(series.map(\.modality) == ["CT", "SR"])
    // The first instance gave the study its values; another takes its place.
    let first = try #require(try index.instances(ofSeries: series[0].id).first)
    #expect(first.otherVersions == 1)
    #expect(try index.delete(first.id).instances == 1)
    #expect(try index.studies(ids: [study]).map(\.instances) == [5])
    try index.delete(series[1].id)
    let row = try #require(try index.studies(ids: [study]).first)
    #expect(row.modalities == ["CT"])
    #expect(row.series == 1)
    #expect(row.instances == 2)
    #expect(try index.studyCount(matching: "sr") == 0)
    let before = try Self.content(index)
    _ = try index.reindex()
    #expect(try Self.content(index) == before)
    try index.delete(study)
    #expect(try index.studies(matching: "P1").map(\.studyInstanceUID) == ["1.2.4"])
    try index.delete(OrthancIdentifier.patient(patientID: "P1"))
    #expect(try index.studies().map(\.patientID) == ["P2"])
    #expect(try index.find(LocalQuery(level: .study, [(.patientName, "*oe*")])).isEmpty)
    let again = try Self.content(index)
    _ = try index.reindex()
    #expect(try Self.content(index) == again, "nothing is left of what was deleted")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.storage + "/instances")
    #expect(files.filter { $0.hasSuffix(".dcm") }.count == 1)
    #expect(try index.delete("da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709").instances == 0)
  }

  @Test("one that comes again while it is deleted is here and found") func comesAgain() throws {
    let stored = try index.receive(makeDataSet())
    try index.receive(makeDataSet(instance: "1.2.3.1.2"))
    #expect(try index.statistics().instances == 2)
    // Its file is gone, another process has stored and indexed it again, and now the index hears of the deletion.
    unlink(stored.path)
    let other = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
    try other.receive(makeDataSet())
    try other.writer.flush()
    index.writer.enqueue(.remove([stored.id]))
    #expect(try index.instances(under: stored.identity.study).count == 2)
    #expect(try index.verify().problems.isEmpty)
    let before = try Self.content(index)
    _ = try index.reindex()
    #expect(try Self.content(index) == before)
    try other.close()
  }

  @Test("another version that comes while its instance is deleted is the instance then") func versionMeanwhile() throws
  {
    let stored = try index.receive(makeDataSet())
    let other = try index.receive(makeDataSet(instance: "1.2.3.1.2", [(.studyDescription, "Other")]))
    #expect(try index.statistics().instances == 2)
    // The index has not heard of it yet.
    let file = try DicomFile(path: other.path, reading: .everything)
    var dataSet = file.dataSet
    dataSet.set(.sopInstanceUID, UID("1.2.3.1.1"))
    try DicomFile.write(
      dataSet, meta: try #require(file.metaInformation), to: index.storage.path(ofInstance: stored.id, version: 2))
    try index.delete(stored.id)
    #expect(try index.instances(under: stored.id).map(\.path) == [stored.path])
    #expect(try index.versions(ofInstance: stored.id) == [stored.path])
    #expect(try DicomFile(path: stored.path).dataSet.string(.studyDescription) == "Other")
    #expect(try index.verify().problems.isEmpty)
  }

  @Test("a file that cannot be read keeps neither others from being deleted nor anything from being stored")
  func unreadable() throws {
    let first = try index.receive(makeDataSet())
    let second = try index.receive(makeDataSet(instance: "1.2.3.1.2"))
    #expect(try index.statistics().instances == 2)
    try Data("no longer DICOM".utf8).write(to: URL(fileURLWithPath: second.path))
    // The series had its values from the first one, and would have them from the other now.
    try index.delete(first.id)
    #expect(index.problem == nil)
    try index.receive(makeDataSet(instance: "1.2.3.1.3"))
    #expect(try index.statistics().instances == 2)
  }

  @Test(
    "after a process that ended without closing, files without a row are found and partial ones cleared",
    arguments: [false, true])
  func recovery(isForLookup: Bool) throws {
    try fill()
    let before = try Self.content(index)
    let gone = try index.receive(makeDataSet(study: "1.2.8", series: "1.2.8.1", instance: "1.2.8.1.1"))
    try index.close()
    // As it is found when a process was killed: a session without its process, and an index that is behind.
    let session = folder.storage + "/incoming/12345-1"
    try FileManager.default.createDirectory(atPath: session, withIntermediateDirectories: true)
    try Data("half of it".utf8).write(to: URL(fileURLWithPath: session + "/1.part"))
    try Data().write(to: URL(fileURLWithPath: session + "/lock"))
    unlink(gone.path)
    do {
      let queue = try DatabaseQueue(path: folder.storage + "/index.sqlite")
      try queue.write { db in
        try db.execute(sql: "DELETE FROM instance WHERE SOPInstanceUID = '1.2.3.2.2'")
        try db.execute(sql: "UPDATE series SET instanceCount = 2 WHERE SeriesInstanceUID = '1.2.3.2'")
        try db.execute(sql: "DELETE FROM version")
      }
    }
    let again = try LocalIndex(storage: folder.storage, isForLookup: isForLookup)
    #expect(try again.contains(sopInstanceUID: "1.2.3.2.2"))
    #expect(try again.contains(sopInstanceUID: "1.2.8.1.1") == false)
    #expect(!FileManager.default.fileExists(atPath: session))
    _ = try again.reindex()
    #expect(try Self.content(again) == before)
  }

  @Test("files and folders are imported; duplicates counted, others named") func importing() throws {
    let source = folder.path + "/source"
    try FileManager.default.createDirectory(atPath: source + "/deep/er", withIntermediateDirectories: true)
    func write(_ dataSet: DataSet, _ name: String, _ syntax: UID = .explicitVRLittleEndian) throws {
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: dataSet.uid(.sopInstanceUID) ?? "",
        transferSyntax: syntax)
      try DicomFile.write(dataSet, meta: meta, to: source + "/" + name)
    }
    try write(makeDataSet(), "one.dcm")
    try write(makeDataSet(), "deep/copy")
    try write(makeDataSet(instance: "1.2.3.1.2"), "deep/er/two", .explicitVRBigEndian)
    try write(makeDataSet([(.studyDescription, "Other")]), "zother")
    try Data("plain text, longer than a preamble would be".utf8).write(to: URL(fileURLWithPath: source + "/README"))
    try Data().write(to: URL(fileURLWithPath: source + "/empty"))
    try DicomFile.write(
      makeDataSet(instance: "1.2.9"),
      meta: FileMetaInformation(
        mediaStorageSOPClassUID: .mediaStorageDirectoryStorage, mediaStorageSOPInstanceUID: "1.2.9",
        transferSyntax: .explicitVRLittleEndian), to: source + "/DICOMDIR")
    let outcome = try index.importPaths([source, source + "/missing"])
    #expect(outcome.imported == 2)
    #expect(outcome.duplicates == 1)
    #expect(outcome.versions == 1)
    #expect(outcome.notDicom == [source + "/README", source + "/empty"])
    #expect(outcome.failures.map(\.path) == [source + "/missing"])
    #expect(outcome.studies == [OrthancIdentifier.study(patientID: "P1", studyInstanceUID: "1.2.3")])
    #expect(try index.statistics().instances == 2)
  }
}
