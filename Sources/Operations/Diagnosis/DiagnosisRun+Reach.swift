import Dicom
import Foundation
import Synchronization

/// Does the modality know our AE title, and reach us? `A801` proves that it does not know us; nothing short of an arrival
/// proves that it does.
extension DiagnosisRun {
  /// - Parameter former: the association that told what is offered; it has been given back.
  func reach(_ former: Association, moves: Bool) async {
    begin(.reach)
    guard let model = Self.moveModels.first(where: { former.acceptedTransferSyntax(for: $0) != nil }) else {
      let other =
        former.acceptedTransferSyntax(for: .studyRootGet) == nil
        ? "" : "; RetrieveMethod C-GET here fetches over our own associations, which it offers"
      return fail(.reach, .notOffered, "\(modality.name) offers no C-MOVE to us\(other)", .warning)
    }
    let address = former.peer.localAddress
    await moves ? move(address) : ask(model, address)
  }

  /// A C-MOVE of nothing.
  private func ask(_ model: UID, _ address: String?) async {
    let start = station.clock.now
    do {
      let outcome = try await station.withAssociation(modality, Self.proposals([model]), job) { association in
        try await association.move(Self.nothing(model), model: model, destination: self.title)
      }
      let time = start.duration(to: station.clock.now)
      if outcome.status.code == Status.moveDestinationUnknown.code { return unknown(address, time) }
      fail(
        .reach, .notProven,
        "whether \(modality.name) knows \(title) and reaches us is not proven until one small instance is moved here "
          + "(--move; m in the interface)", .unproven, time)
      set(.reach) {
        $0.details = ["it answered a C-MOVE of nothing with \(outcome.status), as those do that know us and others"]
      }
    } catch {
      failed(.reach, error)
    }
  }

  private func unknown(_ address: String?, _ time: Duration) {
    fail(
      .reach, .titleUnknown,
      "\(modality.name) does not know the AE title \(title) as a destination (A801): add it there, with "
        + "\(place(address)).", .failed, time)
  }

  /// Where the modality must send to.
  private func place(_ address: String?) -> String {
    let bound = station.configuration.dicomBindAddress
    let host = ["0.0.0.0", "::"].contains(bound) ? address ?? "our address" : bound
    return "the address \(host) and port \(station.scp.port ?? station.configuration.dicomPort)"
  }

  // MARK: One small instance

  private func move(_ address: String?) async {
    let request: RetrieveRequest
    let arrival: MoveRun.Arrival
    do {
      guard let item = try await smallInstance() else {
        return fail(
          .reach, .nothingToMove,
          "whether \(modality.name) reaches us is not proven: a query found no instance there that could be moved",
          .unproven)
      }
      request = RetrieveRequest(level: .instance, items: [item])
      arrival = try await station.arrival(at: title, request, modality)
    } catch let error as OperationError {
      return fail(.reach, .cannotReceive, "\(error)")
    } catch {
      return failed(.reach, error)
    }
    let start = station.clock.now
    let results = await MoveRun(
      station: station, modality: modality, request: request, callingAETitle: title, destination: title,
      arrival: arrival, job: job
    ).items { _ in }
    guard let result = results.first else { return }
    let time = start.duration(to: station.clock.now)
    if (result.received ?? 0) > 0 {
      pass(
        .reach, "an instance it sent to \(title) arrived here", time,
        ["\(Words.bytes(result.bytes)); it stays among the local studies"])
    } else if result.status?.code == Status.moveDestinationUnknown.code {
      unknown(address, time)
    } else {
      let answer = result.status.map { "answered with \($0)" } ?? result.outcome.words
      fail(
        .reach, .notReached,
        "nothing arrived of an instance that \(modality.name) was to send to \(title) (it \(answer)): its entry for "
          + "\(title) must have \(place(address)), and no firewall may be between.", .failed, time)
    }
  }

