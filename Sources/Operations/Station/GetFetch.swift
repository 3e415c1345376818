import Dicom
import LocalIndex
import Synchronization

/// The retrieval of one item by C-GET: what the peer has of it, the C-GET itself, and the ways to what did not come.
struct GetFetch {
  let run: GetRun
  let item: RetrieveItem
  /// Kept open for the next item, whose contexts may be the same.
  var lease: Lease?
  var result: MoveItemResult

  private let before: ItemSums
  private let earlier: [MoveItemResult]
  private let flight: MoveInFlight
  private let contexts: GetContexts
  /// What is said beside the result.
  private var details: [String] = []
  /// The peer's C-FIND finds nothing of it.
  private var isUnknown = false
  private var otherWays = 0
  private var moved = 0
  /// All there are are here, and were before.
  private var isHereAlready: Int?
  /// What the peer agreed to receive from it, in any of the associations.
  private var agreed: [PresentationContextProposal] = []

  /// More is not tried for what the peer does not say the class of.
  private static let maximumAssociations = 8

  init(run: GetRun, item: RetrieveItem, earlier: [MoveItemResult], lease: Lease?) {
    self.run = run
    self.item = item
    self.earlier = earlier
    self.lease = lease
    let (job, before) = (run.job, ItemSums(earlier))
    self.before = before
    result = MoveItemResult(item: item, outcome: Outcome(.done, ""))
    contexts = GetContexts(policy: ContextPolicy(run.station.configuration))
    flight = MoveInFlight(
      peer: run.modality, originatorAETitle: run.callingAETitle, messageID: 0, deadlines: run.job.deadlines
    ) { instances, bytes in job.update { before.add(received: instances, bytes: bytes, to: &$0) } }
  }

  /// Fills in `result`. Returns what ended it, where something did.
  mutating func run() async -> (any Error)? {
    let start = run.station.clock.now
    var failure: (any Error)?
    do {
      try await fetch()
    } catch {
      failure = error
      // An association that failed is no use to anyone.
      if let lease { run.station.pool.discard(lease) }
      lease = nil
    }
    if let failure = failure as? AssociationError { await lookFor(failure) }
    (result.received, result.bytes) = (flight.received.instances + moved, result.bytes + flight.received.bytes)
    result.seconds = run.station.seconds(since: start)
    result.outcome = outcome(failure)
    return failure
  }

  /// What is missing after an association that the peer has ended, or that was refused.
  private mutating func lookFor(_ failure: AssociationError) async {
    if case .noAcceptedContext = failure.reason { result.isRefusedForGood = flight.received.instances == 0 }
    let arrived = flight.received.instances
    guard arrived > 0, failure.isEndByPeer, !run.job.isCancelled else { return }
    let completeness = Completeness(station: run.station, modality: run.modality, job: run.job)
    result.take(await completeness.check(item, run.request.level, arrived: arrived, on: nil))
  }

  /// Brings only what is not here. False where the peer does not list what it has.
  private mutating func fetchOnlyMissing(_ search: GetSearch) async throws -> Bool {
    let completeness = Completeness(station: run.station, modality: run.modality, job: run.job)
    guard let listing = try await completeness.listing(of: item, run.request.level, search),
      listing.missing.count < listing.all.count
    else { return false }
    completeness.leaveOut(listing, of: item)
    isUnknown = false
    result.status = Status(0x0000, service: .get)
    if listing.missing.isEmpty {
      isHereAlready = listing.all.count
      return true
    }
    try await fetchInstances(listing.missing, isClassKnown: true, further: [])
    return true
  }

