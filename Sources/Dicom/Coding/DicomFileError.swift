#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why a file could not be read or written as DICOM.
public struct DicomFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// A call of the operating system failed with this `errno`.
    case system(call: String, code: Int32)
    /// It is a folder, a socket, a device.
    case notAFile
    /// Nothing at its beginning looks like a data set.
    case notDicom
    case dataSet(DataSetReadError)
  }

  public let path: String
  public let reason: Reason

  public var description: String {
    switch reason {
    case .system(let call, let code): "\(path): \(call) failed: \(String(cString: strerror(code)))."
    case .notAFile: "\(path) is not a file."
    case .notDicom: "\(path) is not a DICOM file: neither a preamble with DICM nor a data set at its beginning."
    case .dataSet(let error): "\(path): \(error)"
    }
  }
}
