import Dicom
import LocalIndex

extension Station {
  /// Compares the studies that two stations have, or one and this machine: which are missing on either side, or have another
  /// number of instances.
  ///
  /// - Parameters:
  ///   - keys: which studies, as in a query.
  ///   - returnKeys: what to tell of each beside that.
  ///   - comparesInstances: also names the instances that one of them has not, in studies that both have.
  public func compare(
    _ first: ComparedSide, _ second: ComparedSide, keys: [QueryKey], returnKeys: [Tag] = [],
    comparesInstances: Bool = false, timeout: TimeoutChoice = .inherited
  ) throws(OperationError) -> Operation<ComparisonResult> {
    let asked = try Self.asked(first, second)
    return compare(first, second, asked, keys, returnKeys, comparesInstances, timeout)
  }

  private func compare(
    _ first: ComparedSide, _ second: ComparedSide, _ asked: Modality, _ keys: [QueryKey], _ returnKeys: [Tag],
    _ comparesInstances: Bool, _ timeout: TimeoutChoice
  ) -> Operation<ComparisonResult> {
    let retry: @Sendable () -> Job = { [self] in
      compare(first, second, asked, keys, returnKeys, comparesInstances, timeout).job
    }
    return run(.compare(keys), "compare \(first.name) with \(second.name)", asked, timeout, retry: retry) {
      [self] job in
      let ours = try await studies(of: first, keys, returnKeys, job)
      let theirs = try await studies(of: second, keys, returnKeys, job)
      let all = Set(ours.keys).union(theirs.keys).sorted()
      var differences: [StudyDifference] = []
      for (number, uid) in all.enumerated() {
        if job.isCancelled { break }
        let (a, b) = (ours[uid], theirs[uid])
        var difference = StudyDifference(
          studyInstanceUID: uid, isInFirst: a != nil, isInSecond: b != nil, firstCount: a?.count, secondCount: b?.count)
        if comparesInstances, a != nil, b != nil {
          let found = try await instances(of: uid, first, second, job)
          difference.instances = found.instances
          difference.firstCount = found.counts.first ?? difference.firstCount
          difference.secondCount = found.counts.second ?? difference.secondCount
        }
        if difference.isDifferent {
          difference.match = a?.match ?? b?.match
          differences.append(difference)
        }
        job.update { progress in
          (progress.total, progress.completed) = (all.count, number + 1)
        }
      }
      let words =
        "\(Words.count(all.count, "study", "studies")) compared, \(Words.grouped(differences.count)) different"
      let state: JobState = job.isCancelled ? .cancelled : differences.isEmpty ? .done : .partial
      return ComparisonResult(compared: all.count, differences: differences, outcome: Outcome(state, words))
    }
  }

  /// Compares the instances that two sides have of one study.
  public func compareInstances(
    of study: String, _ first: ComparedSide, _ second: ComparedSide, timeout: TimeoutChoice = .inherited
  ) throws(OperationError) -> Operation<InstanceComparison> {
    compareInstances(of: study, first, second, try Self.asked(first, second), timeout)
  }

  private func compareInstances(
    of study: String, _ first: ComparedSide, _ second: ComparedSide, _ asked: Modality, _ timeout: TimeoutChoice
  ) -> Operation<InstanceComparison> {
    let retry: @Sendable () -> Job = { [self] in compareInstances(of: study, first, second, asked, timeout).job }
    return run(
      .compare([QueryKey(.studyInstanceUID, study)]), "compare a study on \(first.name) and \(second.name)", asked,
      timeout, retry: retry
    ) { [self] job in
      let found = try await instances(of: study, first, second, job)
      let common = found.common
      guard let instances = found.instances else {
        let silent = found.counts.first == nil ? first.name : second.name
        return InstanceComparison(
          instances: nil, common: 0, outcome: Outcome(.failed, "\(silent) does not list the instances of the study"))
      }
      return InstanceComparison(
        instances: instances, common: common,
        outcome: Outcome(
          instances.isEmpty ? .done : .partial,
          "\(Words.count(common, "instance")) on both sides, \(Words.grouped(instances.count)) on one only"))
    }
  }

  /// The modality that the job of a comparison is shown with.
  private static func asked(_ first: ComparedSide, _ second: ComparedSide) throws(OperationError) -> Modality {
    let modalities = [first, second].compactMap { side in
      if case .modality(let modality) = side { modality } else { nil }
    }
    guard let asked = modalities.first, first != second else {
      throw OperationError("\(first.name) and \(second.name): there is nothing to compare")
    }
    return asked
  }

  // MARK: Studies

  private struct Side {
    /// nil: it does not say.
    var count: Int?
    var match: DataSet
  }

