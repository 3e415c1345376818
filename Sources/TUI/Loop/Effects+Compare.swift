import Dicom
import Operations

/// Two sides compared, and what one lacks brought to it.
extension Effects {
  func compare(_ order: CompareOrder) {
    do {
      let (first, second) = try sides(order.first, order.second)
      let subjects = ["compare-\(order.token)"] + [order.first, order.second].filter { $0 != ComparedSide.localName }
      if let study = order.study {
        let operation = try station.compareInstances(of: study, first, second)
        know(operation, "compare \(order.words)", subjects)
        followComparison(operation, order.token) { [mailbox] result in
          let since = ContinuousClock.now
          let rows = (result.instances ?? []).map { InstanceComparisonScreen.Row(instance: $0, since: since) }
          mailbox.post(.comparedImages(token: order.token, rows))
        }
      } else {
        let operation = try station.compare(
          first, second, keys: order.keys, returnKeys: Views.returnKeys(.study))
        know(operation, "compare with \(order.second)", subjects)
        followComparison(operation, order.token) { [mailbox] result in
          mailbox.post(.compared(token: order.token, Self.rows(result.differences)))
        }
      }
    } catch {
      mailbox.post(.findEnded(token: order.token, Message.FindEnd(words: "\(error)", failed: true)))
    }
  }

  private func sides(_ first: String, _ second: String) throws -> (ComparedSide, ComparedSide) {
    (
      try ComparedSide(named: first, in: station.configuration),
      try ComparedSide(named: second, in: station.configuration)
    )
  }

  private static func rows(_ differences: [StudyDifference]) -> [ComparisonScreen.Row] {
    let since = ContinuousClock.now
    return differences.map { difference in
      var record = difference.match.map { Views.record($0, .study, inside: [:]) } ?? Record(id: "", level: .study)
      record[.studyInstanceUID] = difference.studyInstanceUID
      record.identify()
      return ComparisonScreen.Row(record: record, difference: difference, since: since)
    }
  }

  private func followComparison<Value: OperationResult>(
    _ operation: Operation<Value>, _ token: Int, _ body: @escaping @Sendable (Value) -> Void
  ) {
    follow(operation) { [mailbox] result in
      var end = Message.FindEnd()
      switch result {
      case .success(let value):
        body(value)
        (end.words, end.failed) = (value.outcome.words, value.outcome.state == .failed)
      case .failure(let error):
        end.words = error is CancellationError ? "cancelled" : Outcome(error).words
        end.failed = true
      }
      mailbox.post(.findEnded(token: token, end))
    }
  }

  func bring(_ order: BringOrder) {
    Task.detached { [self] in
      do {
        let (first, second) = try sides(order.first, order.second)
        let begun = try await station.bring(
          order.differences, between: first, second, toSecond: order.toSecond, confirmation: order.confirmation)
        for bringing in begun { note(bringing, order) }
      } catch {
        say("\(order.words) to \(order.target): \(Outcome(error).words)", .bad)
      }
    }
  }

  private func note(_ bringing: Bringing, _ order: BringOrder) {
    let compared = CompareOrder(token: 0, first: order.first, second: order.second)
    let ways = [compared.way(order.toSecond)] + (order.isRest ? [compared.way(order.toSecond, isRest: true)] : [])
    let subjects = bringing.studies + bringing.sopInstanceUIDs + [order.source, order.target] + ways
    let target = " to \(order.target)"
    switch bringing.transfer {
    case .retrieve(let operation): know(operation, "\(operation.job.kind.words) \(order.words)\(target)", subjects)
    case .send(let operation): know(operation, "\(operation.job.kind.words) \(order.words)", subjects)
    }
  }
}
