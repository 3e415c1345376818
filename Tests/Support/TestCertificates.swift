import Dicom
import Foundation

/// The certificates `Tests/certificates` makes, once for this process.
public enum TestCertificates {
  struct Failure: Error, CustomStringConvertible { let description: String }

  private static let made = Result { try make() }

  public static func path(_ name: String) throws -> String { try made.get().path + "/" + name }

  /// A certificate of those with its key, and whom its owner trusts.
  public static func security(
    _ name: String?, trusting trusted: String? = "ca.pem", _ demand: TransportSecurity.Demand
  ) throws -> ConnectionSecurity {
    let files = try CertificateFiles(
      certificate: name.map { try path($0 + ".pem") }, privateKey: name.map { try path($0 + ".key") },
      trustedCertificates: trusted.map { try path($0) })
    return ConnectionSecurity(try TransportSecurity(files), demand)
  }

  private static func make() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    atexit { (try? TestCertificates.made.get())?.remove() }
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../certificates").standardized
    let process = Process()
    process.executableURL = script
    process.arguments = [folder.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "\(script.path) failed") }
    return folder
  }
}
