import Dicom
import LocalIndex

/// Whether what a station holds of an item is here: asked of it after a retrieve, or before one that is to bring only what
/// is missing.
struct Completeness: Sendable {
  let station: Station
  let modality: Modality
  let job: Job

  /// What was found out. `missing` are named as far as the peer lists instances; else `lacking` counts them.
  struct Finding: Sendable {
    var listed: Int
    var missing: [String] = []
    var lacking: Int

    var isComplete: Bool { lacking == 0 }
  }

  /// Every instance the peer lists, and those of them that are not here.
  struct Listing: Sendable {
    var all: [GetSearch.Instance]
    var missing: [GetSearch.Instance]
  }

  /// - Parameters:
  ///   - arrived: how many different instances of the item came here now. As many as the peer counts: all there are.
  ///   - association: one that is open; used where it takes queries.
  /// - Returns: nil where the peer does not say, or knows of no such thing.
  func check(_ item: RetrieveItem, _ level: Level, arrived: Int, on association: Association?) async -> Finding? {
    if Self.hasWildcard(item) { return nil }
    return await searching(association) { search in
      let count = try await search.count(of: item, level)
      if let count, count > 0, count == arrived { return Finding(listed: count, lacking: 0) }
      if let listing = try await listing(of: item, level, search) {
        return Finding(
          listed: listing.all.count, missing: listing.missing.map(\.sopInstanceUID), lacking: listing.missing.count)
      }
      guard let count, count > 0 else { return nil }
      await station.waitUntilIndexed(job)
      return Finding(listed: count, lacking: max(0, count - (try here(item.keys).count)))
    }
  }

  /// A retrieve takes no wildcards (PS3.4 §C.4.2.2.1), and a query would.
  private static func hasWildcard(_ item: RetrieveItem) -> Bool {
    item.keys.contains { $0.value.contains { "*?".contains($0) } }
  }

  /// What the peer lists of an item; nil where it lists nothing.
  func listing(of item: RetrieveItem, _ level: Level) async -> Listing? {
    if Self.hasWildcard(item) { return nil }
    return await searching(nil) { search in try await listing(of: item, level, search) }
  }

  func listing(of item: RetrieveItem, _ level: Level, _ search: GetSearch) async throws -> Listing? {
    var seen: Set<String> = []
    let all = try await search.instances(of: item, level).filter { seen.insert($0.sopInstanceUID).inserted }
    if all.isEmpty { return nil }
    await station.waitUntilIndexed(job)
    var here: Set<String> = []
    for study in Set(all.map(\.study)) { here.formUnion(try self.here([QueryKey(.studyInstanceUID, study)])) }
    return Listing(all: all, missing: all.filter { !here.contains($0.sopInstanceUID) })
  }

  /// What is here already does not come: it is no part of what the job has to do.
  func leaveOut(_ listing: Listing, of item: RetrieveItem) {
    let here = min(item.expected ?? 0, listing.all.count - listing.missing.count)
    job.update { progress in progress.total = progress.total.flatMap { $0 > here ? $0 - here : nil } }
  }

  /// The SOP Instance UIDs of what is here.
  private func here(_ keys: [QueryKey]) throws -> Set<String> {
    var here: Set<String> = []
    try station.index.find(LocalQuery(level: .instance, keys: keys.map { LocalQuery.Key($0.tag, $0.value) })) { match in
      if let uid = match.dataSet.string(.sopInstanceUID) { here.insert(uid) }
      return true
    }
    return here
  }

  /// Contexts for the queries, to be proposed beside others.
  static func contexts(_ level: Level) -> [PresentationContextProposal] {
    Station.findModels(level).map {
      PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Station.uncompressed)
    }
  }

  private func searching<Value: Sendable>(
    _ association: Association?, _ body: (GetSearch) async throws -> Value?
  ) async -> Value? {
    let encoding = station.encoding(of: modality)
    do {
      if let association, association.isOpen,
        Station.findModels(.study).contains(where: { association.acceptedTransferSyntax(for: $0) != nil })
      {
        return try await body(GetSearch(association: association, encoding: encoding))
      }
      return try await station.withAssociation(modality, Self.contexts(.study), job) {
        try await body(GetSearch(association: $0, encoding: encoding))
      }
    } catch {
      return nil
    }
  }
}

extension Completeness.Listing {
  /// The retrieves that bring just what is missing: all of it at once, whole series, single instances.
  func parts(of item: RetrieveItem, _ level: Level) -> [(level: Level, item: RetrieveItem)] {
    if missing.count == all.count { return [(level, item)] }
    let sizes = Dictionary(all.map { ([$0.study, $0.series], 1) }, uniquingKeysWith: +)
    return GetSearch.Instance.bySeries(missing).flatMap { group -> [(level: Level, item: RetrieveItem)] in
      let first = group[0]
      if group.count == sizes[[first.study, first.series]], !first.series.isEmpty {
        return [(.series, .series(first.series, study: first.study, expected: group.count))]
      }
      return GetSearch.Instance.cut(group).map { (.instance, GetSearch.Instance.item($0)) }
    }
  }
}

extension GetSearch.Instance {
  /// How many SOP Instance UIDs one request names at most: 64 characters each, in one element of 64 kB.
  private static let maximumUIDs = 200

  static func bySeries(_ instances: [Self]) -> [[Self]] {
    Dictionary(grouping: instances) { [$0.study, $0.series] }.values
      .sorted { ($0[0].study, $0[0].series) < ($1[0].study, $1[0].series) }
  }

  /// As many as one request can name.
  static func cut(_ group: [Self]) -> [[Self]] {
    stride(from: 0, to: group.count, by: maximumUIDs).map { Array(group[$0..<min($0 + maximumUIDs, group.count)]) }
  }

  /// Instances of one series as an item of a retrieve at instance level.
  static func item(_ instances: [Self]) -> RetrieveItem {
    let keys = [
      QueryKey(.studyInstanceUID, instances.first?.study ?? ""),
      QueryKey(.seriesInstanceUID, instances.first?.series ?? ""),
      QueryKey(.sopInstanceUID, instances.map(\.sopInstanceUID).joined(separator: "\\")),
    ]
    return RetrieveItem(keys: keys.filter { !$0.value.isEmpty }, expected: instances.count)
  }
}
