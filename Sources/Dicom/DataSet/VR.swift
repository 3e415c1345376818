/// A value representation (PS3.5 §6.2).
// swift-format-ignore: AlwaysUseLowerCamelCase
public enum VR: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case AE, AS, AT, CS, DA, DS, DT, FL, FD, IS, LO, LT, OB, OD, OF, OL, OV, OW, PN, SH, SL, SQ, SS, ST, SV, TM, UC, UI,
    UL, UN, UR, US, UT, UV

  /// The VR with this two-letter code.
  public init?(code: String) {
    let bytes = Array(code.utf8)
    guard bytes.count == 2, let vr = VR(bytes[0], bytes[1]) else { return nil }
    self = vr
  }

  /// The VR with these two letters, as an Explicit VR element carries them.
  init?(_ first: UInt8, _ second: UInt8) {
    switch UInt16(first) << 8 | UInt16(second) {
    case 0x4145: self = .AE
    case 0x4153: self = .AS
    case 0x4154: self = .AT
    case 0x4353: self = .CS
    case 0x4441: self = .DA
    case 0x4453: self = .DS
    case 0x4454: self = .DT
    case 0x464C: self = .FL
    case 0x4644: self = .FD
    case 0x4953: self = .IS
    case 0x4C4F: self = .LO
    case 0x4C54: self = .LT
    case 0x4F42: self = .OB
    case 0x4F44: self = .OD
    case 0x4F46: self = .OF
    case 0x4F4C: self = .OL
    case 0x4F56: self = .OV
    case 0x4F57: self = .OW
    case 0x504E: self = .PN
    case 0x5348: self = .SH
    case 0x534C: self = .SL
    case 0x5351: self = .SQ
    case 0x5353: self = .SS
    case 0x5354: self = .ST
    case 0x5356: self = .SV
    case 0x544D: self = .TM
    case 0x5543: self = .UC
    case 0x5549: self = .UI
    case 0x554C: self = .UL
    case 0x554E: self = .UN
    case 0x5552: self = .UR
    case 0x5553: self = .US
    case 0x5554: self = .UT
    case 0x5556: self = .UV
    default: return nil
    }
  }

  /// The two letters.
  public var code: String { String(describing: self) }

  public var description: String {
    String(decoding: [codeBytes.0, codeBytes.1], as: UTF8.self)
  }

  var codeBytes: (UInt8, UInt8) {
    let table: StaticString = "AEASATCSDADSDTFLFDISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUV"
    let start = table.utf8Start + 2 * Int(rawValue)
    return (start[0], start[1])
  }

  /// Whether the Explicit VR form has two reserved bytes and a length of four (PS3.5 Table 7.1-1).
  var hasLongLength: Bool {
    switch self {
    case .OB, .OD, .OF, .OL, .OV, .OW, .SQ, .SV, .UC, .UN, .UR, .UT, .UV: true
    default: false
    }
  }

  /// Whether the value is text; of some of these a backslash is text too: ST, LT, UT and UR have one value (PS3.5 §6.2).
  public var isText: Bool {
    switch self {
    case .AE, .AS, .CS, .DA, .DS, .DT, .IS, .LO, .LT, .PN, .SH, .ST, .TM, .UC, .UI, .UR, .UT: true
    default: false
    }
  }

  /// Whether a backslash separates values (PS3.5 §6.4); ST, LT, UT and UR hold one value only.
  var isMultiValuedText: Bool {
    switch self {
    case .ST, .LT, .UT, .UR: false
    default: isText
    }
  }

  /// Whether the Specific Character Set (0008,0005) applies (PS3.5 §6.1.2.2).
  public var usesSpecificCharacterSet: Bool {
    switch self {
    case .LO, .LT, .PN, .SH, .ST, .UC, .UT: true
    default: false
    }
  }

  /// Whether spaces at the beginning of a value are significant: in ST, LT and UT they are (PS3.5 §6.2).
  var keepsLeadingSpaces: Bool {
    switch self {
    case .LT, .ST, .UT, .UC, .UR, .PN: true
    default: false
    }
  }

  /// The byte that makes a value's length even (PS3.5 §6.2): a null for UI and bytes, a space for text.
  var padding: UInt8 { isText && self != .UI ? Ascii.space : Ascii.null }

  /// The size of one value of a binary VR, or of the words to swap between byte orders; 1 for bytes and text.
  public var unitSize: Int {
    switch self {
    case .AT, .OW, .SS, .US: 2
    case .FL, .OF, .OL, .SL, .UL: 4
    case .FD, .OD, .OV, .SV, .UV: 8
    default: 1
    }
  }
}
