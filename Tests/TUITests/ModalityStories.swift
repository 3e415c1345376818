import Operations
import Testing

@testable import TUI

/// What is asked of the screen of modalities, a bullet a story.
@Suite("Modalities")
struct ModalityStories {
  private func echo(_ id: Int, _ peer: String, _ seconds: Int, at now: ContinuousClock.Instant) -> JobView {
    var job = JobView(id: id, kind: .echo, title: "C-ECHO", peer: peer, phase: .waiting, started: now)
    job.wait = Waiting(
      words: "waiting for C-ECHO response", since: now, deadline: now + .seconds(seconds), limit: .seconds(10))
    job.subjects = [peer]
    return job
  }

  private func line(_ story: Story, _ words: String) -> String { story.lines.first { $0.contains(words) } ?? "" }

  private func answer(_ name: String, _ milliseconds: Double?, _ story: Story) {
    story.show(
      .echoed(
        modality: name,
        .init(
          succeeded: milliseconds != nil, milliseconds: milliseconds ?? 0, words: "connection refused",
          clock: story.clock)))
  }

  @Test("A row says its status by a light and a word, AE title, address, TLS, the last echo and the recent ones")
  func row() {
    var rows = Story.modalities
    rows[1].usesTLS = true
    let story = Story(rows, size: Size(rows: 24, columns: 120))
    #expect(line(story, "PACS1 ").contains("○ –"))
    #expect(line(story, "PACS1 ").contains("not echoed yet"))
    for time in [2.0, 8, 4] { answer("PACS1", time, story) }
    answer("PACS2", nil, story)
    #expect(line(story, "PACS1 ").contains("● up"))
    #expect(line(story, "PACS1 ").contains("10.0.0.1:104"))
    #expect(line(story, "PACS1 ").contains("4.0 ms  \(Format.clock(story.clock))"))
    #expect(line(story, "PACS1 ").contains("▃█▅"))
    #expect(line(story, "PACS2 ").contains("✗ down"))
    #expect(line(story, "PACS2 ").contains("10.0.0.2:104 TLS"))
    #expect(line(story, "PACS2 ").contains("failed"))
    #expect(line(story, "PACS2 ").contains("×"))
  }

  @Test("E echoes all at once, each with its own countdown; c cancels the one under the cursor")
  func all() {
    let story = Story()
    story.press("E")
    #expect(story.effects.echoed == ["PACS1", "PACS2", "ARCHIVE"])
    for (index, peer) in ["PACS1", "PACS2", "ARCHIVE"].enumerated() {
      story.show(.job(echo(index + 1, peer, 10 + index, at: story.now)))
    }
    story.pass(.seconds(2))
    #expect(line(story, "PACS1 ").contains("8.0 s"))
    #expect(line(story, "PACS2 ").contains("9.0 s"))
    #expect(line(story, "ARCHIVE ").contains("10.0 s"))
    #expect(story.operation.contains("+2"))
    story.press("j", "c")
    #expect(story.effects.cancelled == [2])
  }

  @Test(
    "A new modality is tried before it is saved: counted down, then told in words; another address is untried again")
  func tryOut() {
    let story = Story()
    story.press("a", .control("t"))
    #expect(story.shows("an AE title is missing"))
    #expect(!story.effects.contains { if case .tryModality = $0 { true } else { false } })
    story.type("NEWAET")
    story.press(.tab)
    story.type("10.0.0.9")
    story.press(.control("t"))
    let tried = story.effects.compactMap {
      if case .tryModality(let draft, let token) = $0 { (draft, token) } else { nil }
    }
    #expect(tried.last?.0 == ModalityDraft(name: "NEWAET", aeTitle: "NEWAET", host: "10.0.0.9", port: 104))
    let token = tried.last?.1 ?? -1
    var job = echo(1, "NEWAET", 10, at: story.now)
    job.subjects = ["try-\(token)"]
    story.show(.job(job))
    story.pass(.seconds(3))
    #expect(story.shows("waiting for C-ECHO response 7.0 s"))
    story.show(.tried(token: token, .init(succeeded: false, milliseconds: 0, words: "connection refused", clock: 0)))
    #expect(story.shows("✗ connection refused"))
    #expect(story.effects.saved.isEmpty)
    story.type("9")
    #expect(!story.shows("✗ connection refused"), "that was another address")
    story.press(.control("t"))
    story.show(.tried(token: token, .init(succeeded: true, milliseconds: 2, words: "late", clock: 0)))
    #expect(!story.shows("late"), "what comes late is of the other address")
    story.show(.tried(token: token + 1, .init(succeeded: true, milliseconds: 2, words: "echo 2.0 ms", clock: 0)))
    #expect(story.shows("✓ it answers in 2.0 ms"))
  }

  @Test("How we talk to it is chosen in the form: TLS, C-MOVE or C-GET, timeout, our title, production")
  func choices() {
    let story = Story()
    story.press("o", "j")
    story.press(.tab, .tab, .tab, .right)
    story.press(.tab)
    story.type("c")
    story.press(.right)
    story.press(.tab)
    story.type("x")
    #expect(story.shows("seconds, 0 to 86400"))
    story.press(.backspace)
    story.type("2.5")
    story.press(.tab)
    story.type("OURS")
    story.press(.tab)
    story.type("y")
    #expect(story.shows("its name is typed first"))
    story.press(.enter)
    var wanted = ModalityDraft(name: "PACS1", aeTitle: "PACS1", host: "10.0.0.1", port: 104)
    wanted.usesTLS = true
    wanted.retrieveMethod = "C-GET"
    wanted.timeout = 2.5
    wanted.localAETitle = "OURS"
    wanted.isProduction = true
    #expect(story.effects.saved == [wanted])
  }
}
