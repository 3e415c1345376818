import NIOCore

/// A C-STORE whose data set is arriving, on either side of an association: from its command to its answer. Lives on the
/// event loop.
final class IncomingStore {
  let command: CommandSet
  let contextID: UInt8
  private var receiver: (any StoreReceiver)?
  /// It is not wanted, or could not be taken: the answer, once its data set has gone by.
  private(set) var refusal: Status?
  /// Goes on when the receiver, which is busy, has room again; it must not be called before.
  private var onRoom: (() -> Void)?
  private var isUnwanted = false

  /// - Parameter decide: asked whether the instance is wanted, unless its command is wrong already.
  init(_ command: CommandSet, _ context: AcceptedContext, _ decide: (StoreRequest) -> StoreReception) {
    self.command = command
    contextID = context.id
    guard let sopClass = command.affectedSOPClassUID, let sopInstance = command.affectedSOPInstanceUID,
      let messageID = command.messageID
    else {
      refusal = Status(0x0120, errorComment: "SOP class or instance UID missing")
      return
    }
    guard context.abstractSyntax.isStorageLike else {
      refusal = .sopClassNotSupported
      return
    }
    let request = StoreRequest(
      sopClassUID: sopClass, sopInstanceUID: sopInstance, transferSyntax: context.transferSyntax,
      messageID: messageID, moveOriginatorAETitle: command.moveOriginatorAETitle,
      moveOriginatorMessageID: command.moveOriginatorMessageID)
    switch decide(request) {
    case .receive(let receiver): self.receiver = receiver
    case .refuse(let status): refusal = status
    }
  }

  /// Takes the next bytes of the data set, or throws them away.
  /// - Returns: false when that takes longer; `onRoom` is then called on the event loop, unless it was abandoned meanwhile.
  func receive(_ data: ByteBuffer, on eventLoop: any EventLoop, onRoom: @escaping () -> Void) -> Bool {
    guard let receiver else { return true }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    do {
      let hasRoom = try receiver.receive(data) { eventLoop.execute { bound.value.hasRoom() } }
      if !hasRoom { self.onRoom = onRoom }
      return hasRoom
    } catch {
      abandon()
      refusal = (error as? StatusError)?.status ?? Status.processingFailure.commented("\(error)")
      return true
    }
  }

  private func hasRoom() {
    let goOn = onRoom
    onRoom = nil
    if isUnwanted { abandon() } else { goOn?() }
  }

  /// The data set is complete; only for one that is not refused.
  func finish(_ respond: @escaping @Sendable (Status) -> Void) {
    guard let receiver else { return respond(refusal ?? .processingFailure) }
    self.receiver = nil
    receiver.finish(respond)
  }

  /// The data set will not be completed.
  func abandon() {
    isUnwanted = true
    guard onRoom == nil else { return }
    receiver?.abandon()
    receiver = nil
  }
}

extension UID {
  /// Whether instances could be stored in a presentation context of this abstract syntax: whatever is not one of the
  /// services without instances, since private SOP classes are welcome.
  var isStorageLike: Bool {
    self != .verification && !rawValue.hasPrefix("1.2.840.10008.5.1.4.1.2.") && self != .worklistFind
      && self != .storageCommitmentPushModel
  }
}
