/// Who asks for an association, PS3.7 §D.3.3.7.1. Its fields are secrets: printed, only the kind shows, and the name where
/// it is a username.
public struct UserIdentity: Hashable, Sendable {
  /// The raw value of a ``Kind``; others are kept as they came.
  public var type: UInt8
  /// The acceptor is asked to say so when it takes the identity.
  public var positiveResponseRequested: Bool
  /// The username in UTF-8, the Kerberos service ticket, the SAML assertion or the JSON Web Token.
  public var primaryField: [UInt8]
  /// The passcode in UTF-8; empty for all other kinds.
  public var secondaryField: [UInt8]

  public init(type: UInt8, positiveResponseRequested: Bool, primaryField: [UInt8], secondaryField: [UInt8] = []) {
    self.type = type
    self.positiveResponseRequested = positiveResponseRequested
    self.primaryField = primaryField
    self.secondaryField = secondaryField
  }

  public init(_ kind: Kind, _ credential: [UInt8], positiveResponseRequested: Bool = true) {
    self.init(type: kind.rawValue, positiveResponseRequested: positiveResponseRequested, primaryField: credential)
  }

  /// A username, with a passcode where there is one.
  public init(username: String, passcode: String? = nil, positiveResponseRequested: Bool = true) {
    self.init(
      type: (passcode == nil ? Kind.username : .usernameAndPasscode).rawValue,
      positiveResponseRequested: positiveResponseRequested, primaryField: Array(username.utf8),
      secondaryField: Array((passcode ?? "").utf8))
  }

  public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case username = 1
    case usernameAndPasscode = 2
    case kerberos = 3
    case saml = 4
    case jsonWebToken = 5

    public var words: String {
      switch self {
      case .username: "username"
      case .usernameAndPasscode: "username and passcode"
      case .kerberos: "Kerberos service ticket"
      case .saml: "SAML assertion"
      case .jsonWebToken: "JSON Web Token"
      }
    }
  }

  /// Nil for a kind the standard does not define.
  public var kind: Kind? { Kind(rawValue: type) }

  /// Nil where the identity is no username.
  public var username: String? {
    kind == .username || kind == .usernameAndPasscode ? String(decoding: primaryField, as: UTF8.self) : nil
  }

  /// Nil where there is none.
  public var passcode: String? {
    kind == .usernameAndPasscode ? String(decoding: secondaryField, as: UTF8.self) : nil
  }
}

extension UserIdentity: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `user jane`, `a JSON Web Token`: never a credential.
  public var description: String {
    if let username { return "user \(VisibleText.of(username))" }
    return kind.map { "a \($0.words)" } ?? "an identity of unknown type \(type)"
  }

  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
