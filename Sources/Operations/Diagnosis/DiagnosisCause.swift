import Dicom

/// What is wrong with a layer, for programs; a person reads the words beside it.
public enum DiagnosisCause: String, Sendable, CaseIterable {
  /// The name has no address.
  case unresolved
  /// Nothing listens on the port.
  case refused
  /// No answer to the connection at all: a firewall that drops, or nobody at the address.
  case filtered
  case unreachable
  /// Connected, and then reset, or closed without a word.
  case reset
  case closed
  /// Connected, and then nothing is said.
  case silent
  case notDicom
  /// It speaks TLS, and we do not.
  case expectsTLS
  /// We speak TLS, and it does not.
  case notTLS
  case certificateExpired, certificateNotYetValid, certificateUntrusted, certificateOfOtherHost, certificateRefused
  /// It is good for some days more.
  case certificateExpiring
  /// TLS failed for another reason.
  case handshake
  /// It does not know our AE title; it is not called what we call it; it rejects us for another reason.
  case callingTitle, calledTitle, busy, rejected
  case aborted, violation
  /// It offers no such service to us.
  case notOffered
  /// It answered with a status that is a failure.
  case status
  /// A query came back with what was not asked for.
  case strayMatches
  /// Its list of destinations has no entry for our AE title.
  case titleUnknown
  /// Nothing arrived here of what it was to send.
  case notReached
  case notProven
  /// Nobody can receive here.
  case cannotReceive
  /// There is no instance that could be moved.
  case nothingToMove
  /// Something here, or a person's cancel.
  case local

  init(_ error: AssociationError) {
    switch error.reason {
    case .resolve: self = .unresolved
    case .refused: self = .refused
    case .unreachable: self = .unreachable
    case .reset: self = .reset
    case .closed: self = .closed
    case .timeout(.connecting, _): self = .filtered
    case .timeout(.resolving, _): self = .unresolved
    case .timeout: self = .silent
    case .rejected(let rejection): self.init(rejection)
    case .aborted: self = .aborted
    case .noAcceptedContext: self = .notOffered
    case .protocolViolation: self = .violation
    case .notDicom(let words): self = words.contains("TLS") ? .expectsTLS : .notDicom
    case .tls(let failure): self.init(failure)
    case .cancelled, .notEstablished, .local: self = .local
    }
  }

  /// PS3.8 Table 9-21.
  private init(_ rejection: Rejection) {
    switch (rejection.source, rejection.reason) {
    case (1, 3): self = .callingTitle
    case (1, 7): self = .calledTitle
    case _ where rejection.isTransient: self = .busy
    default: self = .rejected
    }
  }

  private init(_ failure: TLSFailure) {
    switch failure.reason {
    case .notTLS: self = .notTLS
    case .expired: self = .certificateExpired
    case .notYetValid: self = .certificateNotYetValid
    case .selfSigned, .unknownIssuer, .issuerExpired, .notFollowed: self = .certificateUntrusted
    case .otherHost: self = .certificateOfOtherHost
    case .refused: self = .certificateRefused
    case .timeout: self = .silent
    case .noCertificate, .alert, .nothingInCommon, .closed, .other: self = .handshake
    }
  }
}
