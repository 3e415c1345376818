import Dicom

extension Station {
  /// Stores one unmistakably synthetic instance at a station, then looks for it there (C-FIND): whether instances that
  /// are sent to it are kept.
  ///
  /// - Parameter confirmation: the station's name, where it is in production.
  public func testStore(
    _ modality: Modality, confirmation: String? = nil, timeout: TimeoutChoice = .inherited
  ) -> Operation<TestStoreResult> {
    let retry: @Sendable () -> Job = { [self] in
      testStore(modality, confirmation: confirmation, timeout: timeout).job
    }
    return run(.testStore, "test store to \(modality.name)", modality, timeout, retry: retry) { [self] job in
      guard !configuration.readOnly else {
        throw OperationError("ReadOnly is set: nothing is sent to other stations")
      }
      try check(confirmation, against: nameToConfirm(storingTo: modality))
      let instance = TestInstance(caller: configuration.callingAETitle(for: modality))
      var result = TestStoreResult(
        modality: modality.name, studyInstanceUID: instance.study.rawValue, sopInstanceUID: instance.uid.rawValue,
        outcome: Outcome(.done, ""))
      do {
        try await testStore(instance, modality, job, &result)
      } catch let error as AssociationError {
        result.outcome = Outcome(error)
      }
      return result
    }
  }

  private func testStore(
    _ instance: TestInstance, _ modality: Modality, _ job: Job, _ result: inout TestStoreResult
  ) async throws {
    let models: [UID] = [.studyRootFind, .patientRootFind]
    let contexts = ([TestInstance.sopClass] + models).map {
      PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Self.uncompressed)
    }
    result = try await withAssociation(modality, contexts, job) { [result] association in
      var result = result
      guard let syntax = association.acceptedTransferSyntax(for: TestInstance.sopClass) else {
        result.outcome = Outcome(.failed, "\(modality.name) accepts no \(TestInstance.sopClass.name ?? "instance")")
        return result
      }
      let start = clock.now
      let status = try await association.store(try instance.source(syntax))
      result.status = status
      result.milliseconds = start.duration(to: clock.now).inMilliseconds
      guard status.isSuccess || status.isWarning else {
        result.outcome = Outcome(.failed, "\(modality.name) did not store it: \(status)")
        return result
      }
      let took = Words.milliseconds(result.milliseconds ?? 0)
      guard let model = models.first(where: { association.acceptedTransferSyntax(for: $0) != nil }) else {
        result.outcome = Outcome(.done, "stored in \(took); it accepts no C-FIND, so it was not looked for")
        return result
      }
      do {
        result.isFound = try await find(instance, model, association)
      } catch let error as AssociationError {
        result.outcome = Outcome(.partial, "stored in \(took), but looking for it failed: \(error.description)")
        return result
      }
      result.outcome =
        result.isFound == true
        ? Outcome(.done, "stored in \(took) and found again", details: instance.words)
        : Outcome(
          .partial, "stored in \(took), but a query does not find it; it may be put aside for review",
          details: instance.words)
      return result
    }
  }

  /// A station may index a moment after it has answered.
  private func find(_ instance: TestInstance, _ model: UID, _ association: Association) async throws -> Bool {
    for pause in [0.0, 0.5, 1.5] {
      try await clock.sleep(for: .seconds(pause))
      let found = MatchFlag()
      let status = try await association.find(instance.identifier(model), model: model) { match in
        if match.uid(.studyInstanceUID) == instance.study { found.set() }
      }
      if found.isSet { return true }
      guard status.isSuccess else { return false }
    }
    return false
  }
}
