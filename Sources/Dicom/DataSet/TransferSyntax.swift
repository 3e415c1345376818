/// How a data set is encoded (PS3.5 §10, Annex A).
public struct TransferSyntax: Hashable, Sendable {
  public let uid: UID
  /// Whether elements carry their VR.
  public let isExplicitVR: Bool
  public let isLittleEndian: Bool
  /// Whether pixel data is a sequence of fragments (PS3.5 §A.4).
  public let isEncapsulated: Bool
  /// Whether everything after the meta information is deflated (PS3.5 §A.5).
  public let isDeflated: Bool

  /// Any transfer syntax. One that is not known is encapsulated in Explicit VR Little Endian, as all since 1996 are.
  public init(uid: UID) {
    self.uid = uid
    switch uid.rawValue {
    case "1.2.840.10008.1.2", "1.2.840.10008.1.20", "1.2.840.113619.5.2":  // Papyrus 3 and GE's own are implicit too
      (isExplicitVR, isLittleEndian, isEncapsulated, isDeflated) = (false, true, false, false)
    case "1.2.840.10008.1.2.1":
      (isExplicitVR, isLittleEndian, isEncapsulated, isDeflated) = (true, true, false, false)
    case "1.2.840.10008.1.2.2":
      (isExplicitVR, isLittleEndian, isEncapsulated, isDeflated) = (true, false, false, false)
    case "1.2.840.10008.1.2.1.99":
      (isExplicitVR, isLittleEndian, isEncapsulated, isDeflated) = (true, true, false, true)
    case "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205":  // JPIP ... Deflate
      (isExplicitVR, isLittleEndian, isEncapsulated, isDeflated) = (true, true, true, true)
    default:
      (isExplicitVR, isLittleEndian, isEncapsulated, isDeflated) = (true, true, true, false)
    }
  }

  /// The registered name, or the UID.
  public var name: String { uid.name ?? uid.rawValue }

  public static let implicitVRLittleEndian = TransferSyntax(uid: .implicitVRLittleEndian)
  public static let explicitVRLittleEndian = TransferSyntax(uid: .explicitVRLittleEndian)
  public static let explicitVRBigEndian = TransferSyntax(uid: .explicitVRBigEndian)
  public static let deflatedExplicitVRLittleEndian = TransferSyntax(uid: .deflatedExplicitVRLittleEndian)
}
