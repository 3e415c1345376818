import Crypto

/// Orthanc's identifiers of resources: SHA-1 over the DICOM identifiers joined by `|` down to the level, as five groups of
/// eight hexadecimal digits. An instance has the same identifier here and in every Orthanc.
///
/// Values are given decoded; padding is stripped here. An absent PatientID counts as empty.
public enum OrthancIdentifier {
  public static func patient(patientID: String) -> String { hash([patientID]) }

  public static func study(patientID: String, studyInstanceUID: String) -> String {
    hash([patientID, studyInstanceUID])
  }

  public static func series(patientID: String, studyInstanceUID: String, seriesInstanceUID: String) -> String {
    hash([patientID, studyInstanceUID, seriesInstanceUID])
  }

  public static func instance(
    patientID: String, studyInstanceUID: String, seriesInstanceUID: String, sopInstanceUID: String
  ) -> String {
    hash([patientID, studyInstanceUID, seriesInstanceUID, sopInstanceUID])
  }

  /// Whether a text has the form of an identifier.
  public static func isWellFormed(_ text: String) -> Bool { bytes(of: text) != nil }

  private static func hash(_ parts: [String]) -> String {
    let joined = parts.map { String(stripped($0)) }.joined(separator: "|")
    return text(of: Array(Insecure.SHA1.hash(data: Array(joined.utf8))))
  }

  private static func stripped(_ value: String) -> Substring {
    let isPadding: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace || $0 == "\0" }
    let scalars = value.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isPadding($0) }),
      let last = scalars.lastIndex(where: { !isPadding($0) })
    else { return "" }
    return Substring(scalars[first...last])
  }

  /// The digits of an identifier: the database keeps 20 bytes instead of 44.
  static func text(of bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var result: [UInt8] = []
    result.reserveCapacity(44)
    for (index, byte) in bytes.enumerated() {
      if index > 0, index % 4 == 0 { result.append(UInt8(ascii: "-")) }
      result.append(digits[Int(byte >> 4)])
      result.append(digits[Int(byte & 15)])
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The 20 bytes of an identifier; nil when the text is none.
  static func bytes(of text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count == 44 else { return nil }
    var result: [UInt8] = []
    var high: UInt8?
    for (index, character) in characters.enumerated() {
      if index % 9 == 8 {
        guard character == UInt8(ascii: "-") else { return nil }
        continue
      }
      let digit: UInt8
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
      default: return nil
      }
      if let upper = high {
        result.append(upper << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return result.count == 20 ? result : nil
  }
}

/// The identifiers of an instance and of what it belongs to.
public struct InstanceIdentity: Hashable, Sendable {
  public let patient: String
  public let study: String
  public let series: String
  public let instance: String

  public init(patientID: String, studyInstanceUID: String, seriesInstanceUID: String, sopInstanceUID: String) {
    patient = OrthancIdentifier.patient(patientID: patientID)
    study = OrthancIdentifier.study(patientID: patientID, studyInstanceUID: studyInstanceUID)
    series = OrthancIdentifier.series(
      patientID: patientID, studyInstanceUID: studyInstanceUID, seriesInstanceUID: seriesInstanceUID)
    instance = OrthancIdentifier.instance(
      patientID: patientID, studyInstanceUID: studyInstanceUID, seriesInstanceUID: seriesInstanceUID,
      sopInstanceUID: sopInstanceUID)
  }
}
