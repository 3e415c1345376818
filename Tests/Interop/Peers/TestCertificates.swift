import Foundation

/// What `Tests/certificates` makes, for one story.
struct TestCertificates {
  private let folder: String

  init(in workshop: Workshop) async throws {
    folder = try workshop.makeFolder("certificates")
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../certificates").standardized
    let made = try await Subprocess.run(script.path, [folder], in: workshop)
    guard made.status == 0 else { throw PeerProblem("\(script.path): \(made.errors)") }
  }

  func path(_ name: String) -> String { folder + "/" + name }

  /// Options of DCMTK's programs: with this certificate, trusting those.
  func toolkit(_ name: String, trusting trusted: String = "ca.pem") -> [String] {
    ["+tls", path(name + ".key"), path(name + ".pem"), "+cf", path(trusted)]
  }

  /// The keys of a configuration, Orthanc's or ours.
  func settings(_ name: String, trusting trusted: String = "ca.pem", isEnabled: Bool = true) -> [String: Any] {
    [
      "DicomTlsEnabled": isEnabled, "DicomTlsCertificate": path(name + ".pem"),
      "DicomTlsPrivateKey": path(name + ".key"), "DicomTlsTrustedCertificates": path(trusted),
    ]
  }

  /// A modality of a configuration that is reached by TLS.
  static func modality(_ aeTitle: String, _ port: Int, _ more: [String: Any] = [:]) -> [String: Any] {
    ["AET": aeTitle, "Host": "127.0.0.1", "Port": port, "UseDicomTls": true].merging(more) { $1 }
  }
}
