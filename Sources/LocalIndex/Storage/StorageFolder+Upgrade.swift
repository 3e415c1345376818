#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension StorageFolder {
  /// Brings a folder of an earlier format to this one. Each step may be repeated: what ends halfway is done again.
  func upgrade(from written: Int) throws {
    guard written < Self.format else { return }
    if written < 2 { try moveUp() }
    try writeMarker()
  }

  /// Format 1 had a second level of folders, `instances/aa/bb/<id>.dcm`.
  private func moveUp() throws {
    for first in try Posix.names(in: instancesPath) where first.utf8.count == 2 {
      let above = instancesPath + "/" + first
      for second in try Posix.names(in: above) where second.utf8.count == 2 {
        let folder = above + "/" + second
        for name in try Posix.names(in: folder) where Self.parse(name) != nil {
          guard rename(folder + "/" + name, above + "/" + name) == 0 else {
            throw StorageError.posix(errno, "move", folder + "/" + name)
          }
        }
        rmdir(folder)
      }
      try Posix.syncFolder(above)
    }
  }
}
