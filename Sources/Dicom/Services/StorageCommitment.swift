import NIOCore

/// An instance as one refers to it: its class and itself.
public struct SOPReference: Hashable, Sendable {
  public var sopClassUID: UID
  public var sopInstanceUID: UID

  public init(sopClassUID: UID, sopInstanceUID: UID) {
    self.sopClassUID = sopClassUID
    self.sopInstanceUID = sopInstanceUID
  }
}

/// What a station says it will keep, and what not: the N-EVENT-REPORT of the Storage Commitment Push Model,
/// PS3.4 §J.3.3.
public struct StorageCommitmentReport: Hashable, Sendable {
  public struct Failure: Hashable, Sendable {
    public var reference: SOPReference
    /// (0008,1197), PS3.3 §C.14.1.1.
    public var reason: Status

    public init(reference: SOPReference, reason: Status) {
      self.reference = reference
      self.reason = reason
    }
  }

  public var transactionUID: UID
  public var committed: [SOPReference]
  public var failed: [Failure]

  public init(transactionUID: UID, committed: [SOPReference], failed: [Failure] = []) {
    self.transactionUID = transactionUID
    self.committed = committed
    self.failed = failed
  }

  /// - Throws: `StatusError`, what to answer to a report that is none (PS3.7 §10.1.1.1.8).
  init(_ command: CommandSet, _ bytes: ByteBuffer?, _ transferSyntax: TransferSyntax) throws(StatusError) {
    guard command.affectedSOPClassUID == .storageCommitmentPushModel else {
      throw StatusError(Status(0x0118))
    }
    // 1: all is kept. 2: some is not.
    guard command.eventTypeID == 1 || command.eventTypeID == 2 else { throw StatusError(Status(0x0113)) }
    guard let bytes, let dataSet = try? DataSetReader.read(bytes, transferSyntax: transferSyntax),
      let transaction = dataSet.uid(.transactionUID)
    else { throw StatusError(Status(0x0115, errorComment: "no Transaction UID")) }
    self.init(
      transactionUID: transaction, committed: dataSet.items(.referencedSOPSequence).compactMap(SOPReference.init),
      failed: dataSet.items(.failedSOPSequence).compactMap { item in
        guard let reference = SOPReference(item) else { return nil }
        let reason = UInt16(clamping: item.integer(.failureReason) ?? 0x0110)
        return Failure(reference: reference, reason: Status(reason, service: .storageCommitment))
      })
  }
}

extension SOPReference {
  /// An item with (0008,1150) and (0008,1155).
  init?(_ item: DataSet) {
    guard let instance = item.uid(.referencedSOPInstanceUID) else { return nil }
    self.init(sopClassUID: item.uid(.referencedSOPClassUID) ?? "", sopInstanceUID: instance)
  }

  var item: DataSet {
    var item = DataSet()
    item.set(.referencedSOPClassUID, sopClassUID)
    item.set(.referencedSOPInstanceUID, sopInstanceUID)
    return item
  }
}

/// Storage commitment as SCU, PS3.4 §J.3.2.
extension Association {
  /// N-ACTION: asks to keep these instances. The answer only says whether the request was taken; the report on it comes
  /// later, over this association or over one that the peer opens.
  ///
  /// - Parameters:
  ///   - references: the instances.
  ///   - transactionUID: new, and never used for another request.
  public func requestCommitment(_ references: [SOPReference], transactionUID: UID) async throws -> Status {
    let id = allocateMessageID()
    let context = try context(for: .storageCommitmentPushModel, .commit)
    var command = CommandSet(.nActionRequest)
    command.messageID = id
    command.requestedSOPClassUID = .storageCommitmentPushModel
    command.requestedSOPInstanceUID = .storageCommitmentPushModelInstance
    command.actionTypeID = 1
    command.hasDataSet = true
    var dataSet = DataSet()
    dataSet.set(.transactionUID, transactionUID)
    dataSet.set(.referencedSOPSequence, items: references.map(\.item))
    var request = OutgoingRequest(phase: .commit, contextID: context.id, command: command, messageID: id)
    request.body = .dataSet(
      try DataSetWriter.write(dataSet, transferSyntax: TransferSyntax(uid: context.transferSyntax)))
    return try await perform(request).status
  }

  /// From now on reports on storage commitment that come over this association are given to `handler`, whose status is
  /// the answer. Without one they are refused.
  public func onCommitmentReport(_ handler: @escaping @Sendable (StorageCommitmentReport) async -> Status) {
    setReportHandler(handler)
  }
}
