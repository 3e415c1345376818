/// What PS3.6 says about an attribute.
public struct AttributeDescription: Sendable, Hashable {
  /// The keyword, `PatientName`; empty for the few retired attributes that have none.
  public let keyword: String
  /// The name, `Patient's Name`.
  public let name: String
  /// The VR; where PS3.6 leaves a choice, the one that holds without further knowledge (`US` of `US or SS`).
  public let vr: VR
  /// The VR as PS3.6 prints it, `US or SS`.
  public let vrText: String
  /// The value multiplicity as PS3.6 prints it, `1-n`.
  public let vm: String
  public let isRetired: Bool
}

/// What PS3.6 Annex A says about a unique identifier.
public struct UIDDescription: Sendable, Hashable {
  public let name: String
  /// `SOP Class`, `Transfer Syntax`, ...
  public let type: String
  public let isRetired: Bool
}

/// The data dictionary of PS3.6, searched where it lies in the program: no look-up table is built.
public enum DataDictionary {
  /// The attribute with this tag, repeating groups (PS3.5 §7.6) included. Private attributes: ``attribute(for:creator:)``.
  public static func attribute(for tag: Tag) -> AttributeDescription? {
    if let line = AttributeIndex.line(of: tag) { return AttributeIndex.description(line: line) }
    return RepeatingAttributes.description(of: tag)
  }

  /// The private attribute with this tag in a block that this creator has reserved (PS3.5 §7.8.1).
  public static func attribute(for tag: Tag, creator: String) -> AttributeDescription? {
    guard tag.isPrivate else { return nil }
    let digits = tag.hexadecimal
    let pattern = digits.prefix(4) + "xx" + digits.suffix(2)
    guard let fields = privateTable.find("\(creator)\t\(pattern)") ?? privateTable.find("\(creator)\t\(digits)"),
      fields.count == 4
    else { return nil }
    let choice = VRChoice(code: fields[0])
    return AttributeDescription(
      keyword: "", name: fields[3], vr: choice.vr, vrText: choice.text, vm: fields[1], isRetired: fields[2] == "R")
  }

  /// The tag with this keyword; upper and lower case are one.
  public static func tag(keyword: String) -> Tag? { AttributeIndex.tag(keyword: keyword) }

  /// What is registered under this UID.
  public static func uid(_ uid: UID) -> UIDDescription? {
    guard let fields = uidTable.find(uid.rawValue), fields.count == 3 else { return nil }
    return UIDDescription(name: fields[0], type: fields[1], isRetired: fields[2] == "R")
  }

  /// The UIDs of a type, such as `SOP Class`, that are not retired.
  public static func uids(ofType type: String) -> [UID] {
    uidTable.lines.filter { $0.count == 4 && $0[2] == type && $0[3] != "R" }.map { UID($0[0]) }
  }

  private static let privateTable = StaticTable(PrivateAttributeTable.text, keyFields: 2)
  private static let uidTable = StaticTable(UIDTable.text)
}

/// An entry of the VR column of PS3.6, which may leave a choice.
enum VRChoice: Hashable, Sendable {
  case one(VR)
  case usOrSS, obOrOW, usOrOW, usOrSSOrOW
  case none

  init(code: some StringProtocol) {
    switch code {
    case "xs": self = .usOrSS
    case "ox": self = .obOrOW
    case "uw": self = .usOrOW
    case "lx": self = .usOrSSOrOW
    default: self = VR(code: String(code)).map(VRChoice.one) ?? .none
    }
  }

  /// Read from two bytes of a table, without a string.
  init(_ first: UInt8, _ second: UInt8) {
    switch (first, second) {
    case (UInt8(ascii: "x"), UInt8(ascii: "s")): self = .usOrSS
    case (UInt8(ascii: "o"), UInt8(ascii: "x")): self = .obOrOW
    case (UInt8(ascii: "u"), UInt8(ascii: "w")): self = .usOrOW
    case (UInt8(ascii: "l"), UInt8(ascii: "x")): self = .usOrSSOrOW
    default: self = VR(first, second).map(VRChoice.one) ?? .none
    }
  }

  /// The VR that holds without further knowledge.
  var vr: VR {
    switch self {
    case .one(let vr): vr
    case .usOrSS: .US
    case .obOrOW, .usOrOW, .usOrSSOrOW: .OW
    case .none: .UN
    }
  }

  var text: String {
    switch self {
    case .one(let vr): vr.code
    case .usOrSS: "US or SS"
    case .obOrOW: "OB or OW"
    case .usOrOW: "US or OW"
    case .usOrSSOrOW: "US or SS or OW"
    case .none: ""
    }
  }
}
