import Dicom
import Foundation

/// What the administrator of a PACS must know of this fluoro: titles, addresses, port, certificate, SOP classes.
public struct StationIdentity: Sendable {
  private let configuration: Configuration
  private let host = ProcessInfo.processInfo.hostName
  private let addresses: [String]
  private let certificate: CertificateInformation?

  /// - Throws: ``OperationError`` when the certificate cannot be shown.
  public init(_ configuration: Configuration) throws(OperationError) {
    self.configuration = configuration
    addresses = Self.addresses(boundTo: configuration.dicomBindAddress)
    do throws(CertificateFileError) {
      certificate = try configuration.shownCertificate()
    } catch {
      throw OperationError(
        "the certificate cannot be shown: \(error.path.map { "\($0): " } ?? "")\(error.problem)")
    }
  }

  /// As text, with what to write into the configurations of Orthanc and DCMTK.
  public var lines: [String] {
    let address = addresses.first ?? host
    let title = configuration.dicomAET
    return [
      "AE title       \(configuration.ownAETitles.joined(separator: ", "))",
      "Port           \(configuration.dicomPort)",
      "Host           \(host)",
      "Addresses      \(addresses.joined(separator: ", "))",
      "Certificate    \(certificate.map { "\($0), valid until \($0.expiry)" } ?? "none: TLS is off")",
      "Offers         \(configuration.offeredWords)",
      "Storage        \(configuration.storageDirectory)",
      "Configuration  \(configuration.files.isEmpty ? "none" : configuration.files.joined(separator: ", "))",
      "",
      "For an orthanc.json, under DicomModalities:",
      "  \"fluoro\": [ \(JSONText.quoted(title)), \(JSONText.quoted(address)), \(configuration.dicomPort) ]",
      "For a dcmqrscp.cfg, in the HostTable:",
      "  fluoro = (\(title), \(address), \(configuration.dicomPort))",
    ]
  }

  public var json: JSONText.Value {
    .object([
      ("aet", .string(configuration.dicomAET)),
      ("aets", .array(configuration.ownAETitles.map(JSONText.Value.string))),
      ("port", .integer(configuration.dicomPort)), ("host", .string(host)),
      ("addresses", .array(addresses.map(JSONText.Value.string))),
      ("certificate", JSONText.Value(certificate?.description)),
      ("sopClasses", .array(configuration.offeredSOPClasses.map { .string($0.rawValue) })),
      ("storage", .string(configuration.storageDirectory)),
      ("configuration", .array(configuration.files.map(JSONText.Value.string))),
    ])
  }

  /// Where others reach us: the address we are bound to, or all of this machine but loopback's.
  private static func addresses(boundTo address: String) -> [String] {
    guard address == "0.0.0.0" || address == "::" else { return [address] }
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var found: [String] = []
    var next = first
    while let interface = next?.pointee {
      next = interface.ifa_next
      guard let socketAddress = interface.ifa_addr, interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0 else {
        continue
      }
      guard socketAddress.pointee.sa_family == sa_family_t(AF_INET) else { continue }
      var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let length = socklen_t(MemoryLayout<sockaddr_in>.size)
      if getnameinfo(socketAddress, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 {
        found.append(String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
    }
    return found
  }
}
