import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("A DICOM file")
struct DicomFileTests {
  private func example() -> DataSet {
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, .ctImageStorage)
    dataSet.set(.sopInstanceUID, "1.2.3.4" as UID)
    dataSet.set(.patientName, "DOE^JANE")
    return dataSet
  }

  private func meta(_ syntax: UID = .explicitVRLittleEndian) -> FileMetaInformation {
    FileMetaInformation(
      mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: "1.2.3.4", transferSyntax: syntax,
      sourceAETitle: "FLUORO", sendingAETitle: "PACS1", receivingAETitle: "FLUORO")
  }

  @Test("says who wrote it and whence it came")
  func metaInformation() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/a.dcm"
    try DicomFile.write(example(), meta: meta(), to: path)

    let file = try DicomFile(path: path)
    #expect(file.metaInformation?.mediaStorageSOPClassUID == .ctImageStorage)
    #expect(file.metaInformation?.mediaStorageSOPInstanceUID == "1.2.3.4")
    #expect(file.metaInformation?.implementationClassUID == Implementation.classUID)
    #expect(file.metaInformation?.implementationVersionName == Implementation.versionName)
    #expect(file.metaInformation?.sendingAETitle == "PACS1")
    #expect(file.metaInformation?.receivingAETitle == "FLUORO")
    #expect(file.metaInformation?.dataSet.integer(.fileMetaInformationGroupLength) == file.dataSetOffset - 144)
    #expect(file.transferSyntax == .explicitVRLittleEndian)
    #expect(file.dataSet.string(.patientName) == "DOE^JANE")
    #expect(file.problem == nil)
    #expect(try Pydicom.status(of: "/usr/bin/env", ["dcmdump", "-q", path]) == 0)
  }

  @Test("of a hundred megabytes is read without its pixel data")
  func large() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/large.dcm"
    var dataSet = example()
    dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer())
    try DicomFile.write(dataSet, meta: meta(), to: path)
    // The length of the last element, and a hole of that length: the file takes no space.
    let length = 100 << 20
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    let end = try handle.seekToEnd()
    try handle.seek(toOffset: end - 4)
    try handle.write(contentsOf: withUnsafeBytes(of: UInt32(length).littleEndian) { Data($0) })
    try handle.truncate(atOffset: end + UInt64(length))
    try handle.close()

    let file = try DicomFile(path: path)
    #expect(file.problem == nil)
    #expect(file.pixelData?.offset == Int(end))
    #expect(file.pixelData?.length == length)
    #expect(file.dataSet.source.bytes.readableBytes <= 16 * 1024)
    #expect(file.dataSet[.pixelData]?.bytes == nil)
    #expect(file.dataSet[.pixelData]?.isLeftInFile == true)
    #expect(throws: DataSetWriteError.valueLeftInFile(.pixelData)) {
      try DataSetWriter.write(file.dataSet, transferSyntax: file.transferSyntax)
    }
  }

  @Test("has elements behind its pixel data when they are asked for", arguments: [false, true])
  func behindPixelData(_ isCompressed: Bool) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/behind.dcm"
    var dataSet = example()
    if isCompressed {
      dataSet.set(.pixelData, fragments: [ByteBuffer(), ByteBuffer(bytes: [1, 2]), ByteBuffer(bytes: [3, 4, 5, 6])])
    } else {
      dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: 7, count: 100))
    }
    dataSet.set(.dataSetTrailingPadding, vr: .OB, bytes: ByteBuffer(bytes: [0, 0]))
    try DicomFile.write(dataSet, meta: meta(isCompressed ? .jpegBaseline8Bit : .explicitVRLittleEndian), to: path)
    let file = try DicomFile(path)
    #expect(file.dataSet.tags.last == .pixelData)
    #expect(try file.elementsBehindPixelData().dataSet.tags == [.dataSetTrailingPadding])
  }

  @Test("with nonsense behind its pixel data is read, is said to be so, and is not converted without it")
  func nonsenseBehindPixelData() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/nonsense.dcm"
    var dataSet = example()
    dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: 7, count: 100))
    var bytes = try DicomFile.encode(dataSet, meta: meta())
    let end = bytes.readableBytes
    bytes.writeString("garbage")
    try FileBytes.write(bytes, to: path)
    let file = try DicomFile(path)
    #expect(file.problem == nil)
    #expect(try file.elementsBehindPixelData().problem?.offset == end)
    #expect(throws: DicomFileError.self) {
      try DicomFile.convert(path, to: folder.path + "/out.dcm", transferSyntax: .implicitVRLittleEndian)
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.dcm"))
  }

  @Test("that is cut off is read as far as it goes, and says where in the file that is", arguments: [0, 1, 6, 8])
  func truncated(_ missing: Int) throws {
    let whole = try DicomFile.encode(example(), meta: meta())
    let cut = whole.getSlice(at: 0, length: whole.readableBytes - missing) ?? whole
    let file = try DicomFile(bytes: cut)
    // The last element is PatientName: eight bytes of header, eight of value.
    #expect(file.dataSet.patientName == String("DOE^JANE".dropLast(missing)))
    #expect(file.problem?.offset == (missing == 0 ? nil : whole.readableBytes - 16))
    #expect(file.problem?.tag == (missing == 0 ? nil : .patientName))
  }

  @Test("with a header longer than the first read is read to its end")
  func longHeader() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/long.dcm"
    var dataSet = example()
    var item = DataSet()
    item.set(.patientComments, String(repeating: "x", count: 50_000))
    dataSet.set(.scheduledProcedureStepSequence, items: Array(repeating: item, count: 5))
    dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: 7, count: 1000))
    try DicomFile.write(dataSet, meta: meta(.implicitVRLittleEndian), to: path)
    let file = try DicomFile(path: path)
    #expect(file.problem == nil)
    #expect(file.dataSet.items(.scheduledProcedureStepSequence).count == 5)
    #expect(file.pixelData?.length == 1000)
  }

  @Test(
    "is told from others without the elements behind its SOP Instance UID, however far that is",
    arguments: [0, 3000, 100_000])
  func identification(_ filling: Int) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/known.dcm"
    var dataSet = example()
    dataSet.set(.sopInstanceUID, UID("1.2.3"))
    dataSet.set(Tag(0x0008, 0x0001), vr: .UN, bytes: ByteBuffer(repeating: 7, count: filling))
    dataSet.set(.pixelData, vr: .OW, bytes: ByteBuffer(repeating: 7, count: 1000))
    try DicomFile.write(dataSet, meta: meta(), to: path)
    let (whole, known) = (try DicomFile(path: path), try DicomFile(path: path, reading: .identification))
    #expect(known.dataSet.elements.map(\.tag) == whole.dataSet.elements.map(\.tag).filter { $0 <= .sopInstanceUID })
    #expect(known.dataSet.uid(.sopInstanceUID) == "1.2.3")
    #expect(known.dataSetOffset == whole.dataSetOffset && known.size == whole.size && known.problem == nil)
  }

  @Test(
    "without preamble, or without meta information, is read as it looks",
    arguments: [
      TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
    ])
  func bare(_ syntax: TransferSyntax) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/bare"
    let body = try DataSetWriter.write(example(), transferSyntax: syntax)
    try Data(body.readableBytesView).write(to: URL(fileURLWithPath: path))
    let file = try DicomFile(path: path)
    #expect(file.metaInformation == nil)
    #expect(file.transferSyntax == syntax)
    #expect(file.dataSet.string(.patientName) == "DOE^JANE")

    let withMeta = try DicomFile.encode(example(), meta: meta(syntax.uid))
    try Data(withMeta.readableBytesView.dropFirst(132)).write(to: URL(fileURLWithPath: path))
    let second = try DicomFile(path: path)
    #expect(second.transferSyntax == syntax)
    #expect(second.metaInformation?.sourceAETitle == "FLUORO")
    #expect(second.dataSet.string(.patientName) == "DOE^JANE")
  }

  @Test(
    "has the same beginning when that was encoded for another instance",
    arguments: ["1.2.3", "1.2.34", "", "2.25.329800735698586629295641978511506172918", "1.2.\u{FC}", "1.2 "])
  func beginning(_ uid: String) {
    var meta = meta(.jpegBaseline8Bit)
    let common = FileBeginning(meta)
    meta.mediaStorageSOPInstanceUID = UID(uid)
    #expect(common.encoded(sopInstanceUID: UID(uid)) == meta.encoded())
    #expect(FileBeginning(meta).encoded(sopInstanceUID: "1.2.3") == common.encoded(sopInstanceUID: "1.2.3"))
  }

  @Test("that cannot be read says why in one sentence")
  func failures() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let text = folder.path + "/text"
    try "This is no DICOM file.".write(toFile: text, atomically: true, encoding: .utf8)
    #expect(throws: DicomFileError(path: text, reason: .notDicom)) { try DicomFile(path: text) }
    #expect(throws: DicomFileError(path: folder.path, reason: .notAFile)) { try DicomFile(path: folder.path) }
    // Nobody writes to it: to open it for reading would take for ever.
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: DicomFileError(path: pipe, reason: .notAFile)) { try DicomFile(path: pipe) }
    let missing = folder.path + "/missing"
    do {
      _ = try DicomFile(path: missing)
      Issue.record("a missing file was read")
    } catch let error as DicomFileError {
      #expect(error.description == "\(missing): open failed: No such file or directory.")
    }
    let empty = folder.path + "/empty"
    try Data().write(to: URL(fileURLWithPath: empty))
    #expect(throws: DicomFileError(path: empty, reason: .notDicom)) { try DicomFile(path: empty) }
  }

  @Test("is listed with offsets that lead into the file")
  func dump() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let path = folder.path + "/a.dcm"
    var dataSet = example()
    dataSet.set(.scheduledProcedureStepSequence, items: [example()])
    dataSet.set(.rows, integers: [512])
    try DicomFile.write(dataSet, meta: meta(), to: path)
    let file = try DicomFile(path: path)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    for line in Dump.lines(file) {
      let offset = try #require(line.offset)
      #expect(UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8 == line.tag.group)
      #expect(UInt16(bytes[offset + 2]) | UInt16(bytes[offset + 3]) << 8 == line.tag.element)
    }
    let text = Dump.text(file.dataSet, options: Dump.Options(tags: [.rows, .sopClassUID]))
    #expect(
      text == [
        " 0 (0008,0016) UI  26 SOPClassUID [1.2.840.10008.5.1.4.1.1.2] = CT Image Storage",
        "66 (0028,0010) US   2 Rows 512",
      ])
  }
}