  private func studies(
    of side: ComparedSide, _ keys: [QueryKey], _ returnKeys: [Tag], _ job: Job
  ) async throws -> [String: Side] {
    var studies: [String: Side] = [:]
    switch side {
    case .local:
      await waitUntilIndexed(job)
      let query = LocalQuery(
        level: .study, keys: keys.map { LocalQuery.Key($0.tag, $0.value) }, returning: [.numberOfStudyRelatedInstances])
      try index.find(query) { match in
        guard let uid = match.dataSet.string(.studyInstanceUID) else { return true }
        let count = match.dataSet.integer(.numberOfStudyRelatedInstances) ?? 0
        // Under two patient identifiers it is two studies here, and one elsewhere.
        studies[uid] = Side(count: count + (studies[uid]?.count ?? 0), match: match.dataSet)
        return true
      }
    case .modality(let modality):
      let returned: [Tag] = [.studyInstanceUID, .numberOfStudyRelatedInstances] + returnKeys
      let all = try Query(level: .study, keys: keys, returnKeys: returned).keys(for: modality)
      let unmet = UnmetKeys(all)
      for match in try await matches(.study, all, modality, job) {
        unmet.examine(match)
        guard let uid = match.string(.studyInstanceUID), !uid.isEmpty else { continue }
        studies[uid] = Side(count: match.integer(.numberOfStudyRelatedInstances), match: match)
      }
      if let doubt = unmet.doubt(modality) { job.remark(doubt) }
    }
    return studies
  }

  private func matches(_ level: Level, _ keys: [QueryKey], _ modality: Modality, _ job: Job) async throws -> [DataSet] {
    try await withAssociation(modality, Completeness.contexts(level), job) { association in
      let search = GetSearch(association: association, encoding: encoding(of: modality))
      do {
        return try await search.matches(level, keys)
      } catch let error as StatusError {
        throw OperationError("\(modality.name) refused the query: \(error.status.advised)")
      }
    }
  }

  // MARK: Instances

  private struct FoundInstances {
    var instances: [ComparedInstance]?
    var common = 0
    /// nil: a side lists none, although it may have the study.
    var counts: (first: Int?, second: Int?)
  }

  private func instances(
    of study: String, _ first: ComparedSide, _ second: ComparedSide, _ job: Job
  ) async throws -> FoundInstances {
    let (have, others) = (try await instances(of: study, first, job), try await instances(of: study, second, job))
    var found = FoundInstances(counts: (have?.count, others?.count))
    guard let have, let others else { return found }
    found.common = have.keys.count { others[$0] != nil }
    var differing: [ComparedInstance] = []
    for (uid, var instance) in have where others[uid] == nil {
      instance.isInFirst = true
      differing.append(instance)
    }
    for (uid, var instance) in others where have[uid] == nil {
      instance.isInSecond = true
      differing.append(instance)
    }
    found.instances = differing.sorted { left, right in
      (Int(left.seriesNumber) ?? 0, left.seriesInstanceUID, Int(left.instanceNumber) ?? 0, left.sopInstanceUID)
        < (Int(right.seriesNumber) ?? 0, right.seriesInstanceUID, Int(right.instanceNumber) ?? 0, right.sopInstanceUID)
    }
    return found
  }

  /// By SOP Instance UID; nil where a side says that it has the study and lists no instance.
  private func instances(
    of study: String, _ side: ComparedSide, _ job: Job
  ) async throws -> [String: ComparedInstance]? {
    var instances: [String: ComparedInstance] = [:]
    func add(_ match: DataSet, _ series: DataSet) {
      guard let uid = match.string(.sopInstanceUID), !uid.isEmpty else { return }
      var instance = ComparedInstance(
        study: study, series: series.string(.seriesInstanceUID) ?? "", sopInstanceUID: uid)
      instance.modality = series.string(.modality) ?? ""
      instance.seriesNumber = series.string(.seriesNumber) ?? ""
      instance.instanceNumber = match.string(.instanceNumber) ?? ""
      instances[uid] = instance
    }
    switch side {
    case .local:
      await waitUntilIndexed(job)
      // The main tags of the levels above come with each.
      try index.find(LocalQuery(level: .instance, [(.studyInstanceUID, study)])) { match in
        add(match.dataSet, match.dataSet)
        return true
      }
      return instances
    case .modality(let modality):
      return try await withAssociation(modality, Completeness.contexts(.study), job) { association in
        let search = GetSearch(association: association, encoding: encoding(of: modality))
        let key = QueryKey(.studyInstanceUID, study)
        // Level by level (PS3.4 §C.4.1.2.1); what is asked for are required keys (§C.6.2.1.4, §C.6.2.1.5).
        let series = try await search.answer(
          .series, [QueryKey(.modality), key, QueryKey(.seriesInstanceUID), QueryKey(.seriesNumber)])
        for series in series ?? [] {
          let keys = [
            QueryKey(.sopInstanceUID), key, QueryKey(.seriesInstanceUID, series.string(.seriesInstanceUID) ?? ""),
            QueryKey(.instanceNumber),
          ]
          for match in try await search.answer(.instance, keys) ?? [] { add(match, series) }
        }
        if instances.isEmpty, try await search.count(of: .study(study), .study).map({ $0 > 0 }) ?? (series == nil) {
          return nil
        }
        return instances
      }
    }
  }
}
