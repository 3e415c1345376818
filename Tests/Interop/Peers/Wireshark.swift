import Foundation

/// Wireshark's dissector without its windows, as a second opinion on captures.
enum Wireshark {
  /// One line a packet: what the dissector makes of it. `filter` is one for display.
  static func summaries(_ capture: String, filter: String = "dicom", in workshop: Workshop) async throws -> [String] {
    let read = try await Subprocess.run(
      "/usr/bin/tshark",
      [
        "-r", capture, "-Y", filter, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields",
        "-e", "_ws.col.Info",
      ], in: workshop)
    guard read.status == 0 else { throw PeerProblem("tshark: \(read.errors)") }
    return read.output.split(separator: "\n").map(String.init)
  }

  /// Packets with something wrong: a checksum, a sequence number, a structure the dissector does not understand.
  static func faults(_ capture: String, in workshop: Workshop) async throws -> [String] {
    let filter = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0"
    return try await summaries(capture, filter: filter, in: workshop)
  }
}
