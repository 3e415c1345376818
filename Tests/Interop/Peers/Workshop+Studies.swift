import Dicom

extension Workshop {
  /// The files of studies `2.25.1` and so on, of patients `P1` and so on, of one instance each.
  /// - Parameter change: what else is in the data set of a study, by its number.
  func studies(_ count: Int, _ change: (Int, inout DataSet) -> Void = { _, _ in }) throws -> [String] {
    let folder = try makeFolder("studies-\(count)")
    return try (1...count).map { number in
      var dataSet = DataSet()
      dataSet.set(.sopClassUID, UID.ctImageStorage)
      dataSet.set(.studyInstanceUID, UID("2.25.\(number)"))
      dataSet.set(.seriesInstanceUID, UID("2.25.\(number).1"))
      dataSet.set(.sopInstanceUID, UID("2.25.\(number).1.1"))
      dataSet.set(.patientID, "P\(number)")
      dataSet.set(.modality, "CT")
      change(number, &dataSet)
      let path = "\(folder)/\(number).dcm"
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: dataSet.uid(.sopClassUID) ?? .ctImageStorage,
        mediaStorageSOPInstanceUID: dataSet.uid(.sopInstanceUID) ?? "",
        transferSyntax: .explicitVRLittleEndian)
      try DicomFile.write(dataSet, meta: meta, to: path)
      return path
    }
  }
}
