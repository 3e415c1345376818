import Foundation
import LocalIndex
import NIOCore
import Synchronization
import TestSupport

@testable import Dicom

/// An instance whose every byte follows from its numbers, so that what is found later can be compared with what was sent.
struct NumberedInstance: Hashable, Sendable {
  static let patientID = "LEDGER"
  static let study = "2.25.70"

  /// Of the series.
  let round: Int
  let stream: Int
  let number: Int
  /// Of its pixel data.
  let size: Int

  static func series(round: Int) -> String { "\(study).\(round)" }
  var uid: String { "\(Self.series(round: round)).\(stream).\(number)" }

  /// Where its file is under the `instances` of a storage.
  var fileName: String {
    let id = OrthancIdentifier.instance(
      patientID: Self.patientID, studyInstanceUID: Self.study, seriesInstanceUID: Self.series(round: round),
      sopInstanceUID: uid)
    return "\(id.prefix(2))/\(id).dcm"
  }

  func encoded() throws -> ByteBuffer {
    var random = SeededRandom(seed: UInt64(round) << 40 | UInt64(stream) << 32 | UInt64(number))
    // Pages of one pattern, each with its own number in front.
    let page = (0..<127).map { _ in random.next() }
    var pixels = ByteBuffer()
    pixels.reserveCapacity(size + 1024)
    while pixels.readableBytes < size {
      pixels.writeInteger(random.next())
      page.withUnsafeBytes { _ = pixels.writeBytes($0) }
    }
    var dataSet = DataSet()
    dataSet.set(.sopClassUID, UID.ctImageStorage)
    dataSet.set(.sopInstanceUID, UID(uid))
    dataSet.set(.studyInstanceUID, UID(Self.study))
    dataSet.set(.seriesInstanceUID, UID(Self.series(round: round)))
    dataSet.set(.patientID, Self.patientID)
    dataSet.set(.patientName, "Ledger^Synthetic")
    dataSet.set(.modality, "CT")
    dataSet.set(.instanceNumber, String(number))
    dataSet.set(.pixelData, vr: .OW, bytes: pixels)
    return try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)
  }

  func source() throws -> StoreSource {
    StoreSource(
      content: .bytes(try encoded()), sopClassUID: .ctImageStorage, sopInstanceUID: UID(uid),
      transferSyntax: .explicitVRLittleEndian)
  }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// What a receiver has acknowledged.
final class Ledger: Sendable {
  private let state = Mutex<(sent: Set<NumberedInstance>, acknowledged: Set<NumberedInstance>)>(([], []))

  var acknowledged: Set<NumberedInstance> { state.withLock { $0.acknowledged } }
  var sent: Set<NumberedInstance> { state.withLock { $0.sent } }

  /// Sends one instance after the other on one association until there are no more or the association breaks; notes
  /// each before it leaves, and when its `0000` has come.
  func send(_ instances: some Sequence<NumberedInstance>, to port: Int) async throws {
    let context = PresentationContextProposal(
      abstractSyntax: .ctImageStorage, transferSyntaxes: [.explicitVRLittleEndian])
    let association = try await Association.request(
      .local(port, called: "FLUORO", [context]), deadlines: Deadlines(Timeouts(all: .seconds(30))))
    for instance in instances {
      state.withLock { _ = $0.sent.insert(instance) }
      let status = try await association.store(try instance.source())
      guard status.isSuccess else { throw PeerProblem("\(instance.uid): \(status)") }
      state.withLock { _ = $0.acknowledged.insert(instance) }
    }
    await association.release()
  }

  func note(_ instance: NumberedInstance, isAcknowledged: Bool) {
    state.withLock { state in
      state.sent.insert(instance)
      if isAcknowledged { state.acknowledged.insert(instance) }
    }
  }

  /// What a storage holds of some of the instances, one sentence for each thing that is wrong: one that was acknowledged
  /// is missing, or a file is not, byte for byte, an instance that was sent.
  func problems(in storage: String, round: Int) throws -> [String] {
    var problems: [String] = []
    let (all, sure) = state.withLock { ($0.sent, $0.acknowledged) }
    for instance in all where instance.round == round {
      let path = "\(storage)/instances/\(instance.fileName)"
      guard let file = FileManager.default.contents(atPath: path) else {
        if sure.contains(instance) { problems.append("\(instance.uid) was acknowledged and has no file") }
        continue
      }
      let bytes = Data(try instance.encoded().readableBytesView)
      guard let offset = try? DicomFile(path: path).dataSetOffset, file.dropFirst(offset) == bytes else {
        problems.append("\(path) is not what was sent as \(instance.uid)")
        continue
      }
    }
    return problems
  }

  /// Files of a storage that nobody sent.
  func strangers(in storage: String) -> [String] {
    let known = Set(sent.map { "\(storage)/instances/\($0.fileName)" })
    return Workshop.files(below: storage + "/instances").filter { !known.contains($0) }
  }

  /// The SOP instance UIDs that a receiver answers with when it is asked for a series.
  static func found(round: Int, at port: Int) async throws -> Set<String> {
    let context = PresentationContextProposal(
      abstractSyntax: .studyRootFind, transferSyntaxes: [.explicitVRLittleEndian])
    let association = try await Association.request(
      .local(port, called: "FLUORO", [context]), deadlines: Deadlines(Timeouts(all: .seconds(30))))
    var query = DataSet()
    query.set(.queryRetrieveLevel, "IMAGE")
    query.set(.studyInstanceUID, UID(NumberedInstance.study))
    query.set(.seriesInstanceUID, UID(NumberedInstance.series(round: round)))
    query.setEmpty(.sopInstanceUID)
    let uids = Box<Set<String>>([])
    let status = try await association.find(query, model: .studyRootFind) { match in
      uids.change { $0.insert(match.string(.sopInstanceUID) ?? "") }
    }
    await association.release()
    guard status.isSuccess else { throw PeerProblem("C-FIND: \(status)") }
    return uids.value
  }
}
