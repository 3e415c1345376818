import Foundation
import Testing

@testable import Dicom

extension Interop {
  /// Several processes on one storage, and how each ends.
  @Suite("Several processes on one storage")
  struct ProcessStories {
    let workshop: Workshop
    let fluoro: Installation

    init() throws {
      workshop = try Workshop()
      fluoro = try Installation(in: workshop, settings: ["DicomAlwaysAllowStore": true])
    }

    /// Files to import, each a different instance of one study.
    private func makeFiles(_ count: Int, round: Int) throws -> String {
      let folder = try workshop.makeFolder("files-\(round)")
      for number in 1...count {
        let instance = NumberedInstance(round: round, stream: 1, number: number, size: 500)
        let meta = FileMetaInformation(
          mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: UID(instance.uid),
          transferSyntax: .explicitVRLittleEndian)
        let bytes = meta.encoded().readableBytesView + (try instance.encoded()).readableBytesView
        try Data(bytes).write(to: URL(filePath: "\(folder)/\(number).dcm"))
      }
      return folder
    }

    private func count(_ arguments: String...) async throws -> Int {
      let found = try await fluoro.start(["local", "find", "--level", "instance", "--json"] + arguments).finished()
      #expect(found.status == 0, "\(found.errors)")
      return try found.objects().count
    }

    /// It must end whatever it does at that moment: opening, reading, writing the index, closing.
    @Test("a rebuild that is told to end does, at whatever moment, and leaves the index as it was")
    func ending() async throws {
      let folder = try makeFiles(1500, round: 1)
      #expect(try await fluoro.run("local", "import", folder).status == 0)
      var statuses: Set<Int32> = []
      for round in 0..<30 {
        let reindex = try fluoro.start(["local", "reindex"])
        // The program, and not what has started it.
        let program = try await reindex.program
        try await Task.sleep(for: .milliseconds(10 * round))
        kill(program, round % 2 == 0 ? SIGTERM : SIGINT)
        statuses.insert(try await reindex.finished(within: .seconds(10)).status)
      }
      // One that had not begun to listen ends by the signal itself; one that was done already had nothing to end.
      #expect(statuses.contains(130) && statuses.isSubset(of: [0, 130, 128 + SIGTERM, 128 + SIGINT]), "\(statuses)")
      #expect(try await count() == 1500)
      #expect(Workshop.files(below: fluoro.storage + "/incoming") == [])
    }
  }
}
