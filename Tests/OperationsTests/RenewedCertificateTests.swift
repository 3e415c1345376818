import Dicom
import Foundation
import Testing

@testable import Operations

@Suite("Certificates that are renewed")
struct RenewedCertificateTests {
  /// Puts a certificate and its key where a configuration says they are.
  private func install(_ name: String, in folder: TemporaryFolder, as own: String) throws {
    for ending in [".pem", ".key"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: TestCertificates.path(name + ending)))
      try bytes.write(to: URL(fileURLWithPath: "\(folder.path)/\(own)\(ending)"), options: .atomic)
    }
  }

  private func configuration(_ own: String, _ folder: TemporaryFolder) throws -> Configuration {
    var configuration = Configuration(storageDirectory: "\(folder.path)/storage-\(own)")
    configuration.dicomBindAddress = "127.0.0.1"
    configuration.dicomPort = 0
    configuration.tls.isEnabled = true
    configuration.tls.certificate = "\(folder.path)/\(own).pem"
    configuration.tls.privateKey = "\(folder.path)/\(own).key"
    configuration.tls.trustedCertificates = try TestCertificates.path("ca.pem")
    return configuration
  }

  @Test("Both sides use a new certificate from the next association on, and both tell that the other's has changed")
  func renewed() async throws {
    let folder = try TemporaryFolder()
    try install("pacs", in: folder, as: "theirs")
    try install("fluoro", in: folder, as: "ours")
    let pacs = try Station(configuration: configuration("theirs", folder))
    guard case .listening(let port, _) = await pacs.startReceiving() else { throw CancellationError() }
    let front = try Station(configuration: configuration("ours", folder))
    var modality = Modality(name: "PACS", aeTitle: "FLUORO", host: "127.0.0.1", port: port)
    modality.useDicomTLS = true
    let first = try await front.echo(modality).value()
    #expect(first.isOK && first.tls?.certificate?.subject.contains("CN=pacs") == true)

    try install("rsa", in: folder, as: "theirs")
    try install("impostor", in: folder, as: "ours")
    #expect(try await !front.echo(modality).value().isOK, "ours is looked at as well: it is nobody's they trust")
    try install("pacs", in: folder, as: "ours")
    let second = front.echo(modality)
    let result = try await second.value()
    #expect(result.isOK && result.tls?.certificate?.subject.contains("CN=rsa") == true)
    #expect(front.activity.entries.contains { $0.words.contains("the certificate of PACS has changed") })
    #expect(pacs.activity.entries.contains { $0.words.contains("the certificates were read again") })
    // What they know of us is written on a thread of its own.
    while !pacs.activity.entries.contains(where: { $0.words.contains("the certificate of FLUORO has changed") }) {
      await Task.yield()
    }

    // Amid a renewal, with a key that does not belong to the certificate, the former ones serve on.
    try FileManager.default.removeItem(atPath: "\(folder.path)/theirs.key")
    #expect(try await front.echo(modality).value().isOK)
    #expect(pacs.activity.entries.contains { $0.words.contains("what was read before serves on") })
    await front.shutdown()
    await pacs.shutdown()
  }
}
