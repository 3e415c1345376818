import Dicom
import Testing

@testable import TUI

/// After `:` there is all that the command line can do.
@Suite("Commands")
struct CommandStories {
  private func run(_ story: Story, _ command: String) {
    story.press(":")
    story.type(command)
    story.press(.enter)
  }

  private func study(_ uid: String) -> Record {
    Record(id: uid, level: .study, [.studyInstanceUID: uid, .patientName: "DOE^JANE"])
  }

  private func local() -> Story {
    let story = Story()
    story.press("3")
    let token = story.effects.pages.last?.token ?? 0
    story.show(.page(.init(token: token, records: [study("a"), study("b")], offset: 0, isLast: true)))
    return story
  }

  private func results() -> Story {
    let story = Story()
    story.press(.enter, .enter)
    let token = story.effects.finds.last?.token ?? -1
    story.show(.matches(token: token, [study("1"), study("2")]))
    return story
  }

  @Test("Every subcommand is a command, and completes")
  func everySubcommand() {
    let line = [
      "echo", "watch", "find", "worklist", "move", "get", "store", "commit", "teststore", "local find", "local import",
      "local export", "local delete", "local verify", "local reindex", "local statistics", "dump", "convert", "explain",
      "history", "whoami", "compare", "modalities add", "modalities remove", "modalities import",
    ]
    for command in line {
      do {
        _ = try Command(command, modalities: ["PACS1"])
      } catch {
        #expect(!error.words.hasPrefix("no command"), "\(command): \(error.words)")
      }
    }
    for name in Command.names {
      #expect(Command.completions(String(name.dropLast()), World()).contains(name + " "), "\(name)")
    }
  }

  @Test("A comparison opens over the results, another takes its place, and q leads back to the results")
  func comparing() {
    let story = results()
    #expect(story.shows("2 studies"))
    run(story, "compare PACS1 local")
    run(story, "compare PACS1 PACS2")
    #expect(story.shows("PACS1 and PACS2"))
    story.press("q")
    #expect(story.shows("2 studies"))
  }

  @Test("get and retrieve fetch the rows in front, or what is named by UIDs; move sends it elsewhere")
  func retrieving() {
    let story = results()
    run(story, "get")
    #expect(story.effects.orders.last?.isGet == true)
    #expect(story.effects.retrieved == ["1"])
    run(story, "retrieve")
    #expect(story.effects.orders.last?.isGet == false)
    run(story, "get PACS2 StudyInstanceUID=1.2 StudyInstanceUID=1.3")
    #expect(story.effects.orders.last?.modality == "PACS2")
    #expect(story.effects.retrieved == ["1.2", "1.3"])
    run(story, "move PACS2 StudyInstanceUID=1.2 SeriesInstanceUID=1.2.1 ELSEWHERE")
    #expect(story.effects.orders.last?.level == .series)
    #expect(story.effects.destinations.last == "ELSEWHERE")
    run(story, "move THERE")
    #expect(story.effects.destinations.last == "THERE")
    #expect(story.effects.retrieved == ["1"])
    story.press(":")
    story.type("get PACS2 PatientID=1")
    story.press(.enter)
    #expect(story.shows("StudyInstanceUID=... is missing"))
  }

  @Test("What has nothing to act on says so")
  func nothing() {
    let story = Story()
    run(story, "send PACS2")
    #expect(story.shows("Here is nothing to send."))
    story.press("4")
    run(story, "get")
    #expect(story.shows("Here is nothing to retrieve."))
  }

  @Test("commit asks a modality to keep what was sent; send takes a path too, and asks where it must")
  func sending() {
    let story = local()
    story.press("*")
    run(story, "commit PACS2")
    let commits = story.effects.compactMap { effect -> [String]? in
      if case .commit("PACS2", let ids, _) = effect { ids } else { nil }
    }
    #expect(commits.map { Set($0) } == [["a", "b"]])
    run(story, "store PACS2 /tmp/images")
    #expect(story.effects.sent == ["PACS2"])
    var rows = Story.modalities
    rows[0].isProduction = true
    let careful = Story(rows)
    run(careful, "send PACS1 /tmp/images")
    #expect(careful.shows("PACS1 is marked as Production."))
    #expect(careful.effects.sent.isEmpty)
  }

  @Test("The storage is verified, indexed, counted and searched by commands")
  func storage() {
    let story = Story()
    for command in ["local verify", "verify", "reindex", "local statistics"] { run(story, command) }
    let asked = story.effects.compactMap { effect -> String? in
      switch effect {
      case .verify: "verify"
      case .reindex: "reindex"
      case .statistics: "statistics"
      default: nil
      }
    }
    #expect(asked == ["verify", "verify", "reindex", "statistics"])
    run(story, "local find doe jane")
    #expect(story.shows("doe jane"))
    #expect(story.effects.pages.last?.filter == "doe jane")
    #expect(story.footer.contains("Esc clear the filter"))
  }

  @Test("Modalities are added and imported, a file converted and dumped, by commands")
  func files() {
    let story = Story()
    run(story, "modalities add NEW NEWAET 10.0.0.9 11112")
    #expect(story.effects.saved == [ModalityDraft(name: "NEW", aeTitle: "NEWAET", host: "10.0.0.9", port: 11112)])
    story.press(":")
    story.type("modalities add PACS1 A h 104")
    story.press(.enter)
    #expect(story.shows("there is a modality PACS1 already"))
    story.press(.escape)
    run(story, "modalities import /etc/orthanc/orthanc.json")
    run(story, "convert a.dcm b.dcm deflated")
    let asked = story.effects.compactMap { effect -> String? in
      switch effect {
      case .importModalities(let path): path
      case .convert(let source, let target, let syntax): "\(source) \(target) \(syntax.isDeflated)"
      default: nil
      }
    }
    #expect(asked == ["/etc/orthanc/orthanc.json", "a.dcm b.dcm true"])
    run(story, "dump 66a662ce-7430e543-bad44d47-0dc5a943-ec7a538d")
    let tags = story.effects.compactMap { if case .tags(let instance, _) = $0 { instance } else { nil } }
    #expect(tags.last == "66a662ce-7430e543-bad44d47-0dc5a943-ec7a538d")
    run(story, "history")
    #expect(story.shows("jobs › history"))
  }

  @Test("Words of a group, modalities and paths complete behind it")
  func completion() {
    let world = Story().model.world
    #expect(Command.completions("local ver", world) == ["local verify"])
    #expect(Command.completions("modalities remove pacs1", world) == ["modalities remove PACS1"])
    #expect(Command.completions("move PACS1 StudyI", world).contains("move PACS1 StudyInstanceUID="))
    #expect(Command.pathBeingTyped("local import ~/im") == "~/im")
    #expect(Command.pathBeingTyped("send PACS1 /da") == "/da")
    #expect(Command.pathBeingTyped("send PAC") == nil)
    #expect(Command.pathBeingTyped("convert a.dcm b") == "b")
  }
}
