import Dicom

/// What this fluoro offers others, for whoever registers it at a PACS.
extension Configuration {
  /// The SOP classes our acceptor agrees to, of those PS3.6 knows, in its order.
  public var offeredSOPClasses: [UID] {
    let policy = ContextPolicy(self)
    return DataDictionary.uids(ofType: "SOP Class").filter(policy.isWanted)
  }

  /// `Verification, 173 storage classes, ...`: the storage classes are counted.
  public var offeredWords: String {
    let offered = offeredSOPClasses
    let storage = offered.count { ContextPolicy.isStorage($0) == true }
    let services = offered.filter { ContextPolicy.isStorage($0) != true }.map { $0.name ?? $0.rawValue }
    let others = unknownSOPClassAccepted ? ", and those it does not know" : ""
    return (services + ["\(Words.count(storage, "storage class", "storage classes"))\(others)"]).joined(separator: "; ")
  }

  /// The certificate others are shown; nil where TLS is off for those that connect to us.
  ///
  /// - Throws: `CertificateFileError` when it cannot be used.
  public func shownCertificate() throws(CertificateFileError) -> CertificateInformation? {
    guard tls.isEnabled else { return nil }
    return try TransportSecurity(
      CertificateFiles(
        certificate: tls.certificate, privateKey: tls.privateKey, trustedCertificates: tls.trustedCertificates)
    ).certificate
  }
}
