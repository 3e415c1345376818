import NIOCore

/// Requests with an identifier: queries, moves, retrievals and reports. Each runs as a task of its own, whose responses
/// go out here.
extension AcceptorSession {
  func run(_ command: CommandSet, _ context: AcceptedContext, _ bytes: ByteBuffer) {
    guard let association, let messageID = command.messageID else { return }
    let transferSyntax = TransferSyntax(uid: context.transferSyntax)
    let identifier: DataSet
    do {
      identifier = try DataSetReader.read(bytes, transferSyntax: transferSyntax)
    } catch {
      return respond(command, context.id, Status(0xC000, errorComment: "identifier: \(error)"))
    }
    let responder = AcceptorResponder(
      session: weakBound, command: command, contextID: context.id, transferSyntax: transferSyntax)
    switch command.field {
    case .cFindRequest:
      let request = FindRequest(
        model: context.abstractSyntax, identifier: identifier, transferSyntax: context.transferSyntax,
        messageID: messageID)
      guard let matches = shared.delegate.find(request, association) else {
        return respond(command, context.id, .sopClassNotSupported)
      }
      let pendingStatus = shared.delegate.pendingStatus(of: request)
      running[messageID] = Task { await responder.find(matches, pendingAs: pendingStatus) }
    case .cMoveRequest:
      let cancellation = Cancellation()
      let request = MoveRequest(
        model: context.abstractSyntax, identifier: identifier, destination: command.moveDestination ?? "",
        messageID: messageID, cancellation: cancellation)
      guard let progress = shared.delegate.move(request, association) else {
        return respond(command, context.id, .sopClassNotSupported)
      }
      running[messageID] = Task { await responder.move(progress) { cancellation.cancel() } }
    case .cGetRequest:
      let request = GetRequest(model: context.abstractSyntax, identifier: identifier, messageID: messageID)
      guard let instances = shared.delegate.get(request, association) else {
        return respond(command, context.id, .sopClassNotSupported)
      }
      // One at a time: the messages of two would mix.
      guard getID == nil else { return respond(command, context.id, Status(0x0213)) }
      getID = messageID
      let contexts = contexts.values.filter { isReceiver($0.abstractSyntax, association) }.sorted { $0.id < $1.id }
      running[messageID] = Task { await responder.get(instances, in: contexts) }
    case .nEventReportRequest:
      let report: StorageCommitmentReport
      do throws(StatusError) {
        report = try StorageCommitmentReport(command, bytes, transferSyntax)
      } catch {
        return respond(command, context.id, error.status)
      }
      let delegate = shared.delegate
      running[messageID] = Task {
        let status = await delegate.commitmentReport(report, association)
        responder.answer(status)
      }
    default: break
    }
  }

  /// Whether the peer takes instances of a class on this association: it proposed to be their SCP, PS3.7 §D.3.3.4.
  private func isReceiver(_ sopClass: UID, _ association: AcceptedAssociation) -> Bool {
    agreedRoles.contains { $0.sopClassUID == sopClass && $0.isSCP }
  }

  /// Sends a pending response; `continuation` goes on when the peer can take more.
  func sendPending(
    _ command: CommandSet, _ contextID: UInt8, _ dataSet: ByteBuffer?,
    _ continuation: CheckedContinuation<Void, any Error>
  ) {
    whenFree { session in
      guard !session.hasEnded, session.handler.send(command, contextID: contextID, dataSet: dataSet) else {
        continuation.resume(throwing: CancellationError())
        return
      }
      if session.handler.isWritable {
        continuation.resume()
      } else {
        session.writableWaiters.append(continuation)
      }
    }
  }

  func sendFinal(_ command: CommandSet, _ contextID: UInt8, _ dataSet: ByteBuffer?) {
    if let id = command.messageIDBeingRespondedTo {
      running[id] = nil
      if getID == id { getID = nil }
    }
    whenFree { session in
      guard !session.hasEnded else { return }
      session.handler.send(command, contextID: contextID, dataSet: dataSet)
      session.deadlines.restart()
      session.closeIfWanted()
    }
  }
}
