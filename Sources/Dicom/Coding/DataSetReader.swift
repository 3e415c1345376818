import NIOCore

/// Reads data sets (PS3.5 §7) from bytes that nobody has checked: every length is compared with what is left of the
/// item, sequence and data set around it, nesting costs no stack, and time and memory grow with the input only.
public enum DataSetReader {
  /// Reads a whole data set. Its elements share the bytes; nothing is copied.
  ///
  /// - Parameters:
  ///   - bytes: the data set alone, without meta information.
  ///   - transferSyntax: how it is encoded.
  ///   - defaultCharacterSet: what text is encoded in where (0008,0005) is absent.
  /// - Throws: ``DataSetReadError`` with the place where the bytes stop making sense.
  public static func read(
    _ bytes: ByteBuffer, transferSyntax: TransferSyntax, defaultCharacterSet: CharacterSet = .latin1
  ) throws -> DataSet {
    let (dataSet, problem) = readTolerantly(
      bytes, transferSyntax: transferSyntax, defaultCharacterSet: defaultCharacterSet)
    if let problem { throw problem }
    return dataSet
  }

  /// Reads what can be read: the elements up to the problem, and the problem.
  public static func readTolerantly(
    _ bytes: ByteBuffer, transferSyntax: TransferSyntax, defaultCharacterSet: CharacterSet = .latin1
  ) -> (dataSet: DataSet, problem: DataSetReadError?) {
    var empty = DataSet()
    empty.inheritedCharacterSet = defaultCharacterSet
    guard bytes.readableBytes < Int(UInt32.max) else {
      return (empty, DataSetReadError(reason: .tooLarge(bytes: bytes.readableBytes), offset: 0, tag: nil))
    }
    let deflated = transferSyntax.isDeflated ? bytes.slice() : nil
    let (bytes, deflateProblem) = deflated.map(Deflate.inflate) ?? (bytes.slice(), nil)
    var parser = DataSetParser(form: EncodingForm(transferSyntax), total: bytes.readableBytes)
    let outcome = bytes.withUnsafeReadableBytes { parser.parse($0) }
    let dataSet = parser.dataSet(of: bytes, deflated: deflated, defaultCharacterSet: defaultCharacterSet)
    if let deflateProblem { return (dataSet, deflateProblem) }
    if case .failed(let problem) = outcome { return (dataSet, problem) }
    return (dataSet, nil)
  }

  /// The outcome of reading the beginning of a data set.
  enum Header {
    case read(DataSet, problem: DataSetReadError?)
    /// The header does not end within the bytes given; at least so many are needed.
    case needsMore(Int)
  }

  /// Reads up to the pixel data, which becomes an element whose value was left in the file.
  ///
  /// - Parameters:
  ///   - bytes: the beginning of the data set.
  ///   - total: how long the data set is.
  ///   - last: no element behind this one is wanted.
  static func readHeader(
    _ bytes: ByteBuffer, total: Int, transferSyntax: TransferSyntax, defaultCharacterSet: CharacterSet,
    last: Tag? = nil
  ) -> Header {
    let bytes = bytes.slice()
    var parser = DataSetParser(form: EncodingForm(transferSyntax), total: total)
    parser.leavesPixelData = true
    parser.last = last
    let outcome = bytes.withUnsafeReadableBytes { parser.parse($0) }
    switch outcome {
    case .needsMore(let count): return .needsMore(count)
    case .failed(let problem):
      return .read(parser.dataSet(of: bytes, defaultCharacterSet: defaultCharacterSet), problem: problem)
    case .finished:
      return .read(parser.dataSet(of: bytes, defaultCharacterSet: defaultCharacterSet), problem: nil)
    }
  }
}
