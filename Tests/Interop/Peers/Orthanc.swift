import Foundation
import FoundationNetworking

/// Orthanc as Debian ships it, with a configuration of its own: free ports, a temporary storage, no password.
final class Orthanc: Sendable {
  let port: Int
  let httpPort: Int
  let aeTitle = "ORTHANC"
  let process: Subprocess

  /// - Parameter modalities: who it knows: name to AE title and port.
  init(
    in workshop: Workshop, modalities: [String: (aeTitle: String, port: Int)] = [:], settings: [String: Any] = [:]
  ) async throws {
    port = try Ports.free()
    httpPort = try Ports.free()
    let storage = try workshop.makeFolder("orthanc-\(port)")
    var configuration: [String: Any] = [
      "Name": "interop", "StorageDirectory": storage, "IndexDirectory": storage, "Plugins": [String](),
      "HttpPort": httpPort, "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
      "DicomAet": aeTitle, "DicomPort": port, "DicomAlwaysAllowFind": true, "DicomAlwaysAllowMove": true,
      "DicomAlwaysAllowGet": true,
      "DicomModalities": modalities.mapValues { [$0.aeTitle, "127.0.0.1", $0.port] as [Any] },
    ]
    configuration.merge(settings) { $1 }
    let data = try JSONSerialization.data(withJSONObject: configuration, options: [.prettyPrinted])
    let path = workshop.path("orthanc-\(port).json")
    try data.write(to: URL(filePath: path))
    process = try Subprocess("/usr/sbin/Orthanc", [path], in: workshop)
    try await Ports.awaitListening(port, process)
    try await Ports.awaitListening(httpPort, process)
  }

  func upload(_ paths: [String]) async throws {
    for path in paths {
      _ = try await request("POST", "/instances", body: try Data(contentsOf: URL(filePath: path)))
    }
  }

  /// The file of every instance it holds, as it would serve it, written into a folder.
  func download(into folder: String) async throws {
    for identifier in try await identifiers("instances") {
      let file = try await request("GET", "/instances/\(identifier)/file")
      try file.write(to: URL(filePath: "\(folder)/\(identifier).dcm"))
    }
  }

  /// `level`: patients, studies, series or instances.
  func identifiers(_ level: String) async throws -> [String] {
    let data = try await request("GET", "/\(level)")
    return try JSONSerialization.jsonObject(with: data) as? [String] ?? []
  }

  func request(_ method: String, _ path: String, body: Data? = nil) async throws -> Data {
    guard let url = URL(string: "http://127.0.0.1:\(httpPort)\(path)") else { throw PeerProblem("no URL: \(path)") }
    var request = URLRequest(url: url, timeoutInterval: 30)
    request.httpMethod = method
    request.httpBody = body
    let (data, response) = try await URLSession.shared.data(for: request)
    let status = (response as? HTTPURLResponse)?.statusCode ?? 0
    guard status == 200 else {
      throw PeerProblem("Orthanc: \(method) \(path): \(status) \(String(decoding: data, as: UTF8.self))")
    }
    return data
  }
}
