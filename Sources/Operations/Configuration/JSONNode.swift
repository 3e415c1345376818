/// A place in a text: both count from 1, columns in Unicode scalars as editors show them.
public struct TextPosition: Hashable, Sendable, CustomStringConvertible {
  public var line: Int
  public var column: Int
  public var description: String { "\(line):\(column)" }
}

/// What a JSON text says, each value with the place where it says so, so that a complaint about a value
/// can point at it as precisely as a complaint about the syntax.
struct JSONNode: Sendable {
  indirect enum Value: Sendable {
    case null
    case bool(Bool)
    /// As written; converted when a type is asked for, so that no digit is lost.
    case number(String)
    case string(String)
    case array([JSONNode])
    case object([JSONMember])
  }

  var value: Value
  var position: TextPosition
  /// The text contains the value of an environment variable: `"${PORT}"` may then stand for a number.
  var isSubstituted = false
  /// A `${VAR}` without a default whose variable is not set. An error only if the value is wanted.
  var unsetVariable: String?

  /// For messages: what kind of value was found.
  var kindInWords: String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): "the number \(text)"
    case .string(let text): "the text \"\(text.prefix(40))\""
    case .array: "an array"
    case .object: "an object"
    }
  }
}

struct JSONMember: Sendable {
  var key: String
  var keyPosition: TextPosition
  var node: JSONNode
}

/// Why a text is not JSON: where, what was expected there, and what was found.
struct JSONSyntaxError: Error, Equatable {
  var position: TextPosition
  var message: String
}

extension TextPosition {
  mutating func advance(over scalar: Unicode.Scalar) {
    if scalar == "\n" {
      line += 1
      column = 1
    } else {
      column += 1
    }
  }
}
