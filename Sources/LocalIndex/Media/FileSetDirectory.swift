import Dicom
import NIOCore

/// A DICOMDIR in the making: the list of a file-set's instances as a tree of patients, studies, series and their instances
/// (PS3.3 Annex F, PS3.10 §8).
struct FileSetDirectory {
  private final class Record {
    let type: String
    /// What the record says, without its places.
    let keys: DataSet
    var below: [Record] = []
    /// By identifier.
    var index: [String: Int] = [:]

    init(_ type: String, _ keys: DataSet) {
      self.type = type
      self.keys = keys
    }

    /// Those below that are instances, or lead to some.
    var listed: [Record] { below.filter(\.hasInstance) }
    private var hasInstance: Bool {
      ["PATIENT", "STUDY", "SERIES"].contains(type) ? below.contains(where: \.hasInstance) : true
    }
  }

  private let root = Record("", DataSet())

  /// Where an instance goes: numbers of its patient, study, series and itself, each counted from 1 within the one above.
  struct Place {
    fileprivate(set) var numbers: [Int] = []

    /// Components of at most eight capitals and digits (PS3.10 §8.2): of a number that needs seven digits, or eight, there is
    /// less before it.
    var fileID: [String] {
      zip(["PA", "ST", "SE", "IM"], numbers).map { prefix, number in
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
        return prefix.prefix(max(0, 8 - digits.count)) + zeros + digits
      }
    }
  }

  /// Adds an instance.
  /// - Parameters:
  ///   - dataSet: its data set, as far as there are attributes to be listed.
  ///   - write: puts its file in its place; where that throws it is not listed.
  mutating func add(_ instance: StoredInstance, _ dataSet: DataSet, _ write: (Place) throws -> Void) rethrows {
    var place = Place()
    let patient = Self.record(instance.identity.patient, "PATIENT", below: root, &place) { number in
      Self.keys(of: dataSet, [.patientName, .patientID], [.patientID: "PATIENT\(number)"])
    }
    let study = Self.record(instance.identity.study, "STUDY", below: patient, &place) { number in
      var keys = Self.keys(
        of: dataSet, [.studyDate, .studyTime, .accessionNumber, .studyDescription, .studyInstanceUID, .studyID],
        [.studyID: "\(number)"])
      Self.complete(&keys, .studyDate, from: dataSet, [.seriesDate, .acquisitionDate, .contentDate])
      Self.complete(&keys, .studyTime, from: dataSet, [.seriesTime, .acquisitionTime, .contentTime])
      return keys
    }
    let series = Self.record(instance.identity.series, "SERIES", below: study, &place) { number in
      Self.keys(
        of: dataSet, [.modality, .seriesInstanceUID, .seriesNumber, .seriesDescription],
        [.seriesNumber: "\(number)", .modality: "OT"])
    }
    let kind = DirectoryRecordKind(sopClass: instance.sopClassUID)
    place.numbers.append(series.below.count + 1)
    try write(place)
    var keys = Self.keys(of: dataSet, kind.keys, [.instanceNumber: "\(place.numbers.last ?? 1)"])
    keys.set(DirectoryTags.referencedFileID, place.fileID)
    keys.set(DirectoryTags.referencedSOPClassUID, instance.sopClassUID)
    keys.set(DirectoryTags.referencedSOPInstanceUID, instance.sopInstanceUID)
    keys.set(DirectoryTags.referencedTransferSyntaxUID, instance.transferSyntaxUID)
    series.below.append(Record(kind.name, keys))
  }

  private static func record(
    _ id: String, _ type: String, below above: Record, _ place: inout Place, _ keys: (_ number: Int) -> DataSet
  ) -> Record {
    if let known = above.index[id] {
      place.numbers.append(known + 1)
      return above.below[known]
    }
    let record = Record(type, keys(above.below.count + 1))
    above.index[id] = above.below.count
    above.below.append(record)
    place.numbers.append(above.below.count)
    return record
  }

