import Foundation
import Testing

extension Interop {
  /// Import and export as others see them: DICOMDIR by pydicom and DCMTK, archives by Python's zipfile and unzip.
  @Suite("Discs and archives")
  struct FileSetStories {
    let workshop: Workshop
    let files: [String]
    let fluoro: Installation

    init() async throws {
      workshop = try Workshop()
      files = try await Python.mixedStudy(in: workshop) + Python.testFiles(in: workshop)
      fluoro = try Installation(in: workshop)
    }

    private func importAll() async throws {
      let imported = try await fluoro.start(["local", "import", "--json"] + files).finished()
      #expect(try imported.objects().first?["imported"] as? Int == files.count)
    }

    private func patients() async throws -> [String] {
      try await fluoro.run("local", "find", "--json", "--level", "patient").objects().compactMap { $0["ID"] as? String }
    }

    /// What is in a file-set, in the words of `fileset.py`: a line an instance.
    private func contents(of folder: String) async throws -> [[String]] {
      let listed = try await Python.run("fileset.py", [folder], in: workshop)
      #expect(listed.status == 0, "\(listed.errors)")
      return listed.output.split(separator: "\n").map {
        $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      }
    }

    @Test(
      "a folder has a DICOMDIR that pydicom and DCMTK read, with a record for every file and a file for every record")
    func folder() async throws {
      try await importAll()
      let folder = workshop.path("disc")
      let exported = try await fluoro.start(["local", "export", "--json", "--to", folder] + patients()).finished()
      #expect(exported.status == 0, "\(exported.errors)")
      #expect(try exported.objects().first?["exported"] as? Int == files.count)
      let listed = try await contents(of: folder)
      #expect(listed.count == files.count)
      let names = Workshop.files(below: folder).map { String($0.dropFirst(folder.count + 1)) }
      #expect(Set(names) == Set(listed.map { $0[0] } + ["DICOMDIR"]))
      for component in names.flatMap({ $0.split(separator: "/") }) {
        #expect(component.wholeMatch(of: /[A-Z0-9_]{1,8}/) != nil, "\(component) is no File ID component")
      }
      #expect(Set(listed.map { $0[1] }).isSuperset(of: ["IMAGE", "SR DOCUMENT"]))
      #expect(
        try await Python.differences(
          between: files, and: names.filter { $0 != "DICOMDIR" }.map { "\(folder)/\($0)" }, in: workshop) == [])
      let dumped = try await Subprocess.run("/usr/bin/dcmdump", ["\(folder)/DICOMDIR"], in: workshop)
      #expect(dumped.status == 0 && dumped.errors.isEmpty, "\(dumped.errors)")
      // dcmmkdir reads all of a DICOMDIR, and follows its offsets, before it adds to it.
      let added = try await Subprocess.run(
        "/usr/bin/dcmmkdir",
        ["--append", "--general-purpose-dvd-jp2k", "+I", "+id", folder, "+D", "\(folder)/DICOMDIR", listed[0][0]],
        in: workshop)
      #expect(!added.errors.contains("DICOMDIR is corrupt") && !added.errors.contains("cannot read"), "\(added.errors)")
      let again = try await fluoro.start(["local", "export", "--to", folder] + patients()).finished()
      #expect(again.status == 1 && again.errors.contains("not empty"))
    }

    @Test("an archive unpacks to the same")
    func archive() async throws {
      try await importAll()
      let path = workshop.path("disc.zip")
      #expect(try await fluoro.start(["local", "export", "--to", path] + patients()).finished().status == 0)
      let folder = try workshop.makeFolder("unpacked")
      let unpacked = try await Python.run("zips.py", ["test", path, folder], in: workshop)
      #expect(unpacked.status == 0, "\(unpacked.errors)")
      #expect(try await contents(of: folder).count == files.count)
      let found = Workshop.files(below: folder).filter { !$0.hasSuffix("DICOMDIR") }
      #expect(try await Python.differences(between: files, and: found, in: workshop) == [])
      #expect(Workshop.files(below: workshop.folder.path).filter { $0.hasSuffix(".part") }.isEmpty)
      #expect(try await fluoro.start(["local", "export", "--to", path] + patients()).finished().status == 1)
    }

    @Test("what was exported is imported again, from the archive, the folder, or the DICOMDIR alone")
    func roundTrip() async throws {
      try await importAll()
      let (folder, archive) = (workshop.path("disc"), workshop.path("disc.zip"))
      let ids = try await patients()
      for path in [folder, archive] {
        #expect(try await fluoro.start(["local", "export", "--to", path] + ids).finished().status == 0)
      }
      for path in [folder, archive, "\(folder)/DICOMDIR"] {
        let other = try Installation(in: workshop)
        let imported = try await other.run("local", "import", "--json", path)
        let result = try #require(try imported.objects().first)
        #expect(result["imported"] as? Int == files.count, "\(path): \(imported.errors)")
        #expect((result["notDicom"] as? [String])?.isEmpty == true)
        let again = try await other.run("local", "import", "--json", path).objects().first
        #expect(again?["duplicates"] as? Int == files.count)
        #expect(try await other.run("local", "verify").status == 0)
      }
    }

    @Test("archives as Python writes them are imported, wherever their names lead")
    func foreignArchive() async throws {
      let path = workshop.path("theirs.zip")
      let some = Array(files.prefix(6))
      #expect(try await Python.run("zips.py", ["make"] + some + [path], in: workshop).status == 0)
      let imported = try await fluoro.run("local", "import", "--json", path)
      let result = try #require(try imported.objects().first)
      #expect(result["imported"] as? Int == some.count, "\(imported.errors)")
      #expect(result["duplicates"] as? Int == 2)
      #expect((result["notDicom"] as? [String])?.map { $0.hasSuffix("README.txt") } == [true])
      #expect(Workshop.files(below: workshop.folder.path).filter { $0.hasSuffix("escaped.dcm") }.isEmpty)
    }

    @Test("archives that lie about themselves are refused, named, and leave nothing behind")
    func badArchives() async throws {
      let made = try await Python.run("zips.py", ["bad", files[0], try workshop.makeFolder("bad")], in: workshop)
      let paths = made.output.split(separator: "\n").map(String.init)
      #expect(paths.count == 9)
      for path in paths {
        let imported = try await fluoro.run("local", "import", "--json", path)
        let result = try #require(try imported.objects().first)
        let failures = (result["failures"] as? [[String: Any]] ?? []).compactMap { $0["error"] as? String }
        #expect(failures.count == 1, "\(path): \(imported.output)")
      }
      #expect(Workshop.files(below: fluoro.storage).filter { $0.hasSuffix(".part") }.isEmpty)
      #expect(try await fluoro.run("local", "verify").status == 0)
    }
  }
}
