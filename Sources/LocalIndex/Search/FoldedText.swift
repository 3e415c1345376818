import Dicom
import Foundation

/// Text as it is compared: without case, accents and width. `Müller`, `MULLER` and `muller` are one; so are `Łódź` and
/// `lodz`, half and full width, final and other sigma, the forms of alef, vocalised and bare Arabic and Hebrew.
public enum FoldedText {
  public static func fold(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
    var scalars = String.UnicodeScalarView()
    for scalar in text.lowercased().decomposedStringWithCompatibilityMapping.unicodeScalars {
      if isIgnored(scalar) { continue }
      if let replacement = letters[scalar] {
        scalars.append(contentsOf: replacement.unicodeScalars)
      } else {
        scalars.append(scalar)
      }
    }
    // Hangul syllables and voiced kana were taken apart by the decomposition as well.
    return String(scalars).precomposedStringWithCanonicalMapping
  }

  /// Marks that a person leaves out when typing. The voicing marks of kana and the vowel signs of Indic scripts are
  /// letters of their own.
  private static func isIgnored(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true  // accents
    case 0x0591...0x05C7: true  // Hebrew points
    case 0x0610...0x061A, 0x0640, 0x064B...0x065F, 0x0670: true  // Arabic vowels, hamza above and below, tatweel
    case 0x200B...0x200F, 0x2060, 0xFEFF: true  // invisible
    default: false
    }
  }

  /// Letters that Unicode does not take apart, though a keyboard without them writes them so.
  private static let letters: [Unicode.Scalar: String] = [
    "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h", "ı": "i", "ŧ": "t",
    "ŋ": "n", "ς": "σ", "ٱ": "ا", "ی": "ي", "ک": "ك", "ى": "ي",
  ]

  /// A person name for comparison: its three component groups folded, each without the empty components at its end
  /// (PS3.5 §6.2.1.1: trailing delimiters may be left out).
  static func nameGroups(_ name: String) -> [String] {
    var groups = name.split(separator: "=", maxSplits: 2, omittingEmptySubsequences: false).map { group in
      normaliseGroup(fold(String(group)))
    }
    while groups.count < 3 { groups.append("") }
    return groups
  }

  static func normaliseGroup(_ group: String) -> String {
    var components = group.split(separator: "^", omittingEmptySubsequences: false).map {
      $0.trimmingPrefix { $0 == " " }.reversed().drop { $0 == " " }.reversed().map(String.init).joined()
    }
    while components.last?.isEmpty == true { components.removeLast() }
    return components.joined(separator: "^")
  }
}
