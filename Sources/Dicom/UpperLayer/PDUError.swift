/// Why bytes are not a PDU, or not one that may come now. It names the field and what was wrong with it.
public enum PDUError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The first byte is none of PS3.8's PDU types; the first bytes are kept because they often tell what the peer is.
  case unknownType(UInt8, firstBytes: [UInt8])
  /// A length says more than there is left around it, or more than we allow.
  case lengthOutOfBounds(field: String, length: Int, available: Int)
  /// A field's value is not allowed by the standard.
  case invalidValue(field: String, value: String)
  /// Something the standard requires is missing.
  case missing(field: String)

  public var description: String {
    switch self {
    case .unknownType(let type, let first):
      switch ForeignProtocol(first) {
      case .tls?: "not DICOM but TLS: the other side speaks TLS on this port"
      case .http?: "not DICOM but HTTP: the other side is a web server"
      case .ssh?: "not DICOM but SSH: the other side is an SSH server"
      case nil: "not a DICOM PDU: it starts with byte \(hexadecimal(type)), which is no PDU type"
      }
    case .lengthOutOfBounds(let field, let length, let available):
      "the length of \(field) says \(length) bytes where at most \(available) are possible"
    case .invalidValue(let field, let value): "\(field) is \(value), which is not allowed"
    case .missing(let field): "\(field) is missing"
    }
  }

  /// What to say in an A-ABORT because of it, PS3.8 Table 9-26.
  var abortReason: Abort.ProviderReason {
    switch self {
    case .unknownType: .unrecognizedPDU
    case .lengthOutOfBounds, .invalidValue: .invalidPDUParameterValue
    case .missing: .notSpecified
    }
  }
}

/// Protocols that are found on a port where DICOM was expected.
enum ForeignProtocol {
  case tls, http, ssh

  init?(_ firstBytes: [UInt8]) {
    let text = String(decoding: firstBytes, as: UTF8.self)
    if firstBytes.count >= 2, (0x14...0x17).contains(firstBytes[0]), firstBytes[1] == 3 {
      self = .tls
    } else if ["HTTP", "GET ", "POST", "HEAD", "OPTI", "PUT ", "<!DO", "<htm"].contains(where: text.hasPrefix) {
      self = .http
    } else if text.hasPrefix("SSH-") {
      self = .ssh
    } else {
      return nil
    }
  }
}

func hexadecimal<Value: FixedWidthInteger>(_ value: Value) -> String {
  let digits = String(value, radix: 16, uppercase: true)
  return "0x" + String(repeating: "0", count: max(0, Value.bitWidth / 4 - digits.count)) + digits
}
