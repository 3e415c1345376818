import NIOCore

#if !FUZZING
  @testable import Dicom
#endif

/// What the fuzz target does with an input, shared with the test that replays what it found (`Fuzz/`).
///
/// The first byte says how the rest is to be understood. Beside crashes, hangs and memory, it looks for promises
/// that are broken: what was read and not changed is written byte for byte, what was converted is read again as the same.
enum HostileInput {
  struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
  }

  static let syntaxes: [TransferSyntax] = [.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian]

  static func exercise(_ input: ByteBuffer) throws {
    var rest = input.slice()
    guard let mode: UInt8 = rest.readInteger() else { return }
    let bytes = rest.slice()
    switch mode & 7 {
    case 0: try file(bytes)
    case 1: try dataSet(bytes, .implicitVRLittleEndian)
    case 2: try dataSet(bytes, .explicitVRLittleEndian)
    case 3: try dataSet(bytes, .explicitVRBigEndian)
    case 4: try dataSet(bytes, .deflatedExplicitVRLittleEndian)
    case 5: try text(bytes)
    case 7: try json(String(decoding: bytes.readableBytesView, as: UTF8.self))
    default: try dataSet(bytes, TransferSyntax(uid: .jpegBaseline8Bit))
    }
  }

  private static func file(_ bytes: ByteBuffer) throws {
    let identity = bytes.withUnsafeReadableBytes { FileIdentity($0) }
    guard let whole = try? DicomFile(bytes: bytes) else {
      if identity != nil { throw BrokenPromise(description: "it is said which instance a file holds that is none") }
      return
    }
    if let identity, whole.dataSet.uid(.sopInstanceUID) != identity.sopInstanceUID {
      throw BrokenPromise(description: "a file is said to hold another instance than it does")
    }
    let header = try? DicomFile(bytes: bytes, reading: .header)
    guard let header else { throw BrokenPromise(description: "the file is read, its header is not") }
    let limit = header.dataSet.elements.last.flatMap { $0.isLeftInFile ? $0.tag : nil } ?? Tag(rawValue: .max)
    if whole.problem == nil, !header.dataSet.tags.allSatisfy({ whole.dataSet.contains($0) }) {
      throw BrokenPromise(description: "the header up to \(limit) holds elements that the file does not")
    }
    look(at: header.dataSet)
    _ = Dump.text(whole, options: Dump.Options(isColoured: true))
    if let meta = whole.metaInformation {
      look(at: meta.dataSet)
      _ = meta.encoded()
    }
    try writeBack(
      whole.dataSet, whole.transferSyntax,
      bytes.getSlice(at: whole.dataSetOffset, length: bytes.readableBytes - whole.dataSetOffset))
  }

  private static func dataSet(_ bytes: ByteBuffer, _ syntax: TransferSyntax) throws {
    let (dataSet, problem) = DataSetReader.readTolerantly(bytes, transferSyntax: syntax)
    look(at: dataSet)
    try writeBack(dataSet, syntax, bytes)
    try backFromJSON(dataSet)
    if problem == nil { try convert(dataSet) }
  }

  /// Asks for everything that can be asked for.
  private static func look(at dataSet: DataSet) {
    _ = dataSet.keywordJSON()
    _ = Dump.text(dataSet)
    _ = dataSet.trailingByteCount
    do { _ = try dataSet.frames() } catch { _ = error.description }
    for element in dataSet.elements {
      _ = dataSet.strings(element.tag)
      _ = dataSet.joinedStrings(element.tag)
      _ = dataSet.integers(element.tag)
      _ = dataSet.decimals(element.tag)
      for type in valueTypes { ask(dataSet, element.tag, type) }
      _ = element.fragments?.count
      _ = element.name
    }
  }

  private static let valueTypes: [any DicomValue.Type] = [
    Int.self, Double.self, DecimalString.self, IntegerString.self, Age.self, DicomDate.self, DicomTime.self,
    DicomDateTime.self, UID.self, Tag.self, PersonName.self,
  ]

  private static func ask<Value: DicomValue>(_ dataSet: DataSet, _ tag: Tag, _ type: Value.Type) {
    do { _ = try dataSet.values(tag, as: type).map(\.dicomText) } catch { _ = error.description }
  }

  private static func json(_ text: String) throws {
    _ = try? DataSet.dataSets(dicomJSON: text)
    guard let dataSet = try? DataSet(dicomJSON: text) else { return }
    look(at: dataSet)
    try backFromJSON(dataSet)
  }

  /// What has been through JSON once comes back the same every time.
  private static func backFromJSON(_ dataSet: DataSet) throws {
    let first: DataSet
    do {
      first = try DataSet(dicomJSON: dataSet.dicomJSON())
    } catch {
      throw BrokenPromise(description: "our own JSON cannot be read: \(error): \(dataSet.dicomJSON())")
    }
    let once = try DataSet(dicomJSON: first.dicomJSON()).dicomJSON()
    let twice = try DataSet(dicomJSON: once).dicomJSON()
    if once != twice { throw BrokenPromise(description: "JSON changes on its way: \(once) \(twice)") }
  }

  private static func writeBack(_ dataSet: DataSet, _ syntax: TransferSyntax, _ bytes: ByteBuffer?) throws {
    guard let written = try? DataSetWriter.write(dataSet, transferSyntax: syntax) else { return }
    // What was inflated in part only is not what it was made from.
    if written != bytes { throw BrokenPromise(description: "what was not changed is not written as it was") }
  }

  private static func convert(_ dataSet: DataSet) throws {
    // What is converted by us has even lengths and elements in order; what is not is written as it was, hence the two.
    // From there on nothing may be lost.
    guard let first = try? DataSetWriter.write(dataSet, transferSyntax: .explicitVRBigEndian) else { return }
    let second = try DataSetWriter.write(read(first, .explicitVRBigEndian), transferSyntax: .explicitVRLittleEndian)
    let normal = try read(second, .explicitVRLittleEndian)
    let text = normal.dicomJSON()
    for syntax in [TransferSyntax.explicitVRBigEndian, .implicitVRLittleEndian] {
      // Implicit VR takes the dictionary's word, which of something unknown may be wrong.
      if !syntax.isExplicitVR, text.contains("\"vr\":\"UN\"") { continue }
      guard let bytes = try? DataSetWriter.write(normal, transferSyntax: syntax) else { continue }
      let converted = try read(bytes, syntax)
      if syntax.isExplicitVR, converted.dicomJSON() != text {
        throw BrokenPromise(description: "converted to \(syntax.name) it is another: \(text) \(converted.dicomJSON())")
      }
      // Group lengths are dropped in a conversion.
      if converted.tags != normal.tags.filter({ !$0.isGroupLength || $0.group <= 2 }) {
        throw BrokenPromise(description: "converted to \(syntax.name) it lost elements")
      }
    }
  }

  private static func read(_ bytes: ByteBuffer, _ syntax: TransferSyntax) throws -> DataSet {
    do {
      return try DataSetReader.read(bytes, transferSyntax: syntax)
    } catch {
      throw BrokenPromise(description: "what was written as \(syntax.name) cannot be read: \(error)")
    }
  }

  /// The first line holds the values of (0008,0005), the rest is text.
  private static func text(_ bytes: ByteBuffer) throws {
    let parts = bytes.readableBytesView.split(
      separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    let terms = parts[0].split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    let set = CharacterSet(specificCharacterSet: terms)
    let encoded = parts.count > 1 ? Array(parts[1]) : []
    let text = set.decode(encoded)
    _ = VisibleText.of(text)
    _ = Tag(parsing: text)
    _ = DateRange(text)
    _ = PersonName(text).familyName
    _ = UID(text).isWellFormed
    _ = CharacterSet(orthancName: text)
    // What could not be decoded is shown with a backslash, which is not in every set.
    if !text.contains("\\"), let again = set.encode(text), set.decode(again) != text {
      throw BrokenPromise(description: "\(terms): \(text) is encoded as \(again), which is \(set.decode(again))")
    }
  }
}
