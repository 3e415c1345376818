import Dicom

extension Station {
  /// Looks at a modality layer by layer and says what works, what does not, and what to change where. Harmless: nothing is
  /// stored or changed there, and no patient's data are asked for.
  ///
  /// - Parameters:
  ///   - moves: also moves one small instance here, which alone proves that the modality reaches us; it stays here.
  ///   - onChange: the diagnosis as it grows, on any thread.
  public func diagnose(
    _ modality: Modality, moves: Bool = false, timeout: TimeoutChoice = .inherited,
    onChange: @escaping @Sendable (Diagnosis) -> Void = { _ in }
  ) -> Operation<Diagnosis> {
    let retry: @Sendable () -> Job = { [self] in
      diagnose(modality, moves: moves, timeout: timeout, onChange: onChange).job
    }
    return run(.diagnose(moves: moves), "diagnose \(modality.name)", modality, timeout, retry: retry) { [self] job in
      try await DiagnosisRun(self, modality, job, onChange).result(moves: moves)
    }
  }
}
