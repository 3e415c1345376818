import Dicom
import Foundation

/// Who we say we are, and what the peer made of it.
extension Modality {
  /// The user identity of an association with this modality, PS3.7 §D.3.3.7; nil where none is configured. The peer is
  /// asked to say that it knows it.
  /// - Throws: ``OperationError`` when the file of a token cannot be read or is empty.
  func userIdentity() throws(OperationError) -> UserIdentity? {
    if let username { return UserIdentity(username: username, passcode: password?.value) }
    guard let file = identityFile else { return nil }
    guard let data = FileManager.default.contents(atPath: file.path) else {
      throw OperationError("\(name): its IdentityFile \(file.path) cannot be read; nothing was sent")
    }
    switch file.kind {
    case .kerberos:
      guard !data.isEmpty else { throw OperationError("\(name): its IdentityFile \(file.path) is empty") }
      return UserIdentity(.kerberos, Array(data))
    case .saml, .jsonWebToken:
      // A text editor ends a file with a line end, which belongs to no token.
      let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      guard !text.isEmpty else { throw OperationError("\(name): its IdentityFile \(file.path) is empty") }
      return UserIdentity(file.kind == .saml ? .saml : .jsonWebToken, Array(text.utf8))
    }
  }
}

extension Association {
  /// What the peer made of our identity, in words; nil when we gave none.
  var identityWords: String? {
    parameters.userIdentity.map { identity in
      peer.userIdentityResponse == nil ? "it does not say that it checks \(identity)" : "it knows \(identity)"
    }
  }
}

extension Station {
  /// Storage SOP classes that no edition of the standard we know has: their service class is said with them, so that a
  /// peer that does not know them either can take them.
  static func commonExtendedNegotiations(
    _ contexts: [PresentationContextProposal]
  ) -> [CommonExtendedNegotiation] {
    var seen: Set<UID> = []
    return contexts.map(\.abstractSyntax).filter { DataDictionary.uid($0) == nil && seen.insert($0).inserted }.map {
      CommonExtendedNegotiation(sopClassUID: $0, serviceClassUID: .storageServiceClass)
    }
  }
}
