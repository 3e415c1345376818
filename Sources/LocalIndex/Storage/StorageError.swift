import Dicom

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why the storage folder, a file in it or an instance for it was not taken. The description is one sentence for a
/// person: what was found, where, and what to try.
public struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// The folder holds files and none says it is fluoro's.
    case notOurs
    /// The folder was written by a later fluoro.
    case newerFormat
    /// There is a file where the folder should be.
    case notAFolder
    case readOnly
    case permissionDenied
    /// No space, no quota or no inodes are left.
    case full
    /// The folder lies on a file system of another machine, on which SQLite cannot lock.
    case networkFileSystem
    case unknownGroup
    /// One of the three UIDs that identify an instance is absent or empty.
    case missingIdentifier(Tag)
    /// The bytes are not a DICOM file or data set.
    case notDicom
    case inputOutput(Int32)
    case index
    /// One of the two databases is none, or not whole.
    case damaged
    /// The index or the instance was closed already.
    case closed
  }

  public let reason: Reason
  public let description: String

  public init(_ reason: Reason, _ description: String) {
    self.reason = reason
    self.description = description
  }

  /// The C-STORE status that tells the sender (PS3.4 Table B.2-1): out of resources, data set does not match, cannot
  /// understand, or processing failure.
  public var storeStatusCode: UInt16 {
    switch reason {
    case .missingIdentifier: 0xA900
    case .notDicom: 0xC000
    case .full, .readOnly, .permissionDenied, .inputOutput, .index, .damaged: 0xA700
    default: 0x0110
    }
  }

  /// A few words for whoever sent the instance, at most 64 characters as (0000,0902) has; what they need not know of this
  /// machine is not in them.
  public var comment: String {
    switch reason {
    case .missingIdentifier(let tag): "\(tag.keyword ?? tag.description) is missing"
    case .notDicom: "the data set cannot be read"
    case .full: "the disk is full"
    case .readOnly: "the storage is read-only"
    case .permissionDenied: "the storage cannot be written"
    case .inputOutput(let code): "the disk failed: \(String(cString: strerror(code)))"
    case .index, .damaged: "the index cannot be written"
    default: "the instance could not be stored"
    }
  }

  /// What `errno` says about `path` while `doing` something to it ("write", "open").
  static func posix(_ code: Int32, _ doing: String, _ path: String) -> StorageError {
    switch code {
    case ENOSPC, EDQUOT:
      StorageError(.full, "The disk that holds \(path) is full: nothing more is stored until space is freed.")
    case EROFS:
      StorageError(.readOnly, "\(path) lies on a read-only file system; choose another folder with --storage.")
    case EACCES, EPERM:
      StorageError(
        .permissionDenied,
        "No permission to \(doing) \(path); check its owner and mode, or choose another with --storage.")
    case ENOTDIR:
      StorageError(.notAFolder, "\(path) is not a folder; choose another with --storage.")
    default:
      StorageError(.inputOutput(code), "Could not \(doing) \(path): \(String(cString: strerror(code))).")
    }
  }
}