  private mutating func fetch() async throws {
    let search = GetSearch(association: try await opened(), encoding: run.station.encoding(of: run.modality))
    if run.request.isOnlyMissing, try await fetchOnlyMissing(search) { return }
    let overview = try await search.overview(of: item, run.request.level)
    if run.job.isCancelled { return }
    let batches = overview.classes.isEmpty ? contexts.batchesOfUnknown : contexts.batches(overview.classes)
    let association = try await opened(batches.first ?? [])
    let (job, before) = (run.job, before)
    let identifier = item.identifier(run.request.level, encoding: run.station.encoding(of: run.modality))
    let announced = Mutex(0)
    let answer = try await run.get(identifier, on: association, flight) { counters in
      announced.withLock { $0 = max($0, counters.sum) }
      job.update { before.add(counters, to: &$0) }
    }
    take(answer)
    isUnknown = overview.isUnknown
    // Some peers leave out, without counting it as failed, what they cannot send.
    let expected = max(
      overview.count ?? item.expected ?? 0, answer.subOperations.completed ?? 0, announced.withLock { $0 })
    let isWhole = answer.status.isSuccess && (result.failed ?? 0) == 0 && flight.received.instances >= expected
    if isWhole || run.job.isCancelled || Self.isRefusal(answer.status) { return }
    try await fetchMissing(answer, isClassKnown: !overview.classes.isEmpty, Array(batches.dropFirst()))
  }

  /// The association there is, where it has these contexts, and no others when they are to be alone; else a new one.
  private mutating func opened(
    _ contexts: [PresentationContextProposal] = [], exactly: Bool = false
  ) async throws -> Association {
    if let association = lease?.association {
      let proposed = Set(association.parameters.presentationContexts)
      let isExact = proposed.count == contexts.count + GetContexts.services
      if contexts.allSatisfy(proposed.contains), !exactly || isExact { return association }
    }
    await close()
    let new = try await run.open(contexts)
    lease = new
    let storage = Set(contexts.map(\.abstractSyntax))
    for context in new.association.acceptedContexts where storage.contains(context.abstractSyntax) {
      let proposal = PresentationContextProposal(
        abstractSyntax: context.abstractSyntax, transferSyntaxes: [context.transferSyntax])
      if !agreed.contains(proposal) { agreed.append(proposal) }
    }
    return new.association
  }

  private mutating func close() async {
    guard let lease else { return }
    self.lease = nil
    await run.station.pool.giveBack(lease, keeps: false)
  }

  private mutating func take(_ answer: MoveOutcome) {
    let final = result.take(answer)
    let before = before
    run.job.update { before.add(final, to: &$0) }
  }

  /// Nothing that other presentation contexts could change.
  private static func isRefusal(_ status: Status) -> Bool { [0x0122, 0x0124, 0x0211, 0xA900].contains(status.code) }

  // MARK: What did not come

  private mutating func fetchMissing(
    _ answer: MoveOutcome, isClassKnown: Bool, _ further: [[PresentationContextProposal]]
  ) async throws {
    let search = GetSearch(association: try await opened(), encoding: run.station.encoding(of: run.modality))
    let listed = try await search.instances(of: item, run.request.level)
    // Without C-FIND there is only what the peer itself says has failed.
    let all = listed.isEmpty ? named(answer.failedSOPInstanceUIDs) : listed
    if all.isEmpty { return }
    isUnknown = false
    try await fetchInstances(
      all, isClassKnown: isClassKnown, further: further, areListed: !listed.isEmpty)
  }

  /// Asks for instances by their UIDs, in other contexts and then by C-MOVE; what is here for this retrieve is not asked
  /// for again.
  private mutating func fetchInstances(
    _ all: [GetSearch.Instance], isClassKnown: Bool, further: [[PresentationContextProposal]], areListed: Bool = true
  ) async throws {
    var missing = left(all)
    let classes = Set(missing.compactMap(\.sopClass))
    let areAllKnown = missing.allSatisfy { $0.sopClass != nil }
    let batches =
      areAllKnown
      ? contexts.batches(classes.sorted { $0.rawValue < $1.rawValue })
      : isClassKnown ? contexts.batchesOfUnknown : further
    for batch in batches.prefix(Self.maximumAssociations) { try await fetch(&missing, in: batch) }
    // Some peers (DCMTK) send only in the first context of a class, whatever the instance is encoded in.
    for batch in alone(missing).prefix(Self.maximumAssociations) { try await fetch(&missing, in: batch) }
    if !missing.isEmpty, !run.job.isCancelled {
      // Some stations take one association at a time.
      await close()
      missing = await move(missing)
    }
    settle(missing, of: !areListed ? flight.received.instances + moved + missing.count : all.count)
  }