  /// Copies attributes; what must not be empty and is gets the value given for that.
  private static func keys(of dataSet: DataSet, _ tags: [Tag], _ substitutes: [Tag: String]) -> DataSet {
    var keys = DataSet()
    keys.setCharacterSet(.utf8)
    LocalIndex.copy(tags, from: dataSet, to: &keys)
    // It is said where something needs it (PS3.3 §F.3.2.2), also inside of a sequence.
    if QueryAnswers.isAscii(keys) { keys.remove(.specificCharacterSet) }
    for tag in tags where keys[tag]?.isEmpty ?? true {
      if let value = substitutes[tag] {
        keys.set(tag, value)
      } else if tag.dictionaryVR == .SQ {
        keys.set(tag, items: [])
      } else {
        keys.setEmpty(tag)
      }
    }
    return keys
  }

  private static func complete(_ keys: inout DataSet, _ tag: Tag, from dataSet: DataSet, _ others: [Tag]) {
    guard keys.string(tag)?.isEmpty ?? true else { return }
    if let value = others.lazy.compactMap({ dataSet.string($0) }).first(where: { !$0.isEmpty }) { keys.set(tag, value) }
  }

  // MARK: The file

  /// The bytes of the DICOMDIR. Its records name each other by where they stand in the file (PS3.3 §F.3.2.2).
  func encoded() throws -> ByteBuffer {
    let meta = FileMetaInformation(
      mediaStorageSOPClassUID: .mediaStorageDirectoryStorage, mediaStorageSOPInstanceUID: .generate(),
      transferSyntax: .explicitVRLittleEndian
    ).encoded()
    let head = try header(first: 0, last: 0)
    var records = EncodedRecords(start: meta.readableBytes + head.readableBytes + Self.sequenceHeaderLength)
    // Where no file of a series could be read there is nothing to list.
    let places = try records.add(root.listed)
    var result = meta
    result.writeImmutableBuffer(try header(first: places.first ?? 0, last: places.last ?? 0))
    // (0004,1220) SQ, of defined length.
    result.writeInteger(UInt16(0x0004), endianness: .little)
    result.writeInteger(UInt16(0x1220), endianness: .little)
    result.writeString("SQ\0\0")
    result.writeInteger(UInt32(records.bytes.readableBytes), endianness: .little)
    result.writeImmutableBuffer(records.bytes)
    return result
  }

  private static let sequenceHeaderLength = 12

  private func header(first: Int, last: Int) throws -> ByteBuffer {
    var dataSet = DataSet()
    dataSet.setEmpty(DirectoryTags.fileSetID)
    dataSet.set(DirectoryTags.firstRecordOffset, integers: [first])
    dataSet.set(DirectoryTags.lastRecordOffset, integers: [last])
    dataSet.set(DirectoryTags.consistencyFlag, integers: [0])
    return try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)
  }

  /// The items of the sequence, each before those below it.
  private struct EncodedRecords {
    /// Where the first item stands in the file.
    let start: Int
    var bytes = ByteBuffer()

    // An item's first elements are (0004,1400) UL, (0004,1410) US and (0004,1420) UL.
    private static let itemHeaderLength = 8
    private static let nextOffset = itemHeaderLength + 8
    private static let lowerOffset = nextOffset + 4 + 10 + 8

    init(start: Int) { self.start = start }

    /// - Returns: where the records stand in the file.
    mutating func add(_ records: [Record]) throws -> [Int] {
      var places: [Int] = []
      for record in records {
        let item = try Self.item(record)
        let position = bytes.writerIndex
        places.append(start + position)
        bytes.writeInteger(UInt16(0xFFFE), endianness: .little)
        bytes.writeInteger(UInt16(0xE000), endianness: .little)
        bytes.writeInteger(UInt32(item.readableBytes), endianness: .little)
        bytes.writeImmutableBuffer(item)
        if places.count > 1 { patch(places[places.count - 2] - start + Self.nextOffset, places[places.count - 1]) }
        if let lower = try add(record.listed).first { patch(position + Self.lowerOffset, lower) }
      }
      return places
    }

    private mutating func patch(_ position: Int, _ value: Int) {
      bytes.setInteger(UInt32(truncatingIfNeeded: value), at: position, endianness: .little)
    }

    private static func item(_ record: Record) throws -> ByteBuffer {
      var dataSet = record.keys
      dataSet.set(DirectoryTags.nextRecordOffset, integers: [0])
      dataSet.set(DirectoryTags.recordInUseFlag, integers: [0xFFFF])
      dataSet.set(DirectoryTags.lowerLevelOffset, integers: [0])
      dataSet.set(DirectoryTags.recordType, record.type)
      return try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)
    }
  }
}
