import Dicom
import Foundation
import LocalIndex
import Synchronization

/// The certificate each other side showed last, so that another one is noticed: a server by its address, whoever connects
/// to us by title and host: `certificates.json` in the storage folder.
/// It decides nothing; what is trusted says the configuration.
final class KnownCertificates: Sendable {
  struct Known: Codable, Hashable {
    var fingerprint: String
    var subject: String
    /// When it was first seen.
    var since: Date
  }

  static let fileName = "certificates.json"

  private let path: String
  private let mode: mode_t
  private let lock = Mutex(())

  init(storage: String, isShared: Bool) {
    path = storage + "/" + Self.fileName
    mode = isShared ? 0o660 : 0o600
  }

  /// Notes what the server at `address` shows. Answers the one before when that was another.
  ///
  /// - Throws: `DurableFile.Failure`; the change will be told again next time.
  func note(_ certificate: CertificateInformation, of address: String) throws -> Known? {
    try lock.withLock { _ in
      var all = read()
      let before = all[address]
      guard before?.fingerprint != certificate.fingerprint else { return nil }
      all[address] = Known(fingerprint: certificate.fingerprint, subject: certificate.subject, since: Date())
      let encoder = JSONEncoder()
      encoder.dateEncodingStrategy = .iso8601
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try DurableFile.write(Array(try encoder.encode(all)) + [0x0A], to: path, mode: mode)
      return before
    }
  }

  /// A file that is missing or damaged knows nobody.
  private func read() -> [String: Known] {
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return (try? decoder.decode([String: Known].self, from: data)) ?? [:]
  }
}

extension KnownCertificates {
  /// Remembers the certificate of whoever is known by `address`, and tells the activity when it is another than last time.
  /// - Returns: what it told.
  @discardableResult
  func tell(
    _ certificate: CertificateInformation, of address: String, named name: String, _ activity: ActivityLog
  ) -> String? {
    do {
      guard let before = try note(certificate, of: address) else { return nil }
      let words =
        "the certificate of \(name) has changed: since \(before.since.formatted(.iso8601)) it was "
        + "\(before.subject) (SHA-256 \(before.fingerprint)), now it is \(certificate)"
      activity.add(.warning, peer: name, words)
      return words
    } catch {
      let reason = (error as? DurableFile.Failure)?.reason ?? "\(error)"
      activity.add(.note, peer: name, "cannot remember its certificate: \(reason)")
      return nil
    }
  }
}

extension Station {
  /// Remembers the certificate a modality shows, and tells a person when it is another than last time.
  func note(_ tls: TLSInformation?, of modality: Modality, _ job: Job) {
    guard let certificate = tls?.certificate else { return }
    let host = modality.host.contains(":") ? "[\(modality.host)]" : modality.host
    let words = knownCertificates.tell(
      certificate, of: "\(host):\(modality.port)", named: modality.name, activity)
    if let words { job.remark(words) }
  }
}
