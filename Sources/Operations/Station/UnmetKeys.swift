import Dicom
import LocalIndex
import Synchronization

/// Which keys of a query its matches do not meet. A station may leave out what it does not know (PS3.4 §C.4.1.1.3), and then
/// answers with all that meets the other keys.
final class UnmetKeys: Sendable {
  /// A key that is ignored is ignored from the first match on.
  private static let examined = 1000

  private let value: @Sendable (Tag, DataSet) -> String
  private let state: Mutex<(left: [ValueMatcher], unmet: [Tag], examined: Int)>

  /// - Parameters:
  ///   - keys: as they go out; those that match everything do not count.
  ///   - value: of an attribute in a match; empty where it has none.
  init(
    _ keys: [QueryKey],
    value: @escaping @Sendable (Tag, DataSet) -> String = { $1.strings($0).joined(separator: "\\") }
  ) {
    self.value = value
    let matchers = keys.map { ValueMatcher($0.tag, $0.value) }.filter { !$0.isUniversal }
    state = Mutex((matchers, [], 0))
  }

  var tags: [Tag] { state.withLock { $0.unmet.sorted() } }

  func examine(_ match: DataSet) {
    state.withLock { state in
      guard !state.left.isEmpty, state.examined < Self.examined else { return }
      state.examined += 1
      state.left.removeAll { matcher in
        let isMet = isMet(matcher, value(matcher.tag, match))
        if !isMet { state.unmet.append(matcher.tag) }
        return !isMet
      }
    }
  }

  /// Stations compare names, and times in their own zone, in ways of their own: any of these will do.
  private func isMet(_ matcher: ValueMatcher, _ value: String) -> Bool {
    if value.isEmpty { return matcher.matches(nil) }
    return switch DataDictionary.attribute(for: matcher.tag)?.vr {
    case .PN, .TM, .DT, .SQ: true
    default: matcher.matches(value)
    }
  }

  /// What to know of matches that do not meet all that was asked for; nil where they do.
  func doubt(_ modality: Modality) -> String? { Self.doubt(tags, modality) }

  static func doubt(_ tags: [Tag], _ modality: Modality) -> String? {
    if tags.isEmpty { return nil }
    let names = tags.map { $0.keyword ?? $0.description }.joined(separator: ", ")
    return "\(modality.name) answered without regard to \(names): not all matches have what was asked for"
  }
}
