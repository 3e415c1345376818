import Dicom
import LocalIndex

/// What is under way to one side of a comparison.
public struct Bringing: Sendable {
  public enum Transfer: Sendable {
    /// To this machine, or from one station to the other.
    case retrieve(Operation<MoveResult>)
    case send(Operation<StoreResult>)
  }

  public var transfer: Transfer
  /// What is brought: these studies, or some instances of them.
  public var studies: [String]
  public var sopInstanceUIDs: [String] = []
}

extension Station {
  /// The name a person must have typed before one side is given what it lacks of the other; nil: none.
  public func nameToConfirm(bringingFrom source: ComparedSide, to target: ComparedSide) -> String? {
    switch (source, target) {
    case (_, .local): nil
    case (.local, .modality(let target)): nameToConfirm(storingTo: target)
    case (.modality(let source), .modality(let target)): nameToConfirm(movingFrom: source, to: target.aeTitle)
    }
  }

  /// Brings to one side of a comparison what it lacks of the other: retrieved, moved from one to the other, or sent from
  /// here. Of a study that both have only what is missing goes, which is found out first where it is not known.
  ///
  /// - Parameters:
  ///   - toSecond: to the second of the two; else to the first.
  ///   - confirmation: see ``nameToConfirm(bringingFrom:to:)``.
  /// - Returns: what has begun; none where nothing is lacking.
  /// - Throws: when what is missing could not be found out.
  public func bring(
    _ differences: [StudyDifference], between first: ComparedSide, _ second: ComparedSide, toSecond: Bool,
    confirmation: String? = nil, timeout: TimeoutChoice = .inherited
  ) async throws -> [Bringing] {
    let (source, target) = toSecond ? (first, second) : (second, first)
    var lack = Lack()
    for difference in differences where difference.isLacking(inSecond: toSecond) {
      guard toSecond ? difference.isInSecond : difference.isInFirst else {
        lack.whole.append(difference)
        continue
      }
      var instances = difference.instances
      if instances == nil {
        if case .local = target {
          lack.rests.append(difference)
          continue
        }
        instances = try await compareInstances(of: difference.studyInstanceUID, first, second, timeout: timeout)
          .value().instances
      }
      guard let instances else {
        lack.whole.append(difference)
        continue
      }
      lack.instances += instances.filter { toSecond ? !$0.isInSecond : !$0.isInFirst }
    }
    switch (source, target) {
    case (.modality(let source), .local):
      return lack.requests(target: nil).map { request, bringing in
        Bringing(
          transfer: .retrieve(retrieve(source, request, timeout: timeout)), studies: bringing.studies,
          sopInstanceUIDs: bringing.instances)
      }
    case (.modality(let source), .modality(let target)):
      return lack.requests(target: target.aeTitle).map { request, bringing in
        var request = request
        request.confirmation = confirmation
        return Bringing(
          transfer: .retrieve(move(source, request, timeout: timeout)), studies: bringing.studies,
          sopInstanceUIDs: bringing.instances)
      }
    case (.local, .modality(let target)):
      let ids = try localIDs(of: lack)
      guard !ids.isEmpty else { return [] }
      var request = SendRequest(sources: ids.map { .id($0) })
      request.confirmation = confirmation
      return [
        Bringing(
          transfer: .send(store(target, request, timeout: timeout)),
          studies: lack.whole.map(\.studyInstanceUID) + Set(lack.instances.map(\.studyInstanceUID)),
          sopInstanceUIDs: lack.instances.map(\.sopInstanceUID))
      ]
    case (.local, .local): return []
    }
  }

  private func localIDs(of lack: Lack) throws -> [String] {
    var ids = try lack.whole.flatMap { study in
      try index.find(LocalQuery(level: .study, [(.studyInstanceUID, study.studyInstanceUID)])).map(\.id)
    }
    for (study, instances) in Dictionary(grouping: lack.instances, by: \.studyInstanceUID) {
      let missing = Set(instances.map(\.sopInstanceUID))
      ids += try index.find(LocalQuery(level: .instance, [(.studyInstanceUID, study)]))
        .filter { $0.dataSet.string(.sopInstanceUID).map(missing.contains) ?? false }.map(\.id)
    }
    return ids
  }
}

/// What one side lacks of the other.
private struct Lack {
  /// Studies of which nothing is there.
  var whole: [StudyDifference] = []
  /// Studies of which something is there, to be completed by a retrieve that asks what is missing itself.
  var rests: [StudyDifference] = []
  var instances: [ComparedInstance] = []

  /// The retrieves that bring it, each with the studies and the instances that it is for.
  func requests(target: String?) -> [(RetrieveRequest, (studies: [String], instances: [String]))] {
    var requests: [(RetrieveRequest, (studies: [String], instances: [String]))] = []
    for (studies, isOnlyMissing) in [(whole, false), (rests, true)] where !studies.isEmpty {
      let items = studies.map { study in
        RetrieveItem.study(
          study.studyInstanceUID,
          expected: isOnlyMissing ? nil : [study.firstCount, study.secondCount].compactMap(\.self).max())
      }
      var request = RetrieveRequest(level: .study, items: items, target: target)
      request.isOnlyMissing = isOnlyMissing
      requests.append((request, (studies.map(\.studyInstanceUID), [])))
    }
    if !instances.isEmpty {
      let searched = instances.map {
        GetSearch.Instance(study: $0.studyInstanceUID, series: $0.seriesInstanceUID, sopInstanceUID: $0.sopInstanceUID)
      }
      let items = GetSearch.Instance.bySeries(searched).flatMap(GetSearch.Instance.cut).map(GetSearch.Instance.item)
      requests.append(
        (
          RetrieveRequest(level: .instance, items: items, target: target),
          (Set(instances.map(\.studyInstanceUID)).sorted(), instances.map(\.sopInstanceUID))
        ))
    }
    return requests
  }
}
