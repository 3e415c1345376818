import Dicom
import Foundation
import LocalIndex
import Synchronization

/// C-GET from the local studies, PS3.4 §C.4.3.
extension EmbeddedSCP {
  func get(
    _ request: GetRequest, _ association: AcceptedAssociation
  ) -> (@Sendable () async throws -> [GetInstance])? {
    guard [UID.studyRootGet, .patientRootGet].contains(request.model) else { return nil }
    guard isAllowed(.get, association) else {
      let status = refuse("C-GET", "AllowGet", association)
      return { throw StatusError(status) }
    }
    tally(association).noteGet()
    return { [self] in
      try await instances(request.identifier, request.model, .get).map(GetInstance.init)
    }
  }
}

extension GetInstance {
  /// A stored instance as it is, or, where its own transfer syntax was not accepted, in another uncompressed one.
  init(_ instance: OutgoingInstance) {
    let scratch = ScratchFolder()
    self.init(sopClassUID: instance.sopClassUID, sopInstanceUID: instance.sopInstanceUID) { accepted in
      try await Blocking.run {
        if accepted.contains(instance.transferSyntax) { return try instance.source() }
        guard ContextPolicy.native.contains(instance.transferSyntax),
          let other = accepted.first(where: ContextPolicy.native.contains)
        else { throw StatusError(Status(0x0122)) }
        return try instance.source(in: other, path: scratch.path("converted.dcm"))
      }
    } close: {
      scratch.remove()
    }
  }
}