  private func named(_ uids: [UID]) -> [GetSearch.Instance] {
    func value(_ tag: Tag) -> String { item.keys.first { $0.tag == tag }?.value ?? "" }
    return uids.map {
      GetSearch.Instance(
        study: value(.studyInstanceUID), series: value(.seriesInstanceUID), sopInstanceUID: $0.rawValue, sopClass: nil)
    }
  }

  private mutating func fetch(
    _ missing: inout [GetSearch.Instance], in contexts: [PresentationContextProposal]
  ) async throws {
    let classes = Set(contexts.map(\.abstractSyntax))
    let wanted = missing.filter { $0.sopClass.map(classes.contains) ?? true }
    guard !wanted.isEmpty, !run.job.isCancelled else { return }
    otherWays += 1
    try await get(wanted, on: try await opened(contexts, exactly: true))
    missing = left(missing)
  }

  /// The compressed transfer syntaxes the peer agreed to, each without the others.
  private func alone(_ missing: [GetSearch.Instance]) -> [[PresentationContextProposal]] {
    let classes = missing.contains { $0.sopClass == nil } ? nil : Set(missing.compactMap(\.sopClass))
    let accepted = agreed.filter { context in
      !ContextPolicy.native.contains(context.transferSyntaxes[0]) && classes?.contains(context.abstractSyntax) ?? true
    }
    var seen: Set<UID> = []
    return accepted.map { $0.transferSyntaxes[0] }.filter { seen.insert($0).inserted }.map { syntax in
      accepted.filter { $0.transferSyntaxes[0] == syntax }
    }
  }

  private func left(_ instances: [GetSearch.Instance]) -> [GetSearch.Instance] {
    instances.filter { !flight.holds($0.sopInstanceUID) }
  }

  /// C-GETs at instance level. A peer that stops at the first instance it cannot send is asked for the others in halves.
  private func get(_ instances: [GetSearch.Instance], on association: Association) async throws {
    var groups = Array(GetSearch.Instance.bySeries(instances).flatMap(GetSearch.Instance.cut).reversed())
    while let group = groups.popLast(), !run.job.isCancelled {
      let answer = try await run.get(identifier(group), on: association, flight)
      let rest = left(group)
      if rest.isEmpty || Self.isRefusal(answer.status) { continue }
      if rest.count < group.count {
        groups.append(rest)
      } else if rest.count > 1, (answer.subOperations.failed ?? 0) < rest.count {
        groups += [Array(rest[(rest.count / 2)...]), Array(rest[..<(rest.count / 2)])]
      }
    }
  }

  private func identifier(_ instances: [GetSearch.Instance]) -> DataSet {
    GetSearch.Instance.item(instances).identifier(.instance, encoding: run.station.encoding(of: run.modality))
  }

  /// The last way: a C-MOVE to ourselves. Returns what it did not bring either.
  private mutating func move(_ instances: [GetSearch.Instance]) async -> [GetSearch.Instance] {
    let request = RetrieveRequest(
      level: .instance,
      items: GetSearch.Instance.bySeries(instances).flatMap(GetSearch.Instance.cut).map(GetSearch.Instance.item),
      localAET: run.request.localAET)
    do {
      let arrival = try await run.station.arrival(at: run.callingAETitle, request, run.modality)
      let run = MoveRun(
        station: run.station, modality: run.modality, request: request, callingAETitle: run.callingAETitle,
        destination: run.callingAETitle, arrival: arrival, job: run.job,
        earlier: earlier + [soFar])
      let results = await run.items { _ in }
      let rest = try instances.filter { instance in
        try self.run.station.index.find(
          LocalQuery(level: .instance, [(.sopInstanceUID, instance.sopInstanceUID)], limit: 1)
        ).isEmpty
      }
      moved = instances.count - rest.count
      result.bytes += results.reduce(0) { $0 + $1.bytes }
      if let reason = results.first(where: { $0.outcome.state != .done })?.outcome.words {
        details.append("C-MOVE of the rest: \(reason)")
      }
      return rest
    } catch {
      details.append("C-MOVE of the rest: \(error)")
      return instances
    }
  }

