import Dicom
import LocalIndex

/// C-FIND over the local studies, PS3.4 §C.4.1.
extension EmbeddedSCP {
  func find(
    _ request: FindRequest, _ association: AcceptedAssociation
  ) -> AsyncThrowingStream<DataSet, any Error>? {
    guard [UID.studyRootFind, .patientRootFind].contains(request.model) else { return nil }
    guard isAllowed(.find, association) else { return .failing(refuse("C-FIND", "AllowFind", association)) }
    tally(association).noteFind()
    do {
      let answers = PulledAnswers(
        try index.answers(
          to: adapted(request.identifier, from: association), model: request.model,
          retrieveAETitle: association.calledAETitle,
          agreed: ContextPolicy.agreed(request.model, association.userInformation)))
      return AsyncThrowingStream { try await answers.next() }
    } catch {
      return .failing(Status(error, service: .find))
    }
  }

  func pendingStatus(of request: FindRequest) -> Status {
    QueryAnswers.supports(request.identifier) ? .pending : Status(0xFF01, service: .find)
  }

  /// What a peer's software is known to ask and not to mean. Vitrea sends the creator of its private attributes as if it
  /// had to match (Orthanc's `Vitrea`).
  private func adapted(_ identifier: DataSet, from association: AcceptedAssociation) -> DataSet {
    let creator = Tag(rawValue: 0x5653_0010)
    guard identifier[creator] != nil,
      peers.modalities(aeTitle: association.callingAETitle, address: association.remoteAddress)
        .contains(where: { $0.manufacturer == .vitrea })
    else { return identifier }
    var identifier = identifier
    identifier.remove(creator)
    return identifier
  }
}

/// Answers given one by one to whoever asks, no faster than the peer takes them; read a page at a time.
private actor PulledAnswers {
  private var answers: QueryAnswers
  private var page: ArraySlice<DataSet> = []

  init(_ answers: QueryAnswers) { self.answers = answers }

  func next() async throws -> DataSet? {
    if page.isEmpty { try await turn() }
    return page.popFirst()
  }

  private func turn() async throws {
    let now = answers
    do {
      (answers, page) = try await Blocking.run {
        var answers = now
        let page = try answers.next()
        return (answers, page[...])
      }
    } catch {
      throw StatusError(Status(0xC000, service: .find, errorComment: "The index failed"))
    }
  }
}

extension AsyncThrowingStream where Failure == any Error {
  /// One that ends at once, with the final status of a response.
  static func failing(_ status: Status) -> AsyncThrowingStream {
    AsyncThrowingStream { $0.finish(throwing: StatusError(status)) }
  }
}

extension Status {
  /// Why a request cannot be answered, to whoever made it.
  init(_ error: QueryError, service: Service) {
    self.init(error.statusCode, service: service, errorComment: error.description)
  }
}
