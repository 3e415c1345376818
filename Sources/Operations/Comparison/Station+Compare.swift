import Dicom
import LocalIndex
import Synchronization

/// One of the two sides of a comparison.
public enum ComparedSide: Sendable, Hashable {
  /// The studies on this machine.
  case local
  case modality(Modality)

  public var name: String {
    switch self {
    case .local: "local"
    case .modality(let modality): modality.name
    }
  }
}

/// A study that is not the same on both sides.
public struct StudyDifference: Sendable, Hashable {
  public var studyInstanceUID: String
  public var isInFirst: Bool
  public var isInSecond: Bool
  /// How many instances each has; nil: it has none, or does not say.
  public var firstCount: Int?
  public var secondCount: Int?
  /// Of the first that the second has not, where instances were compared.
  public var missingInSecond: [String] = []
  public var missingInFirst: [String] = []
}

/// What a comparison found.
public struct ComparisonResult: OperationResult {
  public var compared: Int
  public var differences: [StudyDifference]
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([("compared", .integer(compared)), ("different", .integer(differences.count))])
  }
}

extension Station {
  /// Compares the studies that two stations have, or one and this machine: which are missing on either side, or have another
  /// number of instances.
  ///
  /// - Parameters:
  ///   - keys: which studies, as in a query.
  ///   - comparesInstances: also names the instances that one of them has not, in studies that both have.
  public func compare(
    _ first: ComparedSide, _ second: ComparedSide, keys: [QueryKey], comparesInstances: Bool = false,
    timeout: TimeoutChoice = .inherited
  ) throws(OperationError) -> Operation<ComparisonResult> {
    let modalities = [first, second].compactMap { side in
      if case .modality(let modality) = side { modality } else { nil }
    }
    guard let asked = modalities.first, first != second else {
      throw OperationError("\(first.name) and \(second.name): there is nothing to compare")
    }
    let retry: @Sendable () -> Job = { [self] in
      // It was possible before.
      (try? compare(first, second, keys: keys, comparesInstances: comparesInstances, timeout: timeout).job)
        ?? find(asked, Query(keys: keys), timeout: timeout) { _ in }.job
    }
    return run(.compare(keys), "compare \(first.name) with \(second.name)", asked, timeout, retry: retry) {
      [self] job in
      let (ours, theirs) = (try await studies(of: first, keys, job), try await studies(of: second, keys, job))
      let all = Set(ours.keys).union(theirs.keys).sorted()
      var differences: [StudyDifference] = []
      for (number, uid) in all.enumerated() {
        if job.isCancelled { break }
        let (a, b) = (ours[uid], theirs[uid])
        var difference = StudyDifference(
          studyInstanceUID: uid, isInFirst: a != nil, isInSecond: b != nil, firstCount: a ?? nil, secondCount: b ?? nil)
        if comparesInstances, a != nil, b != nil {
          let (have, others) = (
            try await instances(of: uid, first, job), try await instances(of: uid, second, job)
          )
          difference.missingInSecond = have.subtracting(others).sorted()
          difference.missingInFirst = others.subtracting(have).sorted()
          (difference.firstCount, difference.secondCount) = (have.count, others.count)
        }
        if difference.isDifferent { differences.append(difference) }
        let found = differences.count
        job.update { progress in
          (progress.total, progress.completed, progress.failed) = (all.count, number + 1 - found, found)
        }
      }
      let words =
        "\(Words.count(all.count, "study", "studies")) compared, \(Words.grouped(differences.count)) different"
      let state: JobState = job.isCancelled ? .cancelled : differences.isEmpty ? .done : .partial
      return ComparisonResult(compared: all.count, differences: differences, outcome: Outcome(state, words))
    }
  }

  /// How many instances each study has, as far as it is said.
  private func studies(of side: ComparedSide, _ keys: [QueryKey], _ job: Job) async throws -> [String: Int?] {
    var studies: [String: Int?] = [:]
    switch side {
    case .local:
      let ids = try index.find(LocalQuery(level: .study, keys.map { ($0.tag, $0.value) })).map(\.id)
      for row in try index.studies(ids: Set(ids)) { studies[row.studyInstanceUID] = row.instances }
    case .modality(let modality):
      let returned: [Tag] = [.studyInstanceUID, .numberOfStudyRelatedInstances]
      let all = try Query(level: .study, keys: keys, returnKeys: returned).keys(for: modality)
      for match in try await matches(.study, all, modality, job) {
        guard let uid = match.string(.studyInstanceUID), !uid.isEmpty else { continue }
        studies[uid] = .some(match.integer(.numberOfStudyRelatedInstances))
      }
    }
    return studies
  }

  private func matches(_ level: Level, _ keys: [QueryKey], _ modality: Modality, _ job: Job) async throws -> [DataSet] {
    try await withAssociation(modality, Completeness.contexts(level), job) { association in
      let search = GetSearch(association: association, encoding: encoding(of: modality))
      guard let matches = try await search.matches(level, keys) else {
        throw OperationError("\(modality.name) refused the query")
      }
      return matches
    }
  }

  private func instances(of study: String, _ side: ComparedSide, _ job: Job) async throws -> Set<String> {
    switch side {
    case .local:
      return Set(
        try index.find(LocalQuery(level: .instance, [(.studyInstanceUID, study)])).compactMap {
          $0.dataSet.string(.sopInstanceUID)
        })
    case .modality(let modality):
      return try await withAssociation(modality, Completeness.contexts(.study), job) { association in
        let search = GetSearch(association: association, encoding: encoding(of: modality))
        return Set(try await search.instances(of: .study(study), .study).map(\.sopInstanceUID))
      }
    }
  }
}

extension StudyDifference {
  fileprivate var isDifferent: Bool {
    if !isInFirst || !isInSecond || !missingInFirst.isEmpty || !missingInSecond.isEmpty { return true }
    guard let firstCount, let secondCount else { return false }
    return firstCount != secondCount
  }

  /// Whether the second lacks something of the first, as far as is known.
  public var isSecondLacking: Bool {
    isInFirst && (!isInSecond || !missingInSecond.isEmpty || (firstCount ?? 0) > (secondCount ?? 0))
  }

  /// What is different, of two sides called so.
  public func words(_ first: String, _ second: String) -> String {
    if !isInSecond { return "missing on \(second)" }
    if !isInFirst { return "missing on \(first)" }
    let lacks = [(second, missingInSecond), (first, missingInFirst)].filter { !$0.1.isEmpty }
    if !lacks.isEmpty { return lacks.map { "\($0.1.count) missing on \($0.0)" }.joined(separator: ", ") }
    return "another number of instances"
  }
}
