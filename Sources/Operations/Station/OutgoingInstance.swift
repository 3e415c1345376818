import Dicom
import Dispatch
import Foundation
import LocalIndex
import Synchronization

/// An instance that is to be sent. Shared: lists of thousands are handed on and cut.
final class OutgoingInstance: Sendable {
  let path: String
  let sopClassUID: UID
  let sopInstanceUID: UID
  let transferSyntax: UID
  /// Of the file.
  let bytes: Int
  /// Where the data set begins; nil: read when it is sent.
  let offset: Int?
  /// The data set, of a small one among many.
  let content: StoreMemory.Bytes?
  /// The element amid which the file ended.
  private let cutOff: DataSetReadError?

  init(_ stored: StoredInstance) {
    path = stored.path
    sopClassUID = stored.sopClassUID
    sopInstanceUID = stored.sopInstanceUID
    transferSyntax = stored.transferSyntaxUID
    bytes = stored.bytes
    // What is here is sent on as it came.
    (offset, content, cutOff) = (nil, nil, nil)
  }

  /// A file on disk. The data set's own UIDs count, not those of the meta information.
  ///
  /// - Parameter reader: one for many files.
  /// - Throws: when it is not a DICOM instance.
  init(file path: String, _ reader: StoreMemory.FileReader? = nil) throws {
    self.path = path
    if let found = reader?.read(path) {
      (sopClassUID, sopInstanceUID) = (found.identity.sopClassUID, found.identity.sopInstanceUID)
      transferSyntax = found.identity.transferSyntax
      (bytes, offset, content, cutOff) = (found.size, found.identity.dataSetOffset, found.dataSet, found.cutOff)
      return
    }
    var file = try DicomFile(path: path, reading: .identification)
    if file.dataSet.uid(.sopClassUID) == nil || file.dataSet.uid(.sopInstanceUID) == nil {
      // They are absent, or not where they belong in the order of tags.
      file = try DicomFile(path: path)
    }
    guard let sopClass = file.dataSet.uid(.sopClassUID) ?? file.metaInformation?.mediaStorageSOPClassUID,
      let sopInstance = file.dataSet.uid(.sopInstanceUID) ?? file.metaInformation?.mediaStorageSOPInstanceUID,
      !sopClass.rawValue.isEmpty, !sopInstance.rawValue.isEmpty
    else { throw OperationError("\(path) has no SOP Class UID or no SOP Instance UID") }
    sopClassUID = sopClass
    sopInstanceUID = sopInstance
    transferSyntax = file.transferSyntax.uid
    bytes = file.size
    (offset, content, cutOff) = (file.dataSetOffset, nil, file.cutOff())
  }

  /// The path by which whoever sends it knows it; nil: it is one of those on this machine, known by its UID.
  var file: String? { offset == nil ? nil : path }

  /// Nil: it must be read.
  var sourceInMemory: StoreSource? {
    content.map {
      StoreSource(
        content: .memory(.kept($0)), sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID,
        transferSyntax: transferSyntax)
    }
  }

  func source() throws -> StoreSource {
    if let sourceInMemory { return sourceInMemory }
    try checkIsWhole()
    let offset = try offset ?? DicomFile(path: path).dataSetOffset
    return StoreSource(
      path: path, offset: offset, sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID,
      transferSyntax: transferSyntax)
  }

  /// Another uncompressed transfer syntax, by way of a file that is written for it.
  func source(in syntax: UID, path copy: String) throws -> StoreSource {
    try checkIsWhole()
    try DicomFile.convert(path, to: copy, transferSyntax: TransferSyntax(uid: syntax))
    return StoreSource(
      path: copy, offset: try DicomFile(path: copy).dataSetOffset, sopClassUID: sopClassUID,
      sopInstanceUID: sopInstanceUID, transferSyntax: syntax)
  }

  /// Half an image that is taken for a whole one does more harm than none. It may have been copied to its end meanwhile.
  private func checkIsWhole() throws {
    guard cutOff != nil, let cutOff = try DicomFile(path: path, reading: .identification).cutOff() else { return }
    throw OperationError("it was not sent, since \(cutOff.asCutOff)")
  }

  var reference: SOPReference { SOPReference(sopClassUID: sopClassUID, sopInstanceUID: sopInstanceUID) }

  /// As it is stored; and what every station must take (PS3.5 §10.1), for where it does not take that.
  var contexts: [PresentationContextProposal] {
    [[transferSyntax], Self.uncompressed.filter { $0 != transferSyntax }].map {
      PresentationContextProposal(abstractSyntax: sopClassUID, transferSyntaxes: $0)
    }
  }

