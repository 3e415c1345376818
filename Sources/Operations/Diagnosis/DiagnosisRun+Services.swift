import Dicom

/// The presentation contexts, C-ECHO and C-FIND.
extension DiagnosisRun {
  static let findModels: [UID] = [.studyRootFind, .patientRootFind]
  static let moveModels: [UID] = [.studyRootMove, .patientRootMove]

  /// The services, and what is stored most.
  static let contexts: [PresentationContextProposal] =
    ([.verification] + findModels + moveModels + [.studyRootGet, .worklistFind, .storageCommitmentPushModel]
    + GetContexts.commonest.prefix(8))
    .map { PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Station.uncompressed) }

  /// A line for each presentation context; ids are the odd numbers in the order they were proposed.
  static func words(of results: [ContextResult]) -> [String] {
    contexts.enumerated().map { index, proposal in
      let name = proposal.abstractSyntax.name ?? proposal.abstractSyntax.rawValue
      guard let answer = results.first(where: { Int($0.id) == 2 * index + 1 }) else { return "\(name): not answered" }
      guard answer.result == .acceptance else { return "\(name): \(answer.result)" }
      return "\(name): accepted, \(answer.transferSyntax.name ?? answer.transferSyntax.rawValue)"
    }
  }

  /// - Parameter association: usable until the first request on it fails.
  func services(on association: Association) async {
    guard await echo(on: association) else { return }
    await find(on: association)
  }

  /// - Returns: false when the association is gone.
  private func echo(on association: Association) async -> Bool {
    begin(.echo)
    guard association.acceptedTransferSyntax(for: .verification) != nil else {
      fail(.echo, .notOffered, "\(modality.name) accepts no verification (C-ECHO), which every DICOM station must.")
      return true
    }
    let start = station.clock.now
    do {
      let status = try await association.echo()
      let time = start.duration(to: station.clock.now)
      if status.isSuccess {
        pass(.echo, "answered", time)
      } else {
        fail(.echo, .status, "\(modality.name) answered with \(status.advised).", .failed, time)
      }
      return true
    } catch {
      failed(.echo, error)
      return false
    }
  }

  /// Asks for a study that nobody has: the answer says whether queries are allowed, and no patient's data travel.
  private func find(on association: Association) async {
    begin(.find)
    guard let model = Self.findModels.first(where: { association.acceptedTransferSyntax(for: $0) != nil }) else {
      return fail(.find, .notOffered, "\(modality.name) offers no queries (C-FIND) to us", .warning)
    }
    let start = station.clock.now
    let matches = MatchCount()
    do {
      let status = try await association.find(Self.nothing(model), model: model) { _ in matches.add() }
      let time = start.duration(to: station.clock.now)
      guard status.isSuccess else {
        return fail(.find, .status, "\(modality.name) refused a query: \(status.advised).", .failed, time)
      }
      guard matches.value == 0 else {
        return fail(
          .find, .strayMatches,
          "\(modality.name) answered a query for a study that does not exist with "
            + Words.count(matches.value, "match", "matches"), .warning, time)
      }
      pass(.find, "a query is answered", time)
    } catch {
      failed(.find, error)
    }
  }

  func failed(_ layer: Diagnosis.Layer, _ error: any Error) {
    guard let error = error as? AssociationError else { return fail(layer, .local, "\(error)") }
    fail(layer, DiagnosisCause(error), error.description)
  }

  /// The identifier of a study, or patient, that does not exist.
  static func nothing(_ model: UID) -> DataSet {
    var identifier = DataSet()
    if [.patientRootFind, .patientRootMove].contains(model) {
      identifier.set(.queryRetrieveLevel, "PATIENT")
      identifier.set(.patientID, "FLUORO-DIAGNOSIS-\(UInt32.random(in: 1...UInt32.max))")
    } else {
      identifier.set(.queryRetrieveLevel, "STUDY")
      identifier.set(.studyInstanceUID, UID.generate().rawValue)
    }
    return identifier
  }
}
