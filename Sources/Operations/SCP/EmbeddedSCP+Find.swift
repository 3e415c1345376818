import Dicom
import LocalIndex
import Synchronization

/// C-FIND over the local studies, PS3.4 §C.4.1.
extension EmbeddedSCP {
  func find(
    _ request: FindRequest, _ association: AcceptedAssociation
  ) -> AsyncThrowingStream<DataSet, any Error>? {
    tally(association).noteFind()
    guard [UID.studyRootFind, .patientRootFind].contains(request.model) else { return nil }
    guard isAllowed(.find, association) else {
      let status = refuse("C-FIND", "AllowFind", association)
      return AsyncThrowingStream { $0.finish(throwing: StatusError(status)) }
    }
    guard let answer = FindAnswer(request.identifier, aeTitle: association.calledAETitle) else {
      return AsyncThrowingStream {
        $0.finish(throwing: StatusError(Status(0xA900, service: .find, errorComment: "No query/retrieve level")))
      }
    }
    let index = index
    return AsyncThrowingStream { continuation in
      let flag = Flag()
      continuation.onTermination = { _ in flag.set() }
      Blocking.queue.async {
        do {
          try index.find(answer.query) { match in
            continuation.yield(answer.response(match))
            return !flag.isSet
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: StatusError(Status(0xC000, service: .find, errorComment: "The index failed")))
        }
      }
    }
  }
}

/// Set once, from any thread.
private final class Flag: Sendable {
  private let value = Mutex(false)
  var isSet: Bool { value.withLock { $0 } }
  func set() { value.withLock { $0 = true } }
}

/// A C-FIND identifier as a query of the index, and matches as the identifiers of its responses.
struct FindAnswer: Sendable {
  let level: Level
  let query: LocalQuery
  private let tags: [Tag]
  private let aeTitle: String

  /// nil without a level.
  init?(_ identifier: DataSet, aeTitle: String) {
    guard let level = identifier.string(.queryRetrieveLevel).flatMap({ Level($0) }) else { return nil }
    self.level = level
    self.aeTitle = aeTitle
    let about: Set<Tag> = [
      .queryRetrieveLevel, .specificCharacterSet, .retrieveAETitle, .instanceAvailability, .timezoneOffsetFromUTC,
    ]
    tags = identifier.tags.filter { !about.contains($0) && !$0.isGroupLength }
    let keys = tags.compactMap { tag -> LocalQuery.Key? in
      let values = identifier.strings(tag)
      return values.allSatisfy(\.isEmpty) ? nil : LocalQuery.Key(tag, values.joined(separator: "\\"))
    }
    query = LocalQuery(level: level, keys: keys, returning: tags)
  }

  /// What was asked for, as far as we have it; the rest empty (PS3.4 §C.2.2.2).
  func response(_ match: LocalMatch) -> DataSet {
    var response = DataSet(characterSet: .utf8)
    var isASCII = true
    for tag in tags {
      guard let element = match.dataSet[tag], !element.isEmpty else {
        response.setEmpty(tag)
        continue
      }
      if let items = element.items {
        response.set(tag, items: items)
        continue
      }
      let values = match.dataSet.strings(tag)
      if !values.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) { isASCII = false }
      response.set(tag, values)
    }
    if !isASCII { response.setCharacterSet(.utf8) }
    response.set(.queryRetrieveLevel, level.queryRetrieveLevel)
    response.set(.retrieveAETitle, aeTitle)
    response.set(.instanceAvailability, "ONLINE")
    return response
  }
}
