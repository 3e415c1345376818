import NIOCore

/// A DICOM file (PS3.10). A file without preamble or meta information is read as what its first elements look like.
public struct DicomFile: Sendable {
  /// How much of a file is read.
  public enum Reading: Sendable {
    /// Everything before the pixel data, which stays in the file: a large file costs no more than a small one. Of a
    /// deflated file everything.
    case header
    /// The whole file, into memory.
    case everything
    /// What tells which instance it is: no element behind SOP Instance UID (0008,0018). Of a deflated file everything.
    case identification

    /// What most files have all of it in.
    fileprivate var firstLength: Int {
      switch self {
      case .header, .everything: 16 * 1024
      case .identification: 2 * 1024
      }
    }
  }

  /// Empty for one that was read from memory.
  public let path: String
  /// Nil when the file has none.
  public let metaInformation: FileMetaInformation?
  public let transferSyntax: TransferSyntax
  public let dataSet: DataSet
  /// Where the data set begins in the file; its elements' offsets count from there (of a deflated one, in what it inflates to).
  public let dataSetOffset: Int
  /// The length of the file.
  public let size: Int
  /// What stopped the reader; the data set holds what comes before it. The offset counts in the file.
  public let problem: DataSetReadError?

  /// Where a value that was left in the file lies in it, and its length: nil when it is undefined (fragments).
  public var pixelData: (offset: Int, length: Int?)? {
    guard let element = dataSet.elements.last, element.isLeftInFile, let offset = element.valueOffset else {
      return nil
    }
    return (dataSetOffset + offset, element.length)
  }

  /// Reads a file. What can be read of a damaged one is read: see ``problem``.
  ///
  /// - Throws: ``DicomFileError`` when the file cannot be read or nothing in it looks like DICOM.
  public init(_ path: String, reading: Reading = .header, defaultCharacterSet: CharacterSet = .latin1) throws {
    try self.init(path: path, reading: reading, defaultCharacterSet: defaultCharacterSet)
  }

  /// Reads a file, as ``init(_:reading:defaultCharacterSet:)``.
  public init(path: String, reading: Reading = .header, defaultCharacterSet: CharacterSet = .latin1) throws {
    let file = try FileBytes(path: path)
    defer { file.close() }
    try self.init(file, reading: reading, defaultCharacterSet: defaultCharacterSet)
  }

  /// Reads what would be a file's content from memory; its elements share the bytes.
  public init(bytes: ByteBuffer, reading: Reading = .everything, defaultCharacterSet: CharacterSet = .latin1) throws {
    try self.init(FileBytes(bytes: bytes), reading: reading, defaultCharacterSet: defaultCharacterSet)
  }

  private init(_ file: FileBytes, reading: Reading, defaultCharacterSet: CharacterSet) throws {
    var bytes = try file.read(upTo: reading.firstLength)
    let start = try Self.start(of: file, &bytes)
    path = file.path
    size = file.size
    metaInformation = start.metaInformation
    transferSyntax = start.transferSyntax
    dataSetOffset = start.dataSetOffset

    let total = file.size - start.dataSetOffset
    let isWhole = reading == .everything || start.transferSyntax.isDeflated
    if isWhole { bytes = try file.read(upTo: file.size) }
    while true {
      let slice =
        bytes.getSlice(at: start.dataSetOffset, length: bytes.readableBytes - start.dataSetOffset) ?? ByteBuffer()
      if isWhole {
        let (dataSet, problem) = DataSetReader.readTolerantly(
          slice, transferSyntax: start.transferSyntax, defaultCharacterSet: defaultCharacterSet)
        self.dataSet = dataSet
        // Of a deflated data set the offset counts in what it inflates to, unless it is the deflating that is wrong.
        let isInside = start.transferSyntax.isDeflated && problem?.reason != .damagedDeflate
        self.problem = isInside ? problem : problem?.moved(by: start.dataSetOffset)
        return
      }
      let header = DataSetReader.readHeader(
        slice, total: total, transferSyntax: start.transferSyntax, defaultCharacterSet: defaultCharacterSet,
        last: reading == .identification ? .sopInstanceUID : nil)
      switch header {
      case .read(let dataSet, let problem):
        self.dataSet = dataSet
        self.problem = problem?.moved(by: start.dataSetOffset)
        return
      case .needsMore(let count):
        bytes = try file.read(upTo: max(bytes.readableBytes * 4, start.dataSetOffset + count))
      }
    }
  }

  /// Reads the elements behind pixel data that was left in the file: padding (FFFC,FFFC) and digital signatures
  /// (FFFA,FFFA) may be there. Compressed pixel data is passed over fragment by fragment.
  ///
  /// - Returns: an empty data set when there are none, or when nothing was left in the file; where it begins; and what
  ///   stopped the reader, with its place in the file.
  /// - Throws: ``DicomFileError`` when the file cannot be read again or the fragments make no sense.
  public func elementsBehindPixelData() throws -> (dataSet: DataSet, offset: Int, problem: DataSetReadError?) {
    guard let pixelData else { return (DataSet(), size, nil) }
    let file = try FileBytes(path: path)
    defer { file.close() }
    let position = try pixelData.length.map { pixelData.offset + $0 } ?? fragments(in: file, at: pixelData.offset).end
    guard position < file.size else { return (DataSet(), file.size, nil) }
    let (behind, problem) = DataSetReader.readTolerantly(
      try file.read(at: position, count: file.size - position), transferSyntax: transferSyntax,
      defaultCharacterSet: dataSet.characterSet)
    return (behind, position, problem?.moved(by: position))
  }

  /// Reads more when the meta information does not fit in what was read.
  private static func start(of file: FileBytes, _ bytes: inout ByteBuffer) throws -> FileStart {
    while true {
      do {
        guard let start = try FileStart(bytes, fileSize: file.size) else {
          throw DicomFileError(path: file.path, reason: .notDicom)
        }
        return start
      } catch let error as DataSetReadError {
        guard bytes.readableBytes < file.size else { throw DicomFileError(path: file.path, reason: .dataSet(error)) }
        bytes = try file.read(upTo: bytes.readableBytes * 4)
      }
    }
  }

  /// Writes a file: preamble, meta information, data set. An existing file is replaced.
  ///
  /// - Throws: ``DataSetWriteError``, ``DicomFileError``.
  public static func write(_ dataSet: DataSet, meta: FileMetaInformation, to path: String) throws {
    let bytes = try encode(dataSet, meta: meta)
    try FileBytes.write(bytes, to: path)
  }

  /// The bytes of a file.
  public static func encode(_ dataSet: DataSet, meta: FileMetaInformation) throws -> ByteBuffer {
    let body = try DataSetWriter.write(dataSet, transferSyntax: TransferSyntax(uid: meta.transferSyntax))
    var bytes = meta.encoded()
    bytes.writeImmutableBuffer(body)
    return bytes
  }
}
