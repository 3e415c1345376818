extension JSONText {
  /// A value to be written on one line, members in the order given.
  public indirect enum Value: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
  {
    case null
    case bool(Bool)
    case integer(Int)
    /// Printed with at most three decimals.
    case decimal(Double)
    case string(String)
    case array([Value])
    case object([(key: String, value: Value)])

    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(_ value: Int?) { self = value.map(Value.integer) ?? .null }
    public init(_ value: String?) { self = value.map(Value.string) ?? .null }

    /// Without blanks or line breaks.
    public var text: String {
      switch self {
      case .null: "null"
      case .bool(let value): "\(value)"
      case .integer(let value): "\(value)"
      case .decimal(let value): Self.decimalText(value)
      case .string(let value): JSONText.quoted(value)
      case .array(let values): "[\(values.map(\.text).joined(separator: ","))]"
      case .object(let members):
        "{\(members.map { "\(JSONText.quoted($0.key)):\($0.value.text)" }.joined(separator: ","))}"
      }
    }

    private static func decimalText(_ value: Double) -> String {
      let thousandths = (value * 1000).rounded() / 1000
      return thousandths == thousandths.rounded() && abs(thousandths) < 1e15 ? "\(Int(thousandths))" : "\(thousandths)"
    }

    public static func == (a: Value, b: Value) -> Bool { a.text == b.text }
  }
}
