import Foundation
import NIOConcurrencyHelpers
import NIOCore

@testable import Dicom

/// Our own acceptor, writing what it gets into a folder: the `storescp` of the stories about the network alone.
final class FolderSCP: AcceptorDelegate {
  let folder: String
  let matches: [DataSet]
  private let requests = NIOLockedValueBox<[StoreRequest]>([])

  init(_ folder: String, matches: [DataSet] = []) {
    self.folder = folder
    self.matches = matches
  }

  var files: [String] { Workshop.files(below: folder) }
  var received: [StoreRequest] { requests.withLockedValue { $0 } }

  func evaluate(_ request: AssociateRequest) -> AssociateDecision {
    request.accepting(abstractSyntax: { _ in true }, transferSyntax: { _, _ in true })
  }

  func store(_ request: StoreRequest, _ association: AcceptedAssociation) -> StoreReception {
    requests.withLockedValue { $0.append(request) }
    return .receive(Receiver(request, path: "\(folder)/\(request.sopInstanceUID).dcm"))
  }

  func find(_ request: FindRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<DataSet, any Error>? {
    let matches = matches
    return AsyncThrowingStream { continuation in
      for match in matches { continuation.yield(match) }
      continuation.finish()
    }
  }

  func move(_ request: MoveRequest, _ association: AcceptedAssociation) -> AsyncThrowingStream<MoveProgress, any Error>?
  {
    AsyncThrowingStream { $0.finish(throwing: StatusError(.moveDestinationUnknown)) }
  }

  private final class Receiver: StoreReceiver {
    private let request: StoreRequest
    private let path: String
    private let bytes = NIOLockedValueBox(ByteBuffer())

    init(_ request: StoreRequest, path: String) {
      self.request = request
      self.path = path
    }

    func receive(_ bytes: ByteBuffer, onRoom: @escaping @Sendable () -> Void) throws -> Bool {
      self.bytes.withLockedValue { _ = $0.writeImmutableBuffer(bytes) }
      return true
    }

    func finish(_ respond: @escaping @Sendable (Status) -> Void) {
      var file = FileMetaInformation(
        mediaStorageSOPClassUID: request.sopClassUID, mediaStorageSOPInstanceUID: request.sopInstanceUID,
        transferSyntax: request.transferSyntax
      ).encoded()
      file.writeImmutableBuffer(bytes.withLockedValue { $0 })
      do {
        try Data(file.readableBytesView).write(to: URL(filePath: path))
        respond(.success)
      } catch {
        respond(Status.processingFailure.commented("\(error)"))
      }
    }

    func abandon() {}
  }
}

extension AssociationParameters {
  static func local(_ port: Int, called: String, _ contexts: [PresentationContextProposal]) -> AssociationParameters {
    AssociationParameters(
      host: "127.0.0.1", port: port, callingAETitle: "FLUORO", calledAETitle: called, presentationContexts: contexts)
  }
}

extension StoreSource {
  /// The data set of a file, as it is encoded there.
  init(file path: String) throws {
    let file = try DicomFile(path: path)
    self.init(
      path: path, offset: file.dataSetOffset,
      sopClassUID: file.metaInformation?.mediaStorageSOPClassUID ?? file.dataSet.uid(.sopClassUID) ?? "",
      sopInstanceUID: file.metaInformation?.mediaStorageSOPInstanceUID ?? file.dataSet.uid(.sopInstanceUID) ?? "",
      transferSyntax: file.transferSyntax.uid)
  }
}
