import Dicom
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import LocalIndex

// Testing and Foundation have types of these names.
typealias Tag = Dicom.Tag
typealias CharacterSet = Dicom.CharacterSet
typealias TemporaryFolder = TestSupport.TemporaryFolder

extension TemporaryFolder {
  var storage: String { path + "/storage" }
}

/// A small synthetic instance.
func makeDataSet(
  patientID: String = "P1", name: String = "Doe^Jane", study: String = "1.2.3", series: String = "1.2.3.1",
  instance: String = "1.2.3.1.1", modality: String = "CT", date: String = "20180323",
  characterSet: CharacterSet = .utf8,
  _ more: [(Tag, String)] = []
) -> DataSet {
  var dataSet = DataSet()
  dataSet.setCharacterSet(characterSet)
  dataSet.set(.sopClassUID, UID.ctImageStorage)
  dataSet.set(.sopInstanceUID, UID(instance))
  dataSet.set(.studyInstanceUID, UID(study))
  dataSet.set(.seriesInstanceUID, UID(series))
  dataSet.set(.patientID, patientID)
  dataSet.set(.patientName, name)
  dataSet.set(.modality, modality)
  dataSet.set(.studyDate, date)
  dataSet.set(.studyTime, "101500")
  dataSet.set(.accessionNumber, "A-\(patientID)")
  dataSet.set(.studyDescription, "Study of \(patientID)")
  dataSet.set(.seriesNumber, "1")
  dataSet.set(.instanceNumber, String(instance.split(separator: ".").last ?? "1"))
  for (tag, value) in more { dataSet.set(tag, value) }
  return dataSet
}

extension LocalIndex {
  /// Receives a data set as from the network, in pieces.
  @discardableResult
  func receive(
    _ dataSet: DataSet, transferSyntax: TransferSyntax = .explicitVRLittleEndian, from sender: String = "SENDER"
  ) throws -> StoredInstance {
    let incoming = try begin(
      ReceptionDescription(
        sopClassUID: dataSet.uid(.sopClassUID) ?? "", sopInstanceUID: dataSet.uid(.sopInstanceUID) ?? "",
        transferSyntaxUID: transferSyntax.uid, sendingAETitle: sender, receivingAETitle: "FLUORO"))
    var bytes = try DataSetWriter.write(dataSet, transferSyntax: transferSyntax)
    while let piece = bytes.readSlice(length: min(max(100, bytes.readableBytes / 7), bytes.readableBytes)),
      piece.readableBytes > 0
    {
      try incoming.write(piece)
    }
    return try incoming.commit()
  }
}

/// Every file under a folder with its bytes.
func snapshot(_ path: String) throws -> [String: Data] {
  var result: [String: Data] = [:]
  for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
    result[name] = FileManager.default.contents(atPath: path + "/" + name) ?? Data()
  }
  return result
}

func mode(_ path: String) throws -> Int { Int(try Posix.information(path).st_mode & 0o7777) }
