import Dicom
import LocalIndex
import NIOCore
import Synchronization

/// Takes instances: who may send them, where they go, what is answered.
final class StoreService: Sendable {
  private let index: LocalIndex
  private let peers: PeerDirectory
  private let moves: MovesInFlight
  private let activity: ActivityLog
  private let room: StorageRoom

  init(_ index: LocalIndex, _ peers: PeerDirectory, _ moves: MovesInFlight, _ activity: ActivityLog) {
    self.index = index
    self.peers = peers
    self.moves = moves
    self.activity = activity
    room = StorageRoom(index, peers, activity)
  }

  /// An instance that another station stores with us.
  func receive(
    _ request: StoreRequest, _ association: AcceptedAssociation, _ tally: Tally, refuse: () -> Status
  ) -> StoreReception {
    let configuration = peers.configuration
    let named = moves.named(
      request.moveOriginatorAETitle, request.moveOriginatorMessageID, isSame: configuration.isSameAETitle)
    guard named != nil || isAllowed(association) else { return .refuse(refuse()) }
    return receive(
      request, from: association.callingAETitle, to: association.calledAETitle, peer: EmbeddedSCP.peer(association),
      tally, named ?? unnamed(request, association))
  }

  /// An instance of a C-GET of ours.
  func receive(
    _ request: StoreRequest, from modality: Modality, as localAET: String, for retrieve: MoveInFlight
  ) -> StoreReception {
    receive(request, from: modality.aeTitle, to: localAET, peer: modality.name, nil, retrieve)
  }

  private func receive(
    _ request: StoreRequest, from sender: String, to receiver: String, peer: String, _ tally: Tally?,
    _ move: MoveInFlight?
  ) -> StoreReception {
    if room.isFull {
      tally?.noteFailure()
      // Another process may have deleted something: the next one will know.
      Blocking.queue.async { [room] in room.recountIfFull() }
      return .refuse(.storageIsFull)
    }
    do {
      let incoming = try index.begin(
        ReceptionDescription(
          sopClassUID: request.sopClassUID, sopInstanceUID: request.sopInstanceUID,
          transferSyntaxUID: request.transferSyntax, sendingAETitle: sender, receivingAETitle: receiver))
      move?.begin()
      return .receive(
        InstanceReceiver(incoming, request.sopInstanceUID.rawValue, room, move, tally) { [self] result in
          note(result, peer)
        })
    } catch {
      tally?.noteFailure()
      note(.failure(error), peer)
      return .refuse(Self.status(error))
    }
  }

  /// A configured title or host whose modality may, or both under `DicomCheckModalityHost`; a title a person allowed.
  private func isAllowed(_ association: AcceptedAssociation) -> Bool {
    if peers.configuration.alwaysAllowed.contains(.store) || peers.isAllowedTitle(association.callingAETitle) {
      return true
    }
    return peers.modalities(aeTitleOrHost: association.callingAETitle, address: association.remoteAddress)
      .contains { $0.allowed.contains(.store) }
  }

  /// The move of an instance that is taken in any case: not every station names the C-MOVE it sends for, and pynetdicom
  /// names itself as its originator, with our message id.
  private func unnamed(_ request: StoreRequest, _ association: AcceptedAssociation) -> MoveInFlight? {
    let configuration = peers.configuration
    if let title = request.moveOriginatorAETitle,
      !configuration.isSameAETitle(title, association.callingAETitle)
    {
      return nil
    }
    let messageID = request.moveOriginatorAETitle == nil ? nil : request.moveOriginatorMessageID
    return moves.from(messageID: messageID) { modality in
      configuration.isSameAETitle(modality.aeTitle, association.callingAETitle)
        || peers.isHost(association.remoteAddress, of: modality)
    }
  }

  private func note(_ result: Result<StoredInstance, any Error>, _ peer: String) {
    switch result {
    case .success(let instance):
      if instance.isNewVersion {
        activity.add(
          .note, peer: peer, "another data set came under the identity of a stored instance; both are kept",
          details: [instance.sopInstanceUID.rawValue])
      }
    case .failure(let error):
      activity.add(.result, peer: peer, "an instance was not stored: \(error)")
    }
  }

  static func status(_ error: any Error) -> Status {
    guard let error = error as? StorageError else {
      return Status(0x0110, service: .storage, errorComment: "the instance could not be stored")
    }
    return Status(error.storeStatusCode, service: .storage, errorComment: error.comment)
  }
}

/// One instance on its way to the index.
private final class InstanceReceiver: StoreReceiver {
  private let incoming: IncomingInstance
  private let sopInstanceUID: String
  private let room: StorageRoom
  private let move: MoveInFlight?
  private let tally: Tally?
  private let onEnd: @Sendable (Result<StoredInstance, any Error>) -> Void
  private let bytes = Mutex(0)

  init(
    _ incoming: IncomingInstance, _ sopInstanceUID: String, _ room: StorageRoom, _ move: MoveInFlight?, _ tally: Tally?,
    _ onEnd: @escaping @Sendable (Result<StoredInstance, any Error>) -> Void
  ) {
    self.incoming = incoming
    self.sopInstanceUID = sopInstanceUID
    self.room = room
    self.move = move
    self.tally = tally
    self.onEnd = onEnd
  }

  func receive(_ slice: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool {
    bytes.withLock { $0 += slice.readableBytes }
    move?.touch()
    do {
      return try incoming.write(slice) { [move] in
        move?.touch()
        onRoom()
      }
    } catch {
      onEnd(.failure(error))
      throw StatusError(StoreService.status(error))
    }
  }

  /// The answer leaves when the instance would survive a power cut; its file and its place in the index follow.
  func finish(_ respond: @escaping @Sendable (Status) -> Void) {
    move?.settling()
    settle { [move] status in
      move?.settled()
      respond(status)
    }
  }

  private func settle(_ respond: @escaping @Sendable (Status) -> Void) {
    let count = bytes.withLock { $0 }
    guard room.isShort(of: count) else { return commit(respond) }
    room.make(count, sparing: incoming.study) { [self] isThere in
      if isThere { return commit(respond) }
      abandon()
      respond(.storageIsFull)
    }
  }

  private func commit(_ respond: @escaping @Sendable (Status) -> Void) {
    let count = bytes.withLock { $0 }
    incoming.commit(
      durable: { [self] result in
        switch result {
        case .success:
          room.add(count)
          tally?.noteInstance(bytes: count)
          respond(.success)
          move?.end(sopInstanceUID, bytes: count)
        case .failure(let error):
          tally?.noteFailure()
          respond(StoreService.status(error))
          move?.end(sopInstanceUID, bytes: nil)
        }
      },
      stored: { [self] result in
        // What the file is longer than its data set; or there is none, since it was here already.
        if case .success(let instance) = result {
          room.add((instance.novelty == .identical ? 0 : instance.bytes) - count)
        }
        onEnd(result)
      })
  }

  func abandon() {
    incoming.abandon()
    tally?.noteFailure()
    move?.end(sopInstanceUID, bytes: nil)
  }
}

extension Status {
  /// `MaximumStorageSize` leaves no room.
  fileprivate static let storageIsFull = Status.outOfResources.commented("MaximumStorageSize is reached")
}
