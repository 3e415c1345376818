import NIOCore

/// Application entity titles: PS3.5 §6.2, VR AE.
public enum AETitle {
  /// Throws when `text` cannot be an AE title: 1 to 16 characters of the default repertoire without backslash and
  /// control characters, not only spaces.
  public static func validate(_ text: String) throws(AETitleError) {
    guard text.contains(where: { $0 != " " }) else { throw .empty }
    guard text.utf8.count <= 16 else { throw .tooLong(text, text.utf8.count) }
    if let bad = text.unicodeScalars.first(where: { $0.value < 0x20 || $0.value > 0x7E || $0 == "\\" }) {
      throw .notAllowed(text, Character(bad))
    }
  }

  /// Leading and trailing spaces are not significant; nulls are what some peers pad with.
  static func trim(_ text: UnsafeRawBufferPointer) -> String {
    String(decoding: text.trimmed(leading: true), as: UTF8.self)
  }

  static func trim(_ text: ByteBufferView) -> String { text.withUnsafeBytes(trim) }
}

public enum AETitleError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case tooLong(String, Int)
  case notAllowed(String, Character)

  public var description: String {
    switch self {
    case .empty: "an AE title needs at least one character that is not a space"
    case .tooLong(let title, let count): "the AE title \"\(title)\" has \(count) characters; at most 16 are allowed"
    case .notAllowed(let title, let character):
      "the AE title \"\(title)\" contains \(String(reflecting: character)); only plain ASCII without backslash is allowed"
    }
  }
}
