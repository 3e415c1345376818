import Dicom
import NIOCore

extension SampleStudies {
  /// Writes a synthetic CT study of one series as files `0001.dcm`, `0002.dcm`, ...: input for tests and benchmarks in the
  /// size of a real one. The drawing changes every few slices only, since drawing takes longer than writing.
  ///
  /// - Parameter seed: another one gives another patient and other identifiers, all else being the same.
  /// - Returns: the paths, in the order of the slices.
  /// - Throws: ``DicomFileError`` when a file cannot be written.
  @discardableResult
  public static func writeCT(
    slices: Int, rows: Int = 512, columns: Int = 512, seed: Int = 0, to folder: String
  ) throws -> [String] {
    let series = SyntheticSeries(slices: slices, rows: rows, columns: columns, seed: seed)
    let drawings = min(slices, 12)
    var drawn = (number: -1, pixels: ByteBuffer())
    return try (0..<slices).map { slice in
      let number = slice * drawings / slices
      if drawn.number != number {
        drawn = (number, series.pixels(level: (Double(number) + 0.5) / Double(drawings)))
      }
      let digits = String(slice + 1)
      let path = folder + "/" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".dcm"
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: series.sopInstanceUID(slice),
        transferSyntax: .explicitVRLittleEndian)
      try DicomFile.write(series.dataSet(slice, drawn.pixels), meta: meta, to: path)
      return path
    }
  }
}

/// A CT series of any size.
private struct SyntheticSeries {
  var slices: Int
  var rows: Int
  var columns: Int
  var seed: Int

  private func uid(_ part: String) -> UID {
    SampleStudies.syntheticUID("series of \(slices), \(rows)x\(columns), \(seed): \(part)")
  }

  func sopInstanceUID(_ slice: Int) -> UID { uid("instance \(slice)") }

  func dataSet(_ slice: Int, _ pixels: ByteBuffer) -> DataSet {
    var dataSet = DataSet()
    for (tag, value) in texts { dataSet.set(tag, value) }
    dataSet.set(.sopClassUID, UID.ctImageStorage)
    dataSet.set(.sopInstanceUID, sopInstanceUID(slice))
    dataSet.set(.studyInstanceUID, uid("study"))
    dataSet.set(.seriesInstanceUID, uid("series"))
    dataSet.set(.frameOfReferenceUID, uid("frame"))
    dataSet.set(.instanceNumber, String(slice + 1))
    dataSet.set(.imageType, ["ORIGINAL", "PRIMARY", "AXIAL"])
    dataSet.set(.pixelSpacing, ["0.46875", "0.46875"])
    dataSet.set(.imagePositionPatient, ["-120", "-120", String(slice)])
    dataSet.set(.imageOrientationPatient, ["1", "0", "0", "0", "1", "0"])
    dataSet.set(.samplesPerPixel, integers: [1])
    dataSet.set(.rows, integers: [rows])
    dataSet.set(.columns, integers: [columns])
    dataSet.set(.bitsAllocated, integers: [16])
    dataSet.set(.bitsStored, integers: [16])
    dataSet.set(.highBit, integers: [15])
    dataSet.set(.pixelRepresentation, integers: [1])
    dataSet.set(.pixelData, vr: .OW, bytes: pixels)
    return dataSet
  }

  private var texts: [(Tag, String)] {
    [
      (.patientName, "SYNTHETIC^SERIES"), (.patientID, "DEMO-CT-\(seed)"), (.patientBirthDate, "19700101"),
      (.patientSex, "O"), (.studyDate, "20240101"), (.studyTime, "120000"), (.studyID, "1"),
      (.accessionNumber, "SERIES\(seed)"), (.studyDescription, "Synthetic CT, \(slices) slices"),
      (.referringPhysicianName, ""), (.modality, "CT"), (.manufacturer, "fluoro"), (.seriesNumber, "1"),
      (.seriesDescription, "Head axial 1 mm"), (.bodyPartExamined, "HEAD"), (.sliceThickness, "1"), (.kvp, "120"),
      (.imageComments, "Synthetic image drawn by fluoro. No patient."), (.rescaleIntercept, "0"), (.rescaleSlope, "1"),
      (.rescaleType, "HU"), (.windowCenter, "35"), (.windowWidth, "110"), (.photometricInterpretation, "MONOCHROME2"),
    ]
  }

  /// The head in the middle of as much air as makes the picture rectangular.
  func pixels(level: Double) -> ByteBuffer {
    let size = min(rows, columns)
    let head = HeadPhantom(tissues: .ct).draw(level: level, size: size)
    let air = Int16(HeadPhantom.Tissues.ct.air)
    let (top, left) = ((rows - size) / 2, (columns - size) / 2)
    var words = [Int16](repeating: air.littleEndian, count: rows * columns)
    for (index, sample) in head.samples.enumerated() {
      words[(top + index / size) * columns + left + index % size] = Int16(sample).littleEndian
    }
    return words.withUnsafeBytes { ByteBuffer(bytes: $0) }
  }
}
