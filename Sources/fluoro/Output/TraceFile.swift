import Dicom
import Glibc
import Synchronization

/// `--trace`: what goes over the wire, in a file that only its owner reads: `.txt` for people, `.pcap` for Wireshark.
enum TraceFile {
  static let endings = [".txt", ".pcap"]

  static func open(_ path: String, showsValues: Bool) throws(Ending) -> any TraceObserver {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .usage("--trace \(path): \(String(cString: strerror(errno)))") }
    let hasFailed = Atomic(false)
    // An event is one write: several associations may trace at once. What cannot be written is said once.
    @Sendable func write(_ bytes: [UInt8]) {
      guard let error = writeAll(bytes, to: descriptor), !hasFailed.exchange(true, ordering: .relaxed) else { return }
      StandardError.say("--trace \(path): \(String(cString: strerror(error))); the trace is not complete")
    }
    if path.hasSuffix(".pcap") { return PacketCapture { write(Array($0.readableBytesView)) } }
    return TextTrace(showsValues: showsValues) { write(Array($0.utf8)) }
  }
}
