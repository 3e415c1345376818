import Dicom
import Foundation
import Testing

@testable import LocalIndex

/// What the storage folder accepts, and what it leaves alone.
@Suite struct StorageFolderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("a new folder is ours alone") func permissions() throws {
    let index = try LocalIndex(storage: folder.path + "/a/b/storage")
    let stored = try index.receive(makeDataSet())
    #expect(try mode(index.path) == 0o700)
    for name in try FileManager.default.subpathsOfDirectory(atPath: index.path) {
      let information = try Posix.information(index.path + "/" + name)
      #expect(Int(information.st_mode & 0o777) == (Posix.isFolder(information) ? 0o700 : 0o600), "\(name)")
    }
    #expect(try mode(stored.path) == 0o600)
  }

  @Test("a group shares it where one is named") func group() throws {
    guard let group = getgrgid(getgid()), geteuid() == 0 || getgid() == getegid() else { return }
    let name = String(cString: group.pointee.gr_name)
    let index = try LocalIndex(storage: folder.storage, options: StorageOptions(group: name))
    let stored = try index.receive(makeDataSet())
    #expect(try mode(index.path) == 0o2770)
    #expect(try mode(URL(fileURLWithPath: stored.path).deletingLastPathComponent().path) == 0o2770)
    #expect(try mode(stored.path) == 0o660)
    #expect(try mode(index.path + "/index.sqlite") == 0o660)
    #expect(try mode(index.path + "/index.sqlite-wal") == 0o660)
  }

  @Test("a group that does not exist is named") func unknownGroup() throws {
    let error = #expect(throws: StorageError.self) {
      try LocalIndex(storage: folder.storage, options: StorageOptions(group: "no-such-group-here"))
    }
    #expect(error?.reason == .unknownGroup)
    #expect(error?.description.contains("no-such-group-here") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.storage))
  }

  @Test("a folder with other files is refused and stays as it is") func foreign() throws {
    let path = folder.path + "/other"
    try FileManager.default.createDirectory(atPath: path + "/sub", withIntermediateDirectories: true)
    try Data("hello".utf8).write(to: URL(fileURLWithPath: path + "/index.sqlite"))
    chmod(path, 0o755)
    let before = try snapshot(path)
    let error = #expect(throws: StorageError.self) { try LocalIndex(storage: path) }
    #expect(error?.reason == .notOurs)
    #expect(error?.description.contains("--storage") == true)
    #expect(try snapshot(path) == before)
    #expect(try mode(path) == 0o755)
  }

  @Test("a file in its place is refused") func file() throws {
    try Data("hello".utf8).write(to: URL(fileURLWithPath: folder.storage))
    let error = #expect(throws: StorageError.self) { try LocalIndex(storage: folder.storage) }
    #expect(error?.reason == .notAFolder)
  }

  @Test("what a later version wrote is refused") func later() throws {
    try LocalIndex(storage: folder.storage).close()
    let marker = folder.storage + "/" + StorageFolder.markerName
    try Data("format 99\n".utf8).write(to: URL(fileURLWithPath: marker))
    let error = #expect(throws: StorageError.self) { try LocalIndex(storage: folder.storage) }
    #expect(error?.reason == .newerFormat)
  }

  @Test("the folders of format 1 are brought up to date; what ended halfway is done again") func upgrade() throws {
    let index = try LocalIndex(storage: folder.storage)
    let (one, two) = (try index.receive(makeDataSet()), try index.receive(makeDataSet(instance: "1.2.3.1.2")))
    let before = try HousekeepingTests.content(index)
    try index.close()
    // One file has not been moved yet, the other has.
    let id = one.id
    let old = "\(folder.storage)/instances/\(id.prefix(2))/\(id.dropFirst(2).prefix(2))"
    try FileManager.default.createDirectory(atPath: old, withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: one.path, toPath: "\(old)/\(id).dcm")
    let marker = folder.storage + "/" + StorageFolder.markerName
    try Data("format 1\n".utf8).write(to: URL(fileURLWithPath: marker))
    let again = try LocalIndex(storage: folder.storage)
    #expect(try again.instances(under: one.identity.study).map(\.path).sorted() == [one.path, two.path].sorted())
    #expect(FileManager.default.fileExists(atPath: one.path) && !FileManager.default.fileExists(atPath: old))
    #expect(try String(contentsOfFile: marker, encoding: .utf8).hasSuffix("format 2\n"))
    #expect(try HousekeepingTests.content(again) == before)
  }

  @Test("network file systems are told by the mount table") func network() {
    let table = """
      22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      40 22 0:44 / /home rw shared:2 master:1 - nfs4 server:/home rw
      41 40 0:45 / /home/local\\040disk rw - xfs /dev/sdb1 rw
      42 22 0:46 / /mnt/ssh rw - fuse.sshfs me@host: rw
      """
    #expect(FileSystemKind.type(of: "/var/lib", mountTable: table) == "ext4")
    #expect(FileSystemKind.type(of: "/home/me/x", mountTable: table) == "nfs4")
    #expect(FileSystemKind.type(of: "/homes", mountTable: table) == "ext4")
    #expect(FileSystemKind.type(of: "/home/local disk/x", mountTable: table) == "xfs")
    #expect(FileSystemKind.type(of: "/mnt/ssh", mountTable: table) == "fuse.sshfs")
    #expect(FileSystemKind.networkTypes.isSuperset(of: ["nfs4", "cifs", "fuse.sshfs"]))
  }

  @Test("one process at a time receives") func reception() throws {
    let index = try LocalIndex(storage: folder.storage)
    let other = try LocalIndex(storage: folder.storage)
    var claim = try index.claimReception("fluoro 17, port 4242, FLUORO")
    #expect(claim != nil)
    #expect(try other.claimReception("another") == nil)
    #expect(try other.receiver() == "fluoro 17, port 4242, FLUORO")
    claim = nil
    #expect(try other.receiver() == nil)
    #expect(try other.claimReception("another") != nil)
  }

  @Test("a damaged index is built again from the files", arguments: [false, true])
  func damaged(isForLookup: Bool) throws {
    let index = try LocalIndex(storage: folder.storage)
    try index.receive(makeDataSet())
    try index.close()
    for suffix in ["-wal", "-shm"] { unlink(folder.storage + "/index.sqlite" + suffix) }
    try Data(repeating: 7, count: 50_000).write(to: URL(fileURLWithPath: folder.storage + "/index.sqlite"))
    let again = try LocalIndex(storage: folder.storage, isForLookup: isForLookup)
    #expect(try again.studies().map(\.patientID) == ["P1"])
  }
}
