import Dicom
import Foundation
import Testing

@testable import LocalIndex

/// What an export leaves, however it ends; that others can read it is in the stories with real peers.
@Suite struct ExportTests {
  let folder: TemporaryFolder
  let index: LocalIndex
  let patient = OrthancIdentifier.patient(patientID: "P1")

  init() throws {
    folder = try TemporaryFolder()
    index = try LocalIndex(storage: folder.storage, options: StorageOptions(durability: .none))
    for number in 1...3 {
      try index.receive(makeDataSet(instance: "1.2.3.1.\(number)"))
      try index.receive(makeDataSet(series: "1.2.3.2", instance: "1.2.3.2.\(number)"))
    }
  }

  /// All that lies in the folder beside the storage.
  private func names() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix("storage") }.sorted()
  }

  private func records(_ path: String) throws -> [DataSet] {
    try DicomFile(path: path + "/DICOMDIR", reading: .everything).dataSet.items(DirectoryTags.records)
  }

  @Test("one that is ended leaves nothing", arguments: ["out", "out.zip"]) func ended(name: String) throws {
    let path = folder.path + "/" + name
    let outcome = try index.export([patient], to: path) { $0.instances < 2 }
    #expect(outcome.isIncomplete && outcome.instances == 2)
    #expect(try names() == [])
    // So it may be done again.
    #expect(try index.export([patient], to: path).instances == 6)
    #expect(try names().contains(name))
  }

  @Test("an archive has no name until it is whole, where the system has such files: a killed process leaves nothing")
  func unnamed() throws {
    let unnamed = Posix.openUnnamed(in: folder.path, mode: 0o600)
    if let unnamed { Posix.close(unnamed) }
    var seen: [String] = []
    _ = try index.export([patient], to: folder.path + "/out.zip") { _ in
      seen += (try? names()) ?? ["?"]
      return true
    }
    #expect(unnamed == nil || seen == [])
    #expect(try names() == ["out.zip"])
  }

  @Test("a folder that was there stays, with what somebody else has put there") func others() throws {
    let path = folder.path + "/out"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    _ = try index.export([patient], to: path) { _ in false }
    #expect(try names() == ["out"])
    _ = try index.export([patient], to: path) { _ in
      #expect(FileManager.default.createFile(atPath: path + "/theirs", contents: Data("theirs".utf8)))
      return false
    }
    #expect(try names() == ["out", "out/theirs"])
  }

  @Test("a file that is somebody's is not taken for ours") func part() throws {
    let path = folder.path + "/out.zip"
    try Data("theirs".utf8).write(to: URL(fileURLWithPath: path + ".part"))
    // Two at once, of which one is first to be done.
    var second: ExportOutcome?
    #expect(throws: StorageError.self) {
      try index.export([patient], to: path) { _ in
        if second == nil { second = try? index.export([patient], to: path) }
        return true
      }
    }
    #expect(second?.instances == 6)
    #expect(FileManager.default.contents(atPath: path + ".part") == Data("theirs".utf8))
    #expect(try names() == ["out.zip", "out.zip.part"])
    #expect(try ZipReader(path).entries.count == 7)
  }

  @Test("files that cannot be read are named, and neither listed nor in the way") func unreadable() throws {
    let stored = try index.instances(under: patient)
    let broken = stored.filter { $0.sopInstanceUID.rawValue.hasPrefix("1.2.3.2") || $0.sopInstanceUID == "1.2.3.1.2" }
    for instance in broken { unlink(instance.path) }
    let path = folder.path + "/out"
    let outcome = try index.export([patient], to: path)
    #expect(outcome.instances == 2)
    #expect(Set(outcome.failures.map(\.path)) == Set(broken.map(\.path)))
    let listed = try records(path)
    #expect(
      listed.compactMap { $0.string(DirectoryTags.recordType) } == ["PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE"])
    for record in listed where record[DirectoryTags.referencedFileID] != nil {
      #expect(Posix.exists(path + "/" + record.strings(DirectoryTags.referencedFileID).joined(separator: "/")))
    }
  }

  @Test("an archive goes on where a file could not be read to its end", arguments: [true, false])
  func rollback(isCompressible: Bool) throws {
    struct Failure: Error {}
    let path = folder.path + "/some.zip"
    let writer = try ZipWriter(path)
    func add(_ name: String, _ pieces: Int, fails: Bool) throws {
      var left = pieces
      try writer.add(name, isCompressible: isCompressible) {
        if left == 0, fails { throw Failure() }
        defer { left -= 1 }
        return left > 0 ? (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) } : []
      }
    }
    try add("one", 1, fails: false)
    #expect(throws: Failure.self) { try add("two", 2, fails: true) }
    try add("three", 3, fails: false)
    try writer.finish()
    let reader = try ZipReader(path)
    #expect(reader.entries.map(\.name) == ["one", "three"])
    for (entry, pieces) in zip(reader.entries, [1, 3]) {
      var count = 0
      try reader.extract(entry) { bytes in
        count += bytes.count
        return true
      }
      #expect(count == pieces * 300_000)
    }
  }

  @Test("names have eight characters at most, however many there are") func fileID() {
    #expect(
      FileSetDirectory.Place(numbers: [1, 999_999, 1_000_000, 12_345_678]).fileID
        == ["PA000001", "ST999999", "S1000000", "12345678"])
  }

  @Test(
    "each kind of instance has its kind of record",
    arguments: [
      ("2", "IMAGE"), ("88.33", "SR DOCUMENT"), ("88.59", "KEY OBJECT DOC"), ("78.1", "MEASUREMENT"),
      ("78.6", "SR DOCUMENT"), ("79.1", "SR DOCUMENT"), ("80.1", "MEASUREMENT"), ("68.1", "SURFACE SCAN"),
      ("66.5", "SURFACE"), ("66.6", "TRACT"), ("66.4", "IMAGE"), ("90.1", "ASSESSMENT"), ("481.5", "RT PLAN"),
      ("481.10", "RADIOTHERAPY"), ("481.25", "RADIOTHERAPY"), ("481.23", "IMAGE"), ("9.1.1", "WAVEFORM"),
      ("104.1", "ENCAP DOC"), ("11.1", "PRESENTATION"),
    ])
  func kinds(sopClass: String, record: String) {
    let kind = DirectoryRecordKind(sopClass: UID("1.2.840.10008.5.1.4.1.1.\(sopClass)"))
    #expect(kind.name == record)
    #expect(kind.keys.contains(.instanceNumber) || record == "SURFACE SCAN")
  }

  @Test("text inside a sequence of a DICOMDIR says its encoding") func encoding() throws {
    var name = DataSet()
    name.setCharacterSet(.latin1)
    name.set(.codeMeaning, "Röntgenbefund")
    name.remove(.specificCharacterSet)
    var report = makeDataSet(
      patientID: "P2", name: "Doe^Jane", study: "1.2.4", series: "1.2.4.1", instance: "1.2.4.1.1", modality: "SR",
      characterSet: .latin1)
    report.set(.sopClassUID, UID("1.2.840.10008.5.1.4.1.1.88.11"))
    report.set(.conceptNameCodeSequence, items: [name])
    try index.receive(report)
    let path = folder.path + "/out"
    _ = try index.export([OrthancIdentifier.patient(patientID: "P2")], to: path)
    let records = try records(path)
    let record = try #require(records.first { $0.string(DirectoryTags.recordType) == "SR DOCUMENT" })
    #expect(record.string(.specificCharacterSet) == "ISO_IR 192")
    #expect(record.items(.conceptNameCodeSequence).first?.string(.codeMeaning) == "Röntgenbefund")
    #expect(records.first?[.specificCharacterSet] == nil, "the patient's name needs none")
  }
}