  /// One of a small study, the latest first: a query without a date can take long in a large archive.
  private func smallInstance() async throws -> RetrieveItem? {
    let today = Self.day(0)
    for dates in [today, "\(Self.day(-7))-\(today)", ""] {
      let studies = try await matches(
        .study, [.studyInstanceUID: "", .numberOfStudyRelatedInstances: "", .studyDate: dates])
      let counted = studies.map { ($0.uid(.studyInstanceUID), Int($0.string(.numberOfStudyRelatedInstances) ?? "")) }
      for (study, _) in counted.filter({ $0.1 != 0 }).sorted(by: { ($0.1 ?? .max) < ($1.1 ?? .max) }).prefix(3) {
        if let study, let item = try await instance(of: study) { return item }
      }
    }
    return nil
  }

  private func instance(of study: UID) async throws -> RetrieveItem? {
    let series = try await matches(
      .series, [.studyInstanceUID: study.rawValue, .seriesInstanceUID: "", .numberOfSeriesRelatedInstances: ""])
    let smallest = series.min {
      Int($0.string(.numberOfSeriesRelatedInstances) ?? "") ?? .max < Int(
        $1.string(.numberOfSeriesRelatedInstances) ?? "")
        ?? .max
    }
    guard let uid = smallest?.uid(.seriesInstanceUID) else { return nil }
    let instances = try await matches(
      .instance, [.studyInstanceUID: study.rawValue, .seriesInstanceUID: uid.rawValue, .sopInstanceUID: ""])
    guard let instance = instances.first?.uid(.sopInstanceUID) else { return nil }
    return .instance(instance.rawValue, series: uid.rawValue, study: study.rawValue)
  }

  /// The first matches of a query, in study root.
  private func matches(_ level: Level, _ keys: [Tag: String]) async throws -> [DataSet] {
    var identifier = DataSet()
    identifier.set(.queryRetrieveLevel, level.queryRetrieveLevel)
    for (tag, value) in keys { identifier.set(tag, value) }
    let request = identifier
    return try await station.withAssociation(modality, Self.proposals([.studyRootFind]), job) { association in
      let found = FirstMatches()
      let query = Task { try await association.find(request, model: .studyRootFind, onMatch: found.take) }
      found.onEnough { query.cancel() }
      let status = try await withTaskCancellationHandler {
        try await query.value
      } onCancel: {
        query.cancel()
      }
      guard status.isSuccess || found.isEnough else {
        throw OperationError(
          "\(modality.name) refused the query for an instance that it could send: \(status.advised)")
      }
      return found.matches
    }
  }

  private static func proposals(_ models: [UID]) -> [PresentationContextProposal] {
    models.map { PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: Station.uncompressed) }
  }

  /// `20261125`, so many days from now.
  private static func day(_ offset: Int) -> String {
    let date = Date(timeIntervalSinceNow: Double(offset) * 86_400)
    let parts = Calendar(identifier: .gregorian).dateComponents([.year, .month, .day], from: date)
    return String(format: "%04d%02d%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
  }
}

/// Counts on any thread.
final class MatchCount: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .relaxed) }
  func add() { count.add(1, ordering: .relaxed) }
}

/// The first matches of a query that is then cancelled.
private final class FirstMatches: Sendable {
  private static let limit = 100
  private let state = Mutex<(matches: [DataSet], onEnough: (@Sendable () -> Void)?)>(([], nil))

  var matches: [DataSet] { state.withLock { $0.matches } }
  var isEnough: Bool { matches.count >= Self.limit }

  func onEnough(_ action: @escaping @Sendable () -> Void) {
    state.withLock { $0.onEnough = action }
    if isEnough { action() }
  }

  func take(_ match: DataSet) {
    let action = state.withLock { state -> (@Sendable () -> Void)? in
      guard state.matches.count < Self.limit else { return nil }
      state.matches.append(match)
      return state.matches.count == Self.limit ? state.onEnough : nil
    }
    action?()
  }
}
