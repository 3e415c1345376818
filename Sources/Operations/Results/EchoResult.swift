import Dicom

/// How long the steps of an operation took, in milliseconds; nil: not done, or not reached.
public struct EchoPhases: Sendable, Hashable {
  public var resolve: Double?
  public var connect: Double?
  public var tls: Double?
  public var associate: Double?
  public var echo: Double?
  public var release: Double?
  public init() {}

  /// Takes over what opening the association took, as far as it came.
  mutating func take(_ times: PhaseTimes) {
    resolve = times.resolve?.inMilliseconds ?? resolve
    connect = times.connect?.inMilliseconds ?? connect
    tls = times.tls?.inMilliseconds ?? tls
    associate = times.associate?.inMilliseconds ?? associate
  }
}

/// What a C-ECHO came to: also one that failed.
public struct EchoResult: OperationResult, Hashable {
  public var modality: String
  public var aeTitle: String
  public var host: String
  public var port: Int
  public var isOK: Bool { outcome.state == .done }
  /// From the beginning to the C-ECHO response, the release not included.
  public var milliseconds: Double
  public var phases = EchoPhases()
  public var peerImplementationClassUID: String?
  public var peerImplementationVersionName: String?
  public var peerMaximumPDULength: Int?
  /// What TLS came to; nil where it is not spoken.
  public var tls: TLSInformation?
  /// Whether its certificate is another than last time.
  public var isCertificateNew = false
  /// The user identity we gave, as `user jane`; nil: none.
  public var identity: String?
  /// The peer says that it knows the identity. Many take one and check nothing.
  public var isIdentityConfirmed = false
  /// The step that failed, as in `phases`.
  public var failedPhase: String?
  public var outcome: Outcome

  public var json: JSONText.Value {
    func time(_ value: Double?) -> JSONText.Value { value.map(JSONText.Value.decimal) ?? .null }
    var members: [(key: String, value: JSONText.Value)] = [
      ("modality", .string(modality)), ("aet", .string(aeTitle)), ("host", .string(host)), ("port", .integer(port)),
      ("ok", .bool(isOK)), ("milliseconds", .decimal(milliseconds)),
      (
        "phases",
        .object([
          ("resolve", time(phases.resolve)), ("connect", time(phases.connect)), ("tls", time(phases.tls)),
          ("associate", time(phases.associate)), ("echo", time(phases.echo)), ("release", time(phases.release)),
        ])
      ),
      (
        "peer",
        .object([
          ("implementationClassUID", JSONText.Value(peerImplementationClassUID)),
          ("implementationVersionName", JSONText.Value(peerImplementationVersionName)),
          ("maximumPduLength", JSONText.Value(peerMaximumPDULength)),
        ])
      ),
    ]
    if let tls { members.append(("tls", Self.json(tls, isChanged: isCertificateNew))) }
    if identity != nil { members.append(("identityConfirmed", .bool(isIdentityConfirmed))) }
    if !isOK {
      members.append(("failedPhase", JSONText.Value(failedPhase)))
      members.append(("error", .string(outcome.words)))
    }
    return .object(members)
  }

  private static func json(_ tls: TLSInformation, isChanged: Bool) -> JSONText.Value {
    .object([
      ("version", .string(tls.version)), ("cipherSuite", JSONText.Value(tls.cipherSuite)),
      (
        "certificate",
        tls.certificate.map { certificate in
          .object([
            ("subject", .string(certificate.subject)), ("issuer", .string(certificate.issuer)),
            ("notAfter", .string(certificate.expiry)), ("sha256", .string(certificate.fingerprint)),
            ("changed", .bool(isChanged)),
          ])
        } ?? .null
      ),
    ])
  }
}

/// An echo as monitoring wants it (Nagios and its kin): a level, and one line with the time as a measurement.
public struct EchoCheck: Sendable, Hashable {
  public enum Level: String, Sendable {
    case ok = "OK"
    case warning = "WARNING"
    case critical = "CRITICAL"
  }

  public var level: Level
  public var line: String
}

extension EchoResult {
  /// A warning where the answer took over half of the time it may take.
  ///
  /// - Parameter limit: that time; nil: no limit.
  public func check(limit: Duration?) -> EchoCheck {
    guard isOK else {
      return EchoCheck(level: .critical, line: "CRITICAL - \(modality): \(outcome.words)")
    }
    let time = Words.decimal(milliseconds)
    let level: EchoCheck.Level = limit.map { milliseconds > $0.inMilliseconds / 2 } == true ? .warning : .ok
    return EchoCheck(level: level, line: "\(level.rawValue) - \(modality) answered in \(time) ms | time=\(time)ms")
  }
}
