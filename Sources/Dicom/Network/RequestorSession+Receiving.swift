import NIOCore

/// What comes on an association: responses to what runs, instances of a C-GET, reports on storage commitment.
extension RequestorSession {
  func noteHeard() {
    guard !hasBeenHeard else { return }
    hasBeenHeard = true
    life.withLockedValue { $0.hasBeenHeard = true }
  }

  func received(_ command: consuming CommandSet, contextID: UInt8) {
    noteHeard()
    guard let context = contexts[contextID] else {
      handler.violated(MessageError.unknownContext(contextID).description)
      return
    }
    if command.hasDataSet, command.field == .cStoreRequest, let onStore = current?.onStore {
      store = IncomingStore(command, context, onStore)
    } else if command.hasDataSet {
      incoming = (command, contextID, ByteBuffer())
    } else {
      received(command, contextID: contextID, dataSet: nil)
    }
  }

  func received(data: ByteBuffer, isLast: Bool) {
    if let store {
      let hasRoom = store.receive(data, on: channel.eventLoop) { [weak self] in self?.written(store, isLast) }
      guard hasRoom else {
        isStoring = true
        return handler.pause()
      }
      if isLast { finish(store) }
      return
    }
    guard incoming != nil else { return }
    guard (incoming?.dataSet.readableBytes ?? 0) + data.readableBytes <= Self.maximumDataSetLength else {
      handler.violated(MessageError.dataSetTooLong(limit: Self.maximumDataSetLength).description)
      return
    }
    // A copy, so that a match that is kept does not keep the whole of a read.
    incoming?.dataSet.writeImmutableBuffer(data)
    guard isLast, let (command, contextID, dataSet) = incoming else { return }
    incoming = nil
    received(command, contextID: contextID, dataSet: dataSet)
  }

  /// Whoever takes the instance, and was busy, can take more.
  private func written(_ store: IncomingStore, _ isLast: Bool) {
    isStoring = false
    guard end == nil else { return }
    activity()
    if isLast { finish(store) }
    if !isStoring { handler.resume() }
  }

  /// Answers when the instance is durable; until then nothing more is read.
  private func finish(_ store: IncomingStore) {
    self.store = nil
    let (command, contextID) = (store.command, store.contextID)
    if let refusal = store.refusal {
      handler.send(command.response(status: refusal), contextID: contextID)
      return
    }
    isStoring = true
    handler.pause()
    let bound = bound
    store.finish { status in bound.execute { $0.stored(command, contextID, status) } }
  }

  private func stored(_ command: CommandSet, _ contextID: UInt8, _ status: Status) {
    isStoring = false
    guard end == nil else { return }
    handler.send(command.response(status: status), contextID: contextID)
    activity()
    handler.resume()
  }

  private func received(_ command: consuming CommandSet, contextID: UInt8, dataSet: ByteBuffer?) {
    guard command.isResponse else {
      if command.field == .nEventReportRequest, let onReport { return report(command, contextID, dataSet, onReport) }
      handler.send(command.response(status: .unrecognizedOperation), contextID: contextID)
      return
    }
    guard let operation = current else {
      handler.violated("it sent a \(words(command)) that nothing had asked for")
      return
    }
    guard command.messageIDBeingRespondedTo == operation.messageID else {
      handler.violated(
        "it sent a \(words(command)) to message \(command.messageIDBeingRespondedTo.map(String.init) ?? "?")"
          + " while message \(operation.messageID) was waiting")
      return
    }
    guard command.field == operation.command.field?.response, contextID == operation.contextID else {
      handler.violated(
        "it answered a \(operation.name) with a \(words(command)) in presentation context \(contextID)")
      return
    }
    guard let status = command.status else {
      handler.violated("it sent a \(words(command)) without a status")
      return
    }
    let response = Response(command: command, dataSet: dataSet)
    if Status(status).isPending {
      guard operation.isCancellable else {
        handler.violated(
          "it answered a \(operation.name) with \(Status(status)), which only queries and retrieves have")
        return
      }
      guard operation.state != .cancelling || operation.isHeardAfterCancel else { return }
      guard let matches = operation.matches else { return operation.onPending(response) }
      guard let dataSet else {
        handler.violated("it sent a \(words(response.command)) that cannot be read: it has no identifier")
        return
      }
      let bound = bound
      if !matches.add(dataSet, onRoom: { bound.execute { $0.goOn() } }) { hold() }
    } else if operation.state == .sending {
      operation.early = response
    } else {
      complete(operation, .success(response))
    }
  }

  private func report(
    _ command: CommandSet, _ contextID: UInt8, _ dataSet: ByteBuffer?, _ onReport: @escaping ReportHandler
  ) {
    let report: StorageCommitmentReport
    do throws(StatusError) {
      let syntax = TransferSyntax(uid: contexts[contextID]?.transferSyntax ?? .implicitVRLittleEndian)
      report = try StorageCommitmentReport(command, dataSet, syntax)
    } catch {
      handler.send(command.response(status: error.status), contextID: contextID)
      return
    }
    let bound = bound
    Task.detached {
      let status = await onReport(report)
      bound.execute { $0.handler.send(command.response(status: status), contextID: contextID) }
    }
  }

  /// Whoever takes the matches is slower than the peer: nothing is read until he has caught up, and nothing waited for.
  private func hold() {
    isHeld = true
    handler.pause()
    deadlines.end()
  }

  func goOn() {
    guard isHeld, end == nil else { return }
    isHeld = false
    if let current, current.state == .waiting { begin(.response(current.name)) }
    handler.resume()
  }

  private func words(_ command: CommandSet) -> String {
    command.field?.description ?? "command \(hexadecimal(command.commandField))"
  }
}
