import Dicom
import Glibc

/// `--trace`: a line for each PDU and message, in a file that only its owner reads.
enum TraceFile {
  static func open(_ path: String) throws(Ending) -> any TraceObserver {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .usage("--trace \(path): \(String(cString: strerror(errno)))") }
    // A line is one write: several associations may trace at once.
    return TextTrace { line in _ = writeAll(Array((line + "\n").utf8), to: descriptor) }
  }
}
