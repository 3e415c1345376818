import Dicom
import Foundation
import Synchronization

/// Recognises stations that connect to us: by AE title, and by the addresses of the configured hosts, which are
/// resolved beforehand because nothing may block on an event loop.
final class PeerDirectory: Sendable {
  private struct State {
    var configuration: Configuration
    var addresses: [String: Set<String>] = [:]
    /// Titles we answer to beside the configured ones.
    var ownTitles: [String] = []
    /// Titles a person has allowed to store, beside the configuration.
    var allowedTitles: Set<String> = []
  }

  private let state: Mutex<State>
  let certificates: Certificates

  /// - Parameter onNews: told of certificates that were renewed.
  init(_ configuration: Configuration, onNews: @escaping @Sendable (String) -> Void = { _ in }) {
    state = Mutex(State(configuration: configuration))
    certificates = Certificates(onNews: onNews)
  }

  var configuration: Configuration { state.withLock { $0.configuration } }
  var allowedTitles: Set<String> { state.withLock { $0.allowedTitles } }

  /// Every title we answer to.
  var ownTitles: [String] {
    state.withLock { state in
      let configured = state.configuration.ownAETitles
      return configured + state.ownTitles.filter { !configured.contains($0) }
    }
  }

  func answer(to aeTitle: String) {
    state.withLock { state in
      let known = state.configuration.ownAETitles + state.ownTitles
      if !known.contains(where: { state.configuration.isSameAETitle($0, aeTitle) }) { state.ownTitles.append(aeTitle) }
    }
  }

  func use(_ configuration: Configuration) { state.withLock { $0.configuration = configuration } }
  func allow(_ aeTitle: String) { state.withLock { _ = $0.allowedTitles.insert(aeTitle) } }
  func forbid(_ aeTitle: String) { state.withLock { _ = $0.allowedTitles.remove(aeTitle) } }

  /// Looks up the hosts' addresses; takes as long as the name server takes.
  func resolveHosts() {
    for host in Set(configuration.modalities.map(\.host)) {
      let addresses = Self.addresses(of: host)
      state.withLock { $0.addresses[host] = addresses }
    }
  }

  /// Whether a station is the one that `modality` describes.
  func isHost(_ address: String, of modality: Modality) -> Bool {
    let address = Self.plain(address)
    if modality.host == address { return true }
    return state.withLock { $0.addresses[modality.host]?.contains(address) ?? false }
  }

  /// The configured modalities a peer may be: by title, and under `DicomCheckModalityHost` by host too.
  func modalities(aeTitle: String, address: String) -> [Modality] {
    let configuration = configuration
    return configuration.modalities.filter {
      configuration.isSameAETitle($0.aeTitle, aeTitle)
        && (!configuration.checkModalityHost || isHost(address, of: $0))
    }
  }

  /// Those by title or by host; both must match under `DicomCheckModalityHost`.
  func modalities(aeTitleOrHost aeTitle: String, address: String) -> [Modality] {
    let configuration = configuration
    if configuration.checkModalityHost { return modalities(aeTitle: aeTitle, address: address) }
    return configuration.modalities.filter {
      configuration.isSameAETitle($0.aeTitle, aeTitle) || isHost(address, of: $0)
    }
  }

  func isAllowedTitle(_ aeTitle: String) -> Bool {
    let configuration = configuration
    return allowedTitles.contains { configuration.isSameAETitle($0, aeTitle) }
  }

  /// An address without its port, an IPv4 address in IPv6 clothes as IPv4.
  static func plain(_ address: String) -> String {
    var text = address[...]
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      text = text[text.index(after: text.startIndex)..<end]
    } else if let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon {
      text = text[..<colon]
    }
    if text.lowercased().hasPrefix("::ffff:"), text.contains(".") { text = text.dropFirst(7) }
    return String(text)
  }

  private static func addresses(of host: String) -> Set<String> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var addresses: Set<String> = []
    var next = list
    while let entry = next?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      if getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
        addresses.insert(plain(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)))
      }
      next = entry.ai_next
    }
    return addresses
  }
}