  private var soFar: MoveItemResult {
    var result = result
    (result.received, result.bytes) = flight.received
    return result
  }

  /// What the peer said of the first C-GET is no longer true: says what came in the end.
  private mutating func settle(_ missing: [GetSearch.Instance], of count: Int) {
    result.completed = count - missing.count
    result.failed = missing.count
    result.failedInstances = missing.map(\.sopInstanceUID)
    if missing.isEmpty {
      result.status = Status(0x0000, service: .get)
      result.warning = 0
    }
    details =
      missing.map { instance in
        "did not come: \(instance.sopInstanceUID)" + (instance.sopClass.map { " (\($0.name ?? $0.rawValue))" } ?? "")
      } + details
  }

  // MARK: The end

  private func outcome(_ failure: (any Error)?) -> Outcome {
    let received = result.received ?? 0
    let count = Words.count(received, "instance")
    if run.job.isCancelled { return Outcome(.cancelled, "cancelled after \(count)") }
    if let failure {
      let end = Outcome(failure)
      if received == 0 { return end }
      guard let finding = result.finding else {
        return Outcome(end.state, "\(end.words) \(count) had arrived.", details: details)
      }
      let name = run.modality.name
      if finding.isComplete {
        let words = "all \(count) are here, although: \(end.words)"
        run.job.remark(words)
        return Outcome(.done, words)
      }
      return Outcome(
        .partial,
        "\(end.words) \(count) had arrived; \(Words.grouped(finding.lacking)) of the "
          + "\(Words.count(finding.listed, "instance")) that \(name) has are not here",
        details: finding.missing.prefix(200).map { "missing: \($0)" })
    }
    let lines = details.isEmpty ? result.failedInstances.map { "failed: \($0)" } : details
    guard let status = result.status else { return Outcome(.failed, "no final response came", details: lines) }
    let failed = result.failed ?? 0
    if !status.isSuccess, !status.isWarning, failed == 0 || received == 0 {
      // Orthanc, asked for what it has not, is unable to process.
      if isUnknown, received == 0, status.code & 0xF000 == 0xC000 {
        return Outcome(.failed, "nothing matched: \(run.modality.name) knows of no such thing (\(status))")
      }
      let words = "\(run.modality.name) refused: \(status.advised)"
      return Outcome(
        received > 0 ? .partial : .failed, received > 0 ? "\(words); \(count) had arrived" : words, details: lines)
    }
    if failed > 0 {
      let words = "\(count), \(Words.grouped(failed)) did not come"
      return Outcome(
        received > 0 ? .partial : .failed, status.isSuccess ? words : "\(words): \(status)", details: lines)
    }
    if let count = isHereAlready { return Outcome(.done, "all \(Words.count(count, "instance")) are here already") }
    if received == 0, let sent = result.completed, sent > 0 {
      let words = "\(run.modality.name) says it has sent \(Words.count(sent, "instance")), and none came"
      return Outcome(.failed, words, details: lines)
    }
    if received == 0 { return Outcome(.failed, MoveVerdict.nothing(item, run.request)) }
    var words = "\(count), \(Words.bytes(result.bytes)) in \(Words.elapsed(result.seconds))"
    if moved > 0 {
      words += ", \(Words.grouped(moved)) of them by C-MOVE"
    } else if otherWays > 0 {
      words += ", over \(otherWays + 1) associations"
    }
    return Outcome(.done, words, details: details)
  }
}
