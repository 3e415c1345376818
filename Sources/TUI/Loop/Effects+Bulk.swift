import Dicom
import Operations

/// An operation for each row of a file. On a thread of its own: the file is read first.
extension Effects {
  func bulk(_ order: BulkOrder) {
    do {
      let modality = try station.configuration.modality(named: order.modality)
      var source = try BulkSource(
        path: Views.expandTilde(order.path), result: order.result.map(Views.expandTilde))
      (source.pace, source.stopAfter) = (order.pace, order.stopAfter)
      let operation = try station.bulk(
        modality, BulkRequest(verb(order), source),
        onMatch: { [mailbox] match in
          mailbox.post(.matches(token: order.token, [Views.record(match, .study, inside: [:])]))
        })
      know(operation, operation.job.title, [order.modality] + (order.verb == .find ? ["find-\(order.token)"] : []))
      guard order.verb == .find else { return }
      follow(operation) { [mailbox] result in
        var end = Message.FindEnd()
        switch result {
        case .success(let result):
          (end.words, end.failed) = (result.outcome.words, ![.done, .cancelled].contains(result.outcome.state))
        case .failure(let error):
          (end.words, end.failed) = error is CancellationError ? ("cancelled", false) : ("\(error)", true)
        }
        mailbox.post(.findEnded(token: order.token, end))
      }
    } catch {
      if order.verb == .find {
        mailbox.post(.findEnded(token: order.token, Message.FindEnd(words: "\(error)", failed: true)))
      } else {
        say("\(error)", .bad)
      }
    }
  }

  private func verb(_ order: BulkOrder) -> BulkRequest.Verb {
    switch order.verb {
    case .find: return .find(Query(level: .study, returnKeys: Views.returnKeys(.study)))
    case .move:
      var request = RetrieveRequest(level: .study, items: [], target: order.target)
      request.confirmation = order.confirmation
      return .move(request)
    case .store:
      var request = SendRequest(sources: [])
      request.confirmation = order.confirmation
      return .store(request)
    }
  }

  // MARK: Small tools

  func whoAmI(_ token: Int) {
    do {
      mailbox.post(.identity(token: token, .success(try StationIdentity(station.configuration).lines)))
    } catch {
      mailbox.post(.identity(token: token, .failure(Message.Failure(words: "\(error)"))))
    }
  }

  func check(_ name: String) {
    guard let modality = modality(name) else { return }
    let limit = station.configuration.responseTimeout(for: modality, .inherited)
    let operation = station.echo(modality)
    know(operation, "C-ECHO", [name])
    follow(operation) { [self] result in
      mailbox.post(.echoed(modality: name, Views.echo(result)))
      switch result {
      case .success(let result):
        let check = result.check(limit: limit)
        say(check.line, check.level == .ok ? .good : check.level == .warning ? .warning : .bad)
      case .failure(let error): say("CRITICAL - \(name): \(error)", .bad)
      }
    }
  }
}
