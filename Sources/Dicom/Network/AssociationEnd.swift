/// How an association, or a connection that should have become one, can end.
public enum AssociationEnd: Hashable, Sendable, CustomStringConvertible {
  /// By A-RELEASE.
  case released
  case rejected(Rejection)
  /// The peer aborted.
  case aborted(Abort)
  /// The peer closed the connection without a word.
  case closed
  /// The peer reset the connection.
  case reset
  /// The peer broke the protocol; we have aborted.
  case violation(String)
  /// The other side does not speak DICOM.
  case notDicom(String)
  /// TLS failed, at its handshake or later.
  case tls(TLSFailure)
  /// Nothing came for so long; we have aborted.
  case idle(Duration)
  /// It had not become an association yet when too many others came that had not either.
  case crowdedOut
  /// We ended it on our side.
  case abortedHere
  /// The system's words.
  case failed(String)

  public var description: String {
    switch self {
    case .released: "released"
    case .rejected(let rejection): "\(rejection)"
    case .aborted(let abort): "\(abort)"
    case .closed: "closed by the peer without a release"
    case .reset: "reset by the peer"
    case .violation(let words): "aborted because the peer broke the protocol: \(words)"
    case .notDicom(let words): "\(words)"
    case .tls(let failure): "TLS failed: \(failure)"
    case .idle(let limit): "aborted after \(limit.inWords) without traffic"
    case .crowdedOut: "closed, since too many connections wait without an association"
    case .abortedHere: "aborted by us"
    case .failed(let words): "failed: \(words)"
    }
  }

  var associationErrorReason: AssociationError.Reason {
    switch self {
    case .released, .closed, .idle, .crowdedOut: .closed
    case .rejected(let rejection): .rejected(rejection)
    case .aborted(let abort): .aborted(abort)
    case .reset: .reset
    case .violation(let words): .protocolViolation(words)
    case .notDicom(let words): .notDicom(words)
    case .tls(let failure): .tls(failure)
    case .abortedHere: .cancelled
    case .failed(let words): .local(words)
    }
  }
}
