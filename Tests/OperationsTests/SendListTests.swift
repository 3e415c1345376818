import Dicom
import Foundation
import Testing

@testable import Operations

@Suite("What a send request leads to")
struct SendListTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @discardableResult
  private func add(_ name: String, _ sopInstanceUID: UID?, meta: UID = "1.2.99") throws -> String {
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, UID.ctImageStorage)
    if let sopInstanceUID { dataSet.set(.sopInstanceUID, sopInstanceUID) }
    dataSet.set(.patientName, "DOE^JANE")
    let path = "\(folder.path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: FilePaths.folder(of: path), withIntermediateDirectories: true)
    try DicomFile.write(
      dataSet,
      meta: FileMetaInformation(
        mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: meta,
        transferSyntax: TransferSyntax.explicitVRLittleEndian.uid), to: path)
    return path
  }

  private func list(_ paths: String...) throws -> SendList {
    try SendList(paths.map { .path($0) }) { throw OperationError("no storage is needed") }
  }

  @Test("a folder is everything in it and below, in the order of paths; links lead to files and not to folders")
  func folders() throws {
    try add("b/2.dcm", "1.2.2")
    try add("a/deep/er/1.dcm", "1.2.1")
    try add("c.dcm", "1.2.3")
    try add("a-.dcm", "1.2.0")
    try add("b0", "1.2.4")
    try folder.write("a/notes.txt", "no instance")
    let files = FileManager.default
    try files.createSymbolicLink(atPath: "\(folder.path)/d.dcm", withDestinationPath: "\(folder.path)/c.dcm")
    try files.createSymbolicLink(atPath: "\(folder.path)/e", withDestinationPath: "\(folder.path)/b")
    #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0, "nobody writes into it: who opened it would wait for ever")
    let list = try list(folder.path)
    #expect(list.instances.map(\.sopInstanceUID) == ["1.2.0", "1.2.1", "1.2.2", "1.2.4", "1.2.3", "1.2.3"])
    #expect(list.skipped == ["not a DICOM file, left out: \(folder.path)/a/notes.txt"])
  }

  @Test("files and folders keep the order they are named in")
  func order() throws {
    let (first, second) = (try add("z/1.dcm", "1.2.1"), try add("y/2.dcm", "1.2.2"))
    try add("x/3.dcm", "1.2.3")
    #expect(try list(second, "\(folder.path)/x", first).instances.map(\.sopInstanceUID) == ["1.2.2", "1.2.3", "1.2.1"])
  }

  @Test("the data set's own UID counts; without one, that of the meta information")
  func identity() throws {
    try add("1.dcm", "1.2.1")
    try add("2.dcm", nil)
    #expect(try list(folder.path).instances.map(\.sopInstanceUID) == ["1.2.1", "1.2.99"])
  }

  @Test("of many files the small ones are read once, the others again when their turn comes")
  func kept() throws {
    for number in 0..<70 { try add("\(number).dcm", UID("1.2.\(number)")) }
    var large = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/0.dcm")))
    large += [UInt8](repeating: 0, count: 20_000)
    try Data(large).write(to: URL(fileURLWithPath: "\(folder.path)/0.dcm"))
    let many = try list(folder.path).instances
    #expect(many.count == 70 && many.filter { $0.content == nil }.map(\.sopInstanceUID) == ["1.2.0"])
    for instance in many where instance.content != nil {
      guard case .memory(.kept(let bytes)) = try instance.source().content else {
        Issue.record("\(instance.path) is not sent from memory")
        continue
      }
      let offset = try #require(instance.offset)
      #expect(offset + bytes.count == instance.bytes)
    }
    #expect(try list("\(folder.path)/1.dcm", "\(folder.path)/2.dcm").instances.allSatisfy { $0.content == nil })
  }

  @Test("a named file that is none is refused, and so is a folder with nothing in it")
  func refused() throws {
    let text = try folder.write("notes.txt", "no instance")
    #expect(throws: OperationError.self) { try list(text) }
    #expect(throws: OperationError("\(folder.path)/none.dcm: there is no such file")) {
      try list("\(folder.path)/none.dcm")
    }
    #expect(throws: OperationError("there is nothing to send; not a DICOM file, left out: \(text)")) {
      try list(folder.path)
    }
  }
}
