/// A unique identifier (PS3.5 §9).
public struct UID: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The identifier as text, without padding.
  public let rawValue: String

  public init(_ rawValue: String) { self.rawValue = rawValue }
  public init(stringLiteral value: String) { rawValue = value }

  public var description: String { rawValue }

  /// The name registered in PS3.6 Annex A.
  public var name: String? { DataDictionary.uid(self)?.name }

  /// Whether this is 1 to 64 digits and dots with no empty component and no leading zero (PS3.5 §9.1).
  public var isWellFormed: Bool {
    guard (1...64).contains(rawValue.utf8.count) else { return false }
    return rawValue.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { component in
      guard let first = component.first, component.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
      return component.count == 1 || first != 0x30
    }
  }

  /// A new identifier: `2.25.` and a random UUID as a decimal number (PS3.5 §B.2).
  public static func generate() -> UID {
    var generator = SystemRandomNumberGenerator()
    var high = generator.next()
    var low = generator.next()
    high = high & ~0xF000 | 0x4000  // version 4: random
    low = low & ~(0b11 << 62) | 0b10 << 62
    return UID("2.25.\(UInt128(high) << 64 | UInt128(low))")
  }
}

extension UID {
  /// Study Root Query/Retrieve Information Model - FIND, MOVE and GET (PS3.4 §C.6.2).
  public static var studyRootFind: UID { studyRootQueryRetrieveInformationModelFind }
  public static var studyRootMove: UID { studyRootQueryRetrieveInformationModelMove }
  public static var studyRootGet: UID { studyRootQueryRetrieveInformationModelGet }
  /// Patient Root Query/Retrieve Information Model - FIND, MOVE and GET (PS3.4 §C.6.1).
  public static var patientRootFind: UID { patientRootQueryRetrieveInformationModelFind }
  public static var patientRootMove: UID { patientRootQueryRetrieveInformationModelMove }
  public static var patientRootGet: UID { patientRootQueryRetrieveInformationModelGet }
  /// Modality Worklist Information Model - FIND (PS3.4 §K.6.1).
  public static var worklistFind: UID { "1.2.840.10008.5.1.4.31" }
}