  func needsSameContexts(as other: OutgoingInstance) -> Bool {
    transferSyntax == other.transferSyntax && sopClassUID == other.sopClassUID
  }

  private static let uncompressed: [UID] = [.explicitVRLittleEndian, .implicitVRLittleEndian, .explicitVRBigEndian]

  /// The first of these transfer syntaxes that it can be written in without touching its pixels; nil: there is none, or it
  /// is compressed.
  func conversion(to accepted: [UID]) -> UID? {
    let isConvertible = Self.uncompressed.contains(transferSyntax) || transferSyntax == .deflatedExplicitVRLittleEndian
    return isConvertible ? accepted.first(where: Self.uncompressed.contains) : nil
  }
}

/// What a send request leads to.
struct SendList: Sendable {
  private(set) var instances: [OutgoingInstance] = []
  /// What lies in folders and is not sent, with the reason.
  private(set) var skipped: [String] = []
  /// Where the small ones of many files wait, all of this list together.
  private var memory: StoreMemory?

  /// - Throws: ``OperationError`` for an identifier that is not here, or a named file that is none.
  init(_ sources: [SendRequest.Source], _ index: () throws -> LocalIndex) throws {
    var seen: Set<String> = []
    var files: [File] = []
    for source in sources {
      switch source {
      case .id(let id):
        try add(files)
        files = []
        let stored = try index().instances(under: id)
        guard !stored.isEmpty else { throw OperationError("nothing here has the identifier \(id)") }
        instances += stored.filter { seen.insert($0.path).inserted }.map(OutgoingInstance.init)
      case .path(let path):
        guard FilePaths.isFolder(path) else {
          files.append(File(path: path, isNamed: true))
          continue
        }
        let folder = FolderFiles(in: path)
        files += folder.paths.map { File(path: $0, isNamed: false) }
        skipped += folder.unreadable.map { "a folder that cannot be read, left out: \($0)" }
      }
    }
    try add(files)
    guard !instances.isEmpty else {
      throw OperationError((["there is nothing to send"] + skipped.prefix(1)).joined(separator: "; "))
    }
  }

  private struct File: Sendable {
    var path: String
    /// By whoever sends; the others lie in a folder.
    var isNamed: Bool
  }

  private mutating func add(_ files: [File]) throws(OperationError) {
    // A few are soon read again.
    if files.count > Self.pieceLength, memory == nil { memory = StoreMemory(capacity: Self.keptBytes) }
    let found = Self.look(at: files, memory)
    instances.reserveCapacity(instances.count + files.count)
    for piece in found {
      instances += piece.instances
      for (file, error) in piece.others { try pass(over: file, error) }
    }
  }

  /// What is no instance is left out, unless somebody named it.
  private mutating func pass(over file: File, _ error: any Error) throws(OperationError) {
    if file.isNamed {
      if case .system(_, ENOENT)? = (error as? DicomFileError)?.reason {
        throw OperationError("\(file.path): there is no such file")
      }
      throw OperationError(error is DicomFileError ? "\(error)" : "\(file.path) is not a DICOM file: \(error)")
    }
    // A link to a folder.
    if (error as? DicomFileError)?.reason == .notAFile { return }
    skipped.append("not a DICOM file, left out: \(file.path)")
  }

  /// What waits in memory at most.
  private static let keptBytes = 32 << 20
  /// How many headers one processor reads at a time.
  private static let pieceLength = 64

  /// What neighbours in the list are.
  private struct Piece: Sendable {
    var instances: [OutgoingInstance] = []
    var others: [(file: File, error: any Error)] = []

    init() {}

    init(_ files: ArraySlice<File>, _ reader: StoreMemory.FileReader?) {
      instances.reserveCapacity(files.count)
      for file in files {
        do {
          instances.append(try OutgoingInstance(file: file.path, reader))
        } catch {
          others.append((file, error))
        }
      }
    }
  }

  /// Reads the headers on all processors: nothing can be proposed to a peer before all are known.
  private static func look(at files: [File], _ memory: StoreMemory?) -> [Piece] {
    let count = (files.count + pieceLength - 1) / pieceLength
    let found = Mutex<[Piece]>(Array(repeating: Piece(), count: count))
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(count, ProcessInfo.processInfo.activeProcessorCount)) { _ in
      let reader = memory.map { StoreMemory.FileReader(into: $0) }
      while true {
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number < count else { return }
        let piece = Piece(files[number * pieceLength..<min((number + 1) * pieceLength, files.count)], reader)
        found.withLock { $0[number] = piece }
      }
    }
    return found.withLock { $0 }
  }
}
