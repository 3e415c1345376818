/// Why an association, or an operation on one, failed.
public struct AssociationError: Error, Hashable, Sendable, CustomStringConvertible {
  public var reason: Reason
  public var phase: Phase
  /// Whom we were talking to.
  public var endpoint: Endpoint
  /// How long the steps before the one that failed took.
  public var phases: PhaseTimes
  /// Who we said we are, as `user jane`; nil when we did not.
  public var identity: String?
  /// The number by which traces know the connection; nil where there was none.
  public var connection: Int?

  public init(_ reason: Reason, phase: Phase, endpoint: Endpoint, phases: PhaseTimes = PhaseTimes()) {
    self.reason = reason
    self.phase = phase
    self.endpoint = endpoint
    self.phases = phases
  }

  /// Steps of an operation; raw values as in the JSON of `echo`.
  public enum Phase: String, Hashable, Sendable {
    case resolve, connect, tls, associate, echo, find, move, get, store, commit, release
  }

  public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: Int
    public var callingAETitle: String
    public var calledAETitle: String

    public init(host: String, port: Int, callingAETitle: String, calledAETitle: String) {
      self.host = host
      self.port = port
      self.callingAETitle = callingAETitle
      self.calledAETitle = calledAETitle
    }

    /// `ORTHANC@192.0.2.1:4242`
    public var description: String { "\(calledAETitle)@\(address)" }
    public var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  public enum Reason: Hashable, Sendable {
    /// The name is not known, with the resolver's words.
    case resolve(String)
    /// Nothing listens on the port.
    case refused
    /// No way to the host, with the system's words.
    case unreachable(String)
    /// The peer reset the connection.
    case reset
    /// The peer closed the connection without a word.
    case closed
    case timeout(Wait.Kind, Duration)
    case rejected(Rejection)
    /// The peer aborted.
    case aborted(Abort)
    /// The association was accepted without a presentation context for these.
    case noAcceptedContext([UID])
    /// The peer sent something that it must not send; we aborted.
    case protocolViolation(String)
    /// The other side does not speak DICOM: TLS, HTTP, ...
    case notDicom(String)
    /// The connection could not be secured, or TLS failed later on.
    case tls(TLSFailure)
    /// Our caller's cancel ended it, by an abort.
    case cancelled
    /// The association was released or aborted by us before.
    case notEstablished
    /// Something of ours: a file that cannot be read, no file descriptors left.
    case local(String)
  }

  /// One sentence: which step failed, and what to check.
  public var description: String {
    switch reason {
    case .resolve(let words):
      "Cannot resolve the host name \(endpoint.host): \(words). Check the name, or use the address."
    case .refused:
      "Connection to \(endpoint.address) refused: nothing listens on that port. Check the port, and that the peer runs."
    case .unreachable(let words):
      "Cannot reach \(endpoint.address): \(words). Check the address, the network and firewalls."
    case .reset: "\(endpoint) reset the connection \(during). \(closingHint)"
    case .closed: "\(endpoint) closed the connection \(during) without a word. \(closingHint)"
    case .timeout(let kind, let limit): timeoutWords(kind, limit)
    case .rejected(let rejection): rejectionWords(rejection)
    case .aborted(let abort): "\(endpoint): the association was \(abort) \(during). \(abortHint)"
    case .noAcceptedContext(let syntaxes):
      "\(endpoint) accepts no presentation context for \(list(syntaxes)): it does not offer this service to us."
    case .protocolViolation(let words):
      "\(endpoint) broke the protocol \(during): \(words). The association was aborted."
    case .notDicom(let words): "\(endpoint.address) is \(words). Check the port\(tlsHint(words))."
    case .tls(let failure): "TLS with \(endpoint.address) failed: \(failure)"
    case .cancelled: "Cancelled \(during); the association with \(endpoint) was aborted."
    case .notEstablished: "The association with \(endpoint) is no longer open."
    case .local(let words): "Failed \(during): \(words)."
    }
  }

