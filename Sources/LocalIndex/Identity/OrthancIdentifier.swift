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
    var joined: [UInt8] = []
    for (number, part) in parts.enumerated() { append(part, to: &joined, isFirst: number == 0) }
    return hash(joined)
  }

  /// Appends a value, without its padding, to those above it.
  static func append(_ value: String, to joined: inout [UInt8], isFirst: Bool = false) {
    if !isFirst { joined.append(UInt8(ascii: "|")) }
    let isPlain =
      value.utf8.withContiguousStorageIfAvailable { bytes in
        if bytes.contains(where: { $0 >= 0x80 }) { return false }
        guard let first = bytes.firstIndex(where: { !isPadding($0) }),
          let last = bytes.lastIndex(where: { !isPadding($0) })
        else { return true }
        joined.append(contentsOf: bytes[first...last])
        return true
      } ?? false
    if !isPlain { joined.append(contentsOf: stripped(value).utf8) }
  }

  static func hash(_ joined: [UInt8]) -> String {
    var hash = Insecure.SHA1()
    joined.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().withUnsafeBytes { text(of: $0) }
  }

  /// The white space of ASCII, and what pads an identifier.
  private static func isPadding(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) || byte == 0 }

  private static func stripped(_ value: String) -> Substring {
    let isPadding: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace || $0 == "\0" }
    let scalars = value.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isPadding($0) }),
      let last = scalars.lastIndex(where: { !isPadding($0) })
    else { return "" }
    return Substring(scalars[first...last])
  }

  /// The digits of an identifier: the database keeps 20 bytes instead of 44.
  static func text(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes { text(of: $0) } }

  private static func text(of bytes: UnsafeRawBufferPointer) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 9 / 4 + 2) { result in
      var count = 0
      func put(_ character: UInt8) {
        result[count] = character
        count += 1
      }
      for (index, byte) in bytes.enumerated() {
        if index > 0, index % 4 == 0 { put(UInt8(ascii: "-")) }
        for half in [byte >> 4, byte & 15] { put(half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "a") - 10 + half) }
      }
      return count
    }
  }

  /// The 20 bytes of an identifier; nil when the text is none.
  static func bytes(of text: String) -> [UInt8]? {
    guard text.utf8.count == 44 else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(20)
    var high: UInt8?
    for (index, character) in text.utf8.enumerated() {
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
    self = SeriesIdentity(
      patientID: patientID, studyInstanceUID: studyInstanceUID, seriesInstanceUID: seriesInstanceUID
    ).instance(sopInstanceUID)
  }
}

/// The identifiers that the instances of a series share.
struct SeriesIdentity: Sendable {
  private let patientID: String
  private let studyInstanceUID: String
  private let seriesInstanceUID: String
  private let patient: String
  private let study: String
  private let series: String
  /// What their hashes are taken of, without that of the instance.
  private let joined: [UInt8]

  init(patientID: String, studyInstanceUID: String, seriesInstanceUID: String) {
    (self.patientID, self.studyInstanceUID) = (patientID, studyInstanceUID)
    self.seriesInstanceUID = seriesInstanceUID
    var joined: [UInt8] = []
    OrthancIdentifier.append(patientID, to: &joined, isFirst: true)
    patient = OrthancIdentifier.hash(joined)
    OrthancIdentifier.append(studyInstanceUID, to: &joined)
    study = OrthancIdentifier.hash(joined)
    OrthancIdentifier.append(seriesInstanceUID, to: &joined)
    series = OrthancIdentifier.hash(joined)
    self.joined = joined
  }

  func isOf(patientID: String, studyInstanceUID: String, seriesInstanceUID: String) -> Bool {
    // Byte by byte, as they are hashed: equal strings may be written with other code points.
    self.seriesInstanceUID.utf8.elementsEqual(seriesInstanceUID.utf8)
      && self.studyInstanceUID.utf8.elementsEqual(studyInstanceUID.utf8)
      && self.patientID.utf8.elementsEqual(patientID.utf8)
  }

  func instance(_ sopInstanceUID: String) -> InstanceIdentity {
    var joined = joined
    OrthancIdentifier.append(sopInstanceUID, to: &joined)
    return InstanceIdentity(
      patient: patient, study: study, series: series, instance: OrthancIdentifier.hash(joined))
  }
}
