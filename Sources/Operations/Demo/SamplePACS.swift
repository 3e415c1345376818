import Dicom
import Foundation
import LocalIndex

/// A PACS in this process for `fluoro demo`: a second station with its own temporary storage, filled with synthetic
/// studies, on free loopback ports; beside it peers that fail in instructive ways.
public final class SamplePACS: Sendable {
  /// The PACS itself.
  public let station: Station
  /// For the station in front: its modalities are the PACS and the peers that fail.
  public let frontConfiguration: Configuration
  /// How many instances the PACS holds.
  public let instances: Int
  private let folder: String
  private let silent: HeldPort
  private let refusing: HeldPort

  public static let aeTitle = "SAMPLEPACS"

  /// Makes the storage, fills it and listens.
  ///
  /// - Throws: `StorageError` where the temporary folder cannot be used, ``OperationError`` where no port can be had.
  public static func start() async throws -> SamplePACS {
    let folder = NSTemporaryDirectory() + "fluoro-demo-\(UUID().uuidString.prefix(8))"
    do {
      return try await SamplePACS(folder: folder)
    } catch {
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  private init(folder: String) async throws {
    self.folder = folder
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    silent = try HeldPort(listening: true)
    refusing = try HeldPort(listening: false)
    let frontPort = try HeldPort.free()

    var configuration = Configuration(storageDirectory: folder + "/pacs")
    configuration.dicomAET = Self.aeTitle
    configuration.dicomBindAddress = "127.0.0.1"
    configuration.dicomPort = 0
    configuration.checkCalledAET = true
    configuration.alwaysAllowed = [.echo, .find, .move, .store]
    configuration.durability = .none
    var front = Configuration(storageDirectory: folder + "/front")
    front.dicomBindAddress = "127.0.0.1"
    front.dicomPort = frontPort
    configuration.modalities = [
      Modality(name: "FLUORO", aeTitle: front.dicomAET, host: "127.0.0.1", port: frontPort)
    ]
    station = try Station(configuration: configuration)
    let index = try station.index
    instances = try await Blocking.run { try SampleStudies.install(into: index) }
    guard case .listening(let port, _) = await station.startReceiving() else {
      throw OperationError("the sample PACS cannot listen: \(station.scp.words)")
    }
    front.modalities = [
      Modality(name: Self.aeTitle, aeTitle: Self.aeTitle, host: "127.0.0.1", port: port),
      Modality(name: "WRONGTITLE", aeTitle: "OTHERPACS", host: "127.0.0.1", port: port),
      Modality(name: "REFUSES", aeTitle: "REFUSES", host: "127.0.0.1", port: refusing.port),
      Modality(name: "SILENT", aeTitle: "SILENT", host: "127.0.0.1", port: silent.port),
    ]
    frontConfiguration = front
  }

  /// Ends the PACS and removes both temporary storages. The station in front must have been shut down.
  public func stop() async {
    await station.shutdown()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
