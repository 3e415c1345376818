import Dicom

/// What our acceptor answers to negotiations beyond the presentation contexts.
extension ContextPolicy {
  /// The index matches keys of all levels at once, so queries and retrievals may be relational, and a date with its time
  /// where that is asked for; names as they are written.
  private static let queryCapabilities: QueryCapabilities = [
    .relational, .dateTimeMatching, .emptyValueMatching, .multipleValueMatching,
  ]
  private static let retrieveCapabilities: QueryCapabilities = .relational

  /// What was agreed to for a query model on an association.
  static func agreed(_ model: UID, _ proposal: UserInformation) -> QueryCapabilities {
    proposal.extendedNegotiations.first { $0.sopClassUID == model }
      .map { QueryCapabilities(information: $0.information).intersection(queryCapabilities) } ?? []
  }
  /// PS3.4 §B.3.1: level 2 (every attribute is kept), bit preserving, nothing coerced.
  private static let storage: [UInt8] = [2, 0, 3, 0, 0, 0]

  /// Answers to the extended negotiations that concern what we serve.
  static func extendedNegotiations(answering proposal: UserInformation) -> [ExtendedNegotiation] {
    proposal.extendedNegotiations.compactMap { negotiation in
      switch negotiation.sopClassUID {
      case .studyRootFind, .patientRootFind: negotiation.answered(with: queryCapabilities)
      case .studyRootMove, .patientRootMove, .studyRootGet, .patientRootGet:
        negotiation.answered(with: retrieveCapabilities)
      case let uid where isStorage(uid) == true:
        ExtendedNegotiation(sopClassUID: uid, information: storage)
      default: nil
      }
    }
  }

  /// Whether an abstract syntax nobody knows is said by the peer to be something else than storage.
  static func isDeclaredOtherwise(_ abstractSyntax: UID, in proposal: UserInformation) -> Bool {
    isStorage(abstractSyntax) == nil
      && proposal.commonExtendedNegotiations.contains {
        $0.sopClassUID == abstractSyntax && $0.serviceClassUID != .storageServiceClass
      }
  }
}

extension UID {
  /// The Storage Service Class, PS3.4 §B.
  static let storageServiceClass: UID = "1.2.840.10008.4.2"
}

/// Who a peer says it is, against `DicomUsers`.
enum IdentityVerdict {
  /// No users are configured, so nobody is asked.
  case unchecked
  case known
  /// Why it is refused.
  case refused(String)

  /// What to answer to a peer that wants to hear that it is known: nothing where nobody checked.
  var response: [UInt8]? {
    if case .known = self { return [] }
    return nil
  }

  init(_ identity: UserIdentity?, users: [String: Secret]) {
    guard !users.isEmpty else {
      self = .unchecked
      return
    }
    guard let identity else {
      self = .refused("gave no user identity")
      return
    }
    guard let username = identity.username, let passcode = identity.passcode else {
      self = .refused("came as \(identity), without a passcode")
      return
    }
    // A user that does not exist and a wrong passcode are told apart here, in our log, and not to the peer.
    switch users[username] {
    case nil: self = .refused("came as \(identity), who is not among DicomUsers")
    case let expected? where expected.value == passcode: self = .known
    default: self = .refused("came as \(identity), with a wrong passcode")
    }
  }
}
