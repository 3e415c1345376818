import Foundation
import Testing

extension Interop {
  /// What was done, kept across processes.
  @Suite("The history")
  struct HistoryStories {
    @Test("several processes at once keep theirs; it comes as table, JSON and CSV")
    func processes() async throws {
      let workshop = try Workshop()
      let fluoro = try Installation(in: workshop)
      let files = try await Python.testFiles(in: workshop)
      #expect(try await fluoro.start(["local", "import"] + files).finished().status == 0)
      let echoes = try (0..<6).map { _ in try fluoro.start(["echo", "NOBODY@127.0.0.1:1"]) }
      for echo in echoes { #expect(try await echo.finished().status == 1) }

      let all = try await fluoro.run("history", "--json").objects()
      #expect(all.count { $0["operation"] as? String == "echo" && $0["outcome"] as? String == "failed" } == 6)
      let imported = try #require(all.first)
      #expect(imported["operation"] as? String == "import" && imported["received"] as? Int == files.count)
      #expect(imported["request"] as? String == "\(files.count) paths", "paths may name patients")
      #expect(try await fluoro.run("history", "--operation", "import", "--json").objects().count == 1)
      #expect(
        try await fluoro.run("history", "--peer", "nobody", "--limit", "2", "--since", "1h", "--json").objects().count
          == 2)
      let lines = try await fluoro.run("history", "--csv", "--operation", "echo").output.split(separator: "\n")
      #expect(lines.count == 7 && lines[0].hasPrefix("time,ended,operation,direction,peer"))
      #expect(try await fluoro.run("history", "--operation", "nothing").status == 2)
      #expect(try await fluoro.start(["store", "NOBODY@127.0.0.1:1"] + files.prefix(2)).finished().status == 1)
      let sent = try await fluoro.run("history", "--operation", "store", "--json").objects()
      #expect(sent.map { $0["request"] as? String } == ["2 paths"])
    }
  }
}