  private var during: String {
    switch phase {
    case .resolve, .connect: "while connecting"
    case .tls: "during the TLS handshake"
    case .associate: "during association negotiation"
    case .echo: "during C-ECHO"
    case .find: "during C-FIND"
    case .move: "during C-MOVE"
    case .get: "during C-GET"
    case .store: "during C-STORE"
    case .commit: "during the storage commitment request"
    case .release: "during release"
    }
  }

  private var closingHint: String {
    switch phase {
    case .associate:
      "Often it does not know our AE title \(endpoint.callingAETitle) or address, or expects TLS on this port."
    case .tls:
      "A port that does not speak TLS often hangs up like this: check the port, or switch TLS off for this peer."
    default: "Its log says why."
    }
  }

  private var abortHint: String {
    if case .aborted(let abort) = reason, abort.source == 2, abort.reason != 0 { return advice(abort.meaning) }
    return phase == .associate
      ? "Check that it knows our AE title \(endpoint.callingAETitle), and its log." : "Its log says why."
  }

  /// The book's cause and remedy as sentences.
  private func advice(_ meaning: ReasonMeaning) -> String {
    let sentences = [meaning.cause, meaning.remedy].compactMap { $0 }.map {
      $0.prefix(1).uppercased() + $0.dropFirst() + "."
    }
    return sentences.isEmpty ? "Its log says why." : sentences.joined(separator: " ")
  }

  private func timeoutWords(_ kind: Wait.Kind, _ limit: Duration) -> String {
    let seconds = limit.inWords
    return switch kind {
    case .resolving: "The host name \(endpoint.host) was not resolved within \(seconds). Check the name server."
    case .connecting:
      "\(endpoint.address) did not answer the connection within \(seconds). Check the address and firewalls."
    case .negotiatingTLS:
      "\(endpoint.address) did not finish the TLS handshake within \(seconds). Check that it expects TLS."
    case .associating:
      "\(endpoint) accepted the connection but did not answer the association request within \(seconds). "
        + "Check that this is a DICOM port, and whether it expects TLS."
    case .response(let operation):
      "\(endpoint) sent no \(operation) response within \(seconds). It may be busy; try a longer timeout."
    case .sending: "\(endpoint) took none of our data for \(seconds). Check the network and the peer."
    case .receiving: "Nothing arrived for \(seconds)."
    case .report: "\(endpoint) sent no report on the storage commitment within \(seconds)."
    case .releasing: "\(endpoint) did not answer the release within \(seconds)."
    case .cancelling: "\(endpoint) did not confirm the cancel within \(seconds); the association was aborted."
    case .idle: "The association with \(endpoint) was idle for \(seconds)."
    }
  }

  private func rejectionWords(_ rejection: Rejection) -> String {
    let hint =
      switch rejection {
      case _ where rejection.source == 1 && rejection.reason == 3:
        "The peer does not know our AE title \(endpoint.callingAETitle): it must be added there."
      case _ where rejection.source == 1 && rejection.reason == 7:
        "The peer is not called \(endpoint.calledAETitle): check the AE title configured for it."
      case _ where rejection.source < 3 && rejection.reason == 1 && identity != nil:
        "It gives no reason; often it does not accept \(identity ?? ""), or does not know our AE title "
          + "\(endpoint.callingAETitle)."
      case _ where rejection.isTransient && rejection.source == 1: "It is busy; try again later."
      case _ where rejection.source == 1 && rejection.reason == 1:
        "It gives no reason; often it does not know our AE title \(endpoint.callingAETitle) or our address."
      default: advice(rejection.meaning)
      }
    return "\(endpoint): the association was \(rejection). \(hint)"
  }

  private func tlsHint(_ words: String) -> String {
    words.contains("TLS") ? ", or switch TLS on for this peer" : ""
  }

  private func list(_ syntaxes: [UID]) -> String {
    syntaxes.map { $0.name ?? $0.rawValue }.joined(separator: ", ")
  }
}
