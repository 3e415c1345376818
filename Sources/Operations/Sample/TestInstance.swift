import Dicom
import Foundation
import NIOCore
import Synchronization

/// An instance nobody can take for a patient's: its name, its identifiers, its description and its picture say so.
struct TestInstance: Sendable {
  static let sopClass = UID.secondaryCaptureImageStorage
  static let patientID = "FLUORO-TEST"

  let uid = UID.generate()
  let study = UID.generate()
  private let series = UID.generate()
  private let dataSet: DataSet

  /// - Parameter caller: the AE title that stores it.
  init(caller: String) {
    var dataSet = DataSet()
    let (date, time) = Self.now
    dataSet.set(.sopClassUID, Self.sopClass)
    dataSet.set(.sopInstanceUID, uid)
    dataSet.set(.studyInstanceUID, study)
    dataSet.set(.seriesInstanceUID, series)
    dataSet.set(.patientName, "FLUORO^TEST")
    dataSet.set(.patientID, Self.patientID)
    dataSet.setEmpty(.patientBirthDate)
    dataSet.set(.patientSex, "O")
    dataSet.set(.studyDate, date)
    dataSet.set(.studyTime, time)
    dataSet.set(.studyID, "TEST")
    dataSet.set(.accessionNumber, "FLUORO-TEST")
    dataSet.setEmpty(.referringPhysicianName)
    dataSet.set(.studyDescription, "Connection test by \(caller); delete it")
    dataSet.set(.seriesDescription, "Synthetic image, no patient")
    dataSet.set(.modality, "OT")
    dataSet.set(.conversionType, "WSD")
    dataSet.set(.seriesNumber, "1")
    dataSet.set(.instanceNumber, "1")
    dataSet.set(.manufacturer, "fluoro")
    dataSet.set(.imageComments, "Synthetic image drawn by fluoro. No patient.")
    Self.drawPicture(in: &dataSet)
    self.dataSet = dataSet
  }

  /// For the person who must delete it there.
  var words: [String] {
    ["Patient ID \(Self.patientID), Study Instance UID \(study.rawValue)", "It can be deleted there."]
  }

  func source(_ transferSyntax: UID) throws -> StoreSource {
    StoreSource(
      content: .bytes(try DataSetWriter.write(dataSet, transferSyntax: TransferSyntax(uid: transferSyntax))),
      sopClassUID: Self.sopClass, sopInstanceUID: uid, transferSyntax: transferSyntax)
  }

  /// Asks for its study; Patient Root wants the patient named (PS3.4 §C.6.1).
  func identifier(_ model: UID) -> DataSet {
    var identifier = DataSet()
    identifier.set(.queryRetrieveLevel, Level.study.queryRetrieveLevel)
    if model == .patientRootFind { identifier.set(.patientID, Self.patientID) }
    identifier.set(.studyInstanceUID, study)
    return identifier
  }

  private static var now: (date: String, time: String) {
    let parts = Calendar(identifier: .gregorian).dateComponents(
      [.year, .month, .day, .hour, .minute, .second], from: Date())
    func two(_ value: Int?) -> String { String(String(100 + (value ?? 0)).suffix(2)) }
    return (
      String(String(10000 + (parts.year ?? 0)).suffix(4)) + two(parts.month) + two(parts.day),
      two(parts.hour) + two(parts.minute) + two(parts.second)
    )
  }

  /// A checkerboard, as no body looks.
  private static func drawPicture(in dataSet: inout DataSet) {
    let size = 64
    let pixels = (0..<size * size).map { UInt8(($0 / size / 8 + $0 % size / 8) % 2 == 0 ? 40 : 215) }
    dataSet.set(.samplesPerPixel, integers: [1])
    dataSet.set(.photometricInterpretation, "MONOCHROME2")
    dataSet.set(.rows, integers: [size])
    dataSet.set(.columns, integers: [size])
    dataSet.set(.bitsAllocated, integers: [8])
    dataSet.set(.bitsStored, integers: [8])
    dataSet.set(.highBit, integers: [7])
    dataSet.set(.pixelRepresentation, integers: [0])
    dataSet.set(.pixelData, vr: .OB, bytes: ByteBuffer(bytes: pixels))
  }
}

/// Set from an event loop.
final class MatchFlag: Sendable {
  private let state = Mutex(false)
  var isSet: Bool { state.withLock { $0 } }
  func set() { state.withLock { $0 = true } }
}
