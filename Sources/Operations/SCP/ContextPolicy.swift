import Dicom
import LocalIndex

/// Which presentation contexts our acceptor agrees to.
struct ContextPolicy {
  private let configuration: Configuration

  init(_ configuration: Configuration) { self.configuration = configuration }

  private static let services: Set<UID> = [
    .verification, .studyRootFind, .patientRootFind, .studyRootMove, .patientRootMove, .studyRootGet, .patientRootGet,
    // For reports on what we asked of others; what others ask of us is refused.
    .storageCommitmentPushModel,
  ]
  static let native: Set<UID> = [.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian]

  /// A service we have, or a class whose instances we take.
  func isWanted(_ abstractSyntax: UID) -> Bool {
    if Self.services.contains(abstractSyntax) { return true }
    let uid = abstractSyntax.rawValue
    switch Self.isStorage(abstractSyntax) {
    case false?: return false
    case nil where !configuration.unknownSOPClassAccepted:
      // One that is not known must be named, not only fit a pattern.
      return configuration.acceptedSOPClasses.contains(uid)
    default: break
    }
    let accepted = configuration.acceptedSOPClasses
    guard accepted.isEmpty || accepted.contains(where: { ValueMatcher.matches(uid, pattern: $0) }) else { return false }
    return !configuration.rejectedSOPClasses.contains { ValueMatcher.matches(uid, pattern: $0) }
  }

  /// The roles we agree to: the requestor may be the SCP where it takes instances back (C-GET), or reports on a storage
  /// commitment (PS3.4 §C.5.3, §J.3.3).
  func roles(_ proposed: [RoleSelection]) -> [RoleSelection] {
    proposed.filter { isWanted($0.sopClassUID) }.map {
      RoleSelection(sopClassUID: $0.sopClassUID, isSCU: true, isSCP: true)
    }
  }

  func isAcceptable(_ transferSyntax: UID, for abstractSyntax: UID) -> Bool {
    if Self.services.contains(abstractSyntax) { return Self.native.contains(transferSyntax) }
    // Every station must take the default one (PS3.5 §10.1).
    if transferSyntax == .implicitVRLittleEndian { return true }
    return configuration.acceptedTransferSyntaxes.contains {
      ValueMatcher.matches(transferSyntax.rawValue, pattern: $0)
    }
  }

  /// Whether instances of a SOP class can be stored; nil when PS3.6 does not know it.
  static func isStorage(_ uid: UID) -> Bool? {
    guard let known = DataDictionary.uid(uid) else { return nil }
    guard known.type == "SOP Class", uid.rawValue != "1.2.840.10008.1.3.10" else { return false }
    return known.name.contains("Storage") && !known.name.contains("Storage Commitment")
  }
}
