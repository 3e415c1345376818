import Foundation

/// One place in which two JSON documents differ.
struct JSONDifference: CustomStringConvertible {
  let path: String
  let ours: String
  let theirs: String

  var description: String { "\(path): \(ours.prefix(120)) != \(theirs.prefix(120))" }

  static func object(_ text: String) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
  }

  static func strings(_ text: String) throws -> [String] {
    try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String] ?? [text]
  }

  static func between(_ ours: Any, _ theirs: Any, path: String = "") -> [JSONDifference] {
    switch (ours, theirs) {
    case (let a as [String: Any], let b as [String: Any]):
      return Set(a.keys).union(b.keys).sorted().flatMap { key -> [JSONDifference] in
        let place = path.isEmpty ? key : path + "." + key
        guard let left = a[key], let right = b[key] else {
          return [JSONDifference(path: place, ours: show(a[key]), theirs: show(b[key]))]
        }
        return between(left, right, path: place)
      }
    case (let a as [Any], let b as [Any]) where a.count == b.count:
      return zip(a, b).enumerated().flatMap { between($1.0, $1.1, path: "\(path)[\($0)]") }
    case (let a as NSObject, let b as NSObject) where a == b:
      return []
    default:
      return [JSONDifference(path: path, ours: show(ours), theirs: show(theirs))]
    }
  }

  private static func show(_ value: Any?) -> String {
    guard let value else { return "nothing" }
    return value is NSNull ? "null" : String(describing: value)
  }
}
