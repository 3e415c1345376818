import Testing

@testable import TUI

@Suite("The pace of frames")
struct PacingTests {
  private let start = ContinuousClock.now

  private func draw(
    _ pacing: inout Pacing, _ now: ContinuousClock.Instant, _ isAnimated: Bool, bytes: Int? = nil
  ) -> Bool {
    pacing.draws(now, isAnimated: isAnimated, bytes: bytes)
  }

  @Test("A terminal that answers gets the next frame when it has shown the last")
  func answers() {
    var pacing = Pacing()
    #expect(pacing.mayDraw(start))
    #expect(draw(&pacing, start, true) == true)
    #expect(!pacing.mayDraw(start + .milliseconds(100)))
    #expect(!pacing.isBehind, "it may be one that never answers")
    pacing.answered(start + .milliseconds(1))
    #expect(!pacing.mayDraw(start + .milliseconds(100)), "it has shown what was before the frame")
    pacing.answered(start + .milliseconds(2))
    #expect(!pacing.mayDraw(start + .milliseconds(40)))
    #expect(pacing.mayDraw(start + .milliseconds(60)))
    // A slow line: no more than one frame is asked about at a time, keys are drawn meanwhile.
    #expect(draw(&pacing, start + .milliseconds(100), true) == true)
    #expect(draw(&pacing, start + .milliseconds(120), true) == false)
    #expect(!pacing.mayDraw(start + .seconds(3)))
    #expect(pacing.isBehind)
    pacing.answered(start + .seconds(3))
    pacing.answered(start + .seconds(3))
    #expect(!pacing.isBehind)
    #expect(pacing.mayDraw(start + .seconds(3)))
  }

  @Test("How much may be under way is what the line carries in a part of a second, however far the terminal is away")
  func room() {
    for away in [0, 600] {
      var pacing = Pacing()
      #expect(pacing.room(.time) == nil, "nobody has answered yet")
      var now = start
      func frame(_ bytesPerSecond: Int) {
        let bytes = pacing.room(.time) ?? 1000
        #expect(draw(&pacing, now, true, bytes: bytes))
        pacing.answered(now + .milliseconds(away))
        pacing.answered(now + .milliseconds(away + bytes * 1000 / bytesPerSecond))
        now += .seconds(5)
      }
      for _ in 0..<10 { frame(2500) }
      #expect((300...450).contains(pacing.room(.time) ?? 0), "\(pacing.room(.time) ?? 0)")
      #expect(pacing.isThin)
      // Two answers that came as one are no fast line.
      frame(10_000_000)
      #expect(pacing.isThin)
      for _ in 0..<40 { frame(1_000_000) }
      #expect(pacing.room(.time) ?? 0 > 10_000, "\(pacing.room(.time) ?? 0)")
      #expect(!pacing.isThin)
      // A few cells say nothing about a line, and neither does a frame nobody has counted.
      #expect(draw(&pacing, now, true, bytes: 30))
      pacing.answered(now)
      pacing.answered(now + .seconds(1))
      #expect(draw(&pacing, now + .seconds(2), true))
      pacing.answered(now + .seconds(2))
      pacing.answered(now + .seconds(3))
      #expect(!pacing.isThin)
    }
  }

  @Test("A terminal that never answers is asked once and then drawn at ten a second")
  func silent() {
    var pacing = Pacing()
    #expect(draw(&pacing, start, true) == true)
    #expect(pacing.mayDraw(start + Pacing.patience))
    #expect(draw(&pacing, start + Pacing.patience, true) == false)
    #expect(pacing.mayDraw(start + Pacing.patience + .milliseconds(100)))
    #expect(pacing.room(.time) == nil)
  }

  /// A terminal that answers over a thin line; the time when it has.
  private func thin(_ pacing: inout Pacing) -> ContinuousClock.Instant {
    var now = start
    for _ in 0..<10 {
      #expect(draw(&pacing, now, true, bytes: 500))
      pacing.answered(now)
      pacing.answered(now + .milliseconds(200))
      now += .seconds(1)
    }
    #expect(pacing.isThin)
    return now
  }

  @Test("A line that was thin is wide again when many small frames go over it quickly, and only then")
  func wideAgain() {
    for (took, isThin) in [(1, false), (20, true)] {
      var pacing = Pacing()
      var now = thin(&pacing)
      let room = pacing.room(.time)
      for _ in 0..<40 {
        #expect(draw(&pacing, now, true, bytes: 40))
        pacing.answered(now)
        pacing.answered(now + .milliseconds(took))
        now += .seconds(1)
      }
      #expect(pacing.isThin == isThin)
      #expect(pacing.room(.time) == room, "how much more it carries they do not tell")
      #expect((pacing.room(.news) == nil) == !isThin)
    }
  }

  /// The answers to one frame have not come when the next is drawn; then two have. The time when they have.
  private func overtaken(_ pacing: inout Pacing) -> ContinuousClock.Instant {
    var now = thin(&pacing)
    #expect(draw(&pacing, now, true))
    now += Pacing.longestWait
    #expect(draw(&pacing, now, true))
    pacing.answered(now)
    pacing.answered(now)
    return now
  }

  @Test("Late answers are not taken for those to the next frame")
  func late() {
    var pacing = Pacing()
    let now = overtaken(&pacing)
    #expect(pacing.isBehind, "that was the frame before")
    pacing.answered(now)
    #expect(pacing.isBehind, "that was what was before the frame")
    pacing.answered(now)
    #expect(!pacing.isBehind)
  }

  @Test("Answers that are lost are not waited for twice")
  func lost() {
    var pacing = Pacing()
    var now = overtaken(&pacing) + Pacing.longestWait
    for _ in 0..<3 {
      #expect(draw(&pacing, now, true))
      pacing.answered(now)
      #expect(pacing.isBehind)
      pacing.answered(now)
      #expect(!pacing.isBehind)
      now += .seconds(1)
    }
  }

  @Test("A terminal that has stopped answering is asked no more, until it answers after all")
  func stopped() {
    var pacing = Pacing()
    var now = thin(&pacing)
    for _ in 0..<2 {
      #expect(draw(&pacing, now, true))
      now += Pacing.longestWait
      #expect(pacing.mayDraw(now))
    }
    #expect(!draw(&pacing, now, true))
    #expect(pacing.mayDraw(now + Pacing.interval))
    #expect(pacing.room(.time) == nil && !pacing.isBehind)
    for _ in 0..<4 { pacing.answered(now) }
    #expect(draw(&pacing, now, true))
    pacing.answered(now)
    #expect(pacing.isBehind)
    pacing.answered(now)
    #expect(!pacing.isBehind)
  }

  @Test("What was asked before somebody else had the terminal is not waited for")
  func resumed() {
    var pacing = Pacing()
    let now = thin(&pacing)
    #expect(draw(&pacing, now, true))
    pacing.answered(now)
    pacing.resumed()
    #expect(!pacing.isBehind)
    #expect(pacing.mayDraw(now + Pacing.interval))
    pacing.answered(now)
    #expect(draw(&pacing, now, true))
    pacing.answered(now)
    #expect(pacing.isBehind)
    pacing.answered(now)
    #expect(!pacing.isBehind)
    // One that was silent may be another now.
    var silent = Pacing()
    #expect(draw(&silent, start, true))
    #expect(!draw(&silent, start + Pacing.patience, true))
    silent.resumed()
    #expect(draw(&silent, start + Pacing.patience, true))
  }

  @Test("Nothing is asked while nothing counts down")
  func still() {
    var pacing = Pacing()
    #expect(draw(&pacing, start, false) == false)
  }
}

@Suite("What goes over a thin line")
struct RationTests {
  private func canvas(_ lines: [String]) -> Canvas {
    var canvas = Canvas(Size(rows: lines.count, columns: 20))
    for (row, line) in lines.enumerated() { canvas.put(StyledText(line), canvas.area.line(row)) }
    return canvas
  }

  private let start = ContinuousClock.now

  /// A terminal on a thin line.
  private struct Shown {
    var ration = Ration()
    var canvas: Canvas?
    var lines: [String] { canvas?.lines ?? [] }

    mutating func show(
      _ cause: Ration.Cause, at now: ContinuousClock.Instant = .now, room: Int?, _ draw: (Ration.Moment) -> Canvas
    ) -> Ration.Part {
      let part = ration.part(cause, at: Ration.Moment(now: now), on: canvas, room: room, draw: draw)
      canvas = part.canvas
      return part
    }
  }

  private func seconds(_ now: ContinuousClock.Instant) -> String {
    String(Int((start.duration(to: now).inSeconds * 10).rounded()))
  }

  @Test("What time has changed goes by turns, the first that has waited first, until all has gone")
  func turns() {
    var terminal = Shown()
    _ = terminal.show(.key, room: nil) { _ in canvas(["10.0 s", "name", "10.0 s", "10.0 s"]) }
    var frames: [[String]] = []
    for time in ["9.9 s", "9.8 s", "9.7 s"] {
      let part = terminal.show(.time, room: 40) { _ in canvas([time, "name", time, time]) }
      #expect(!part.isWhole)
      #expect((1...40).contains(part.bytes ?? 0))
      frames.append(terminal.lines)
    }
    #expect(
      frames == [
        ["9.9 s", "name", "10.0 s", "10.0 s"], ["9.9 s", "name", "9.8 s", "10.0 s"],
        ["9.7 s", "name", "9.8 s", "9.7 s"],
      ])
    let rest = terminal.show(.time, room: 40) { _ in canvas(["9.7 s", "name", "9.7 s", "9.7 s"]) }
    #expect(rest.isWhole)
    #expect(terminal.lines == ["9.7 s", "name", "9.7 s", "9.7 s"])
    // One row goes, however little room there is.
    let next = canvas(["9.7 s", "a name that is long", "9.6 s", "9.7 s"])
    #expect(!terminal.show(.time, room: 1) { _ in next }.isWhole)
    #expect(terminal.lines == ["9.7 s", "name", "9.6 s", "9.7 s"])
    #expect(terminal.show(.time, room: 1) { _ in next }.isWhole)
  }

  @Test("What a key has changed goes at once and alone; what waits is not lost")
  func keys() {
    func lines(_ cursor: Int, _ now: ContinuousClock.Instant) -> Canvas {
      canvas((0..<3).map { "\($0 == cursor ? "›" : " ") \(seconds(now))" })
    }
    var terminal = Shown()
    _ = terminal.show(.key, at: start, room: nil) { lines(0, $0.now) }
    let now = start + .milliseconds(100)
    _ = terminal.show(.time, at: now, room: 1) { lines(0, $0.now) }
    #expect(terminal.lines == ["› 1", "  0", "  0"])
    let key = terminal.show(.key, at: now + .milliseconds(100), room: 100) { lines(1, $0.now) }
    #expect(terminal.lines == ["  1", "› 1", "  0"])
    #expect(!key.isWhole)
    #expect(terminal.show(.time, at: now, room: 100) { lines(1, $0.now) }.isWhole)
    #expect(terminal.lines == ["  1", "› 1", "  1"])
  }

  @Test(
    "However often there is news, or a key is repeated, it goes at once and the countdowns go on",
    arguments: [
      Ration.Cause.news, .key,
    ])
  func goesOn(_ cause: Ration.Cause) {
    func lines(_ count: Int, _ now: ContinuousClock.Instant) -> Canvas {
      canvas(["\(count)"] + (0..<5).map { _ in seconds(now) })
    }
    var terminal = Shown()
    _ = terminal.show(.key, at: start, room: nil) { lines(0, $0.now) }
    var now = start
    for count in 1...60 {
      now += .milliseconds(200)
      _ = terminal.show(cause, at: now, room: 1) { lines(count, $0.now) }
      #expect(terminal.lines[0] == "\(count)")
    }
    let times = terminal.lines.dropFirst().compactMap(Int.init)
    // A row goes with each frame of news, and with a key once a second at least.
    let oldest = cause == .news ? 120 - 5 * 2 : 120 - 5 * 12
    #expect(times.count == 5 && times.allSatisfy { $0 >= oldest }, "\(times)")
  }

  @Test("Rows that changed their order are never shown half in the old one")
  func order() {
    func lines(_ names: [String], _ now: ContinuousClock.Instant) -> Canvas {
      canvas(names.map { "\($0) \(seconds(now))" })
    }
    var terminal = Shown()
    _ = terminal.show(.key, at: start, room: nil) { lines(["a", "b", "c", "d"], $0.now) }
    _ = terminal.show(.time, at: start + .milliseconds(100), room: 1) { lines(["a", "b", "c", "d"], $0.now) }
    let part = terminal.show(.news, at: start + .milliseconds(200), room: 1) { lines(["c", "a", "b", "d"], $0.now) }
    #expect(part.isWhole)
    #expect(terminal.lines == ["c 2", "a 2", "b 2", "d 2"], "the others, and one that waited")
  }

  @Test("A terminal that shows nothing, or has another size, gets all of it")
  func whole() {
    let lines = ["one", "two", "three"]
    for cause in [Ration.Cause.time, .news, .key] {
      var terminal = Shown()
      #expect(terminal.show(cause, room: 1) { _ in canvas(lines) }.isWhole)
      #expect(terminal.lines == lines)
      #expect(terminal.show(cause, room: 1) { _ in canvas(["other"]) }.isWhole)
      #expect(terminal.lines == ["other"])
    }
  }
}

@Suite("The mailbox")
struct MailboxTests {
  @Test("Of a job only the latest is delivered, of matches all, before that they have ended")
  func slots() {
    let mailbox = Mailbox()
    for done in 1...100 {
      var job = JobView(id: 7, kind: .move, title: "C-MOVE", peer: "PACS1", phase: .receiving, started: .now)
      job.progress.completed = done
      mailbox.post(.job(job))
      mailbox.post(.matches(token: 1, [Record(id: "\(done)", level: .study)]))
    }
    mailbox.post(.findEnded(token: 1, Message.FindEnd()))
    let messages = mailbox.drain()
    #expect(messages.count == 3)
    guard case .matches(1, let records) = messages[0], case .findEnded(1, _) = messages[1],
      case .job(let job) = messages[2]
    else {
      Issue.record("unexpected order: \(messages.map { "\($0)".prefix(20) })")
      return
    }
    #expect(records.count == 100)
    #expect(job.progress.completed == 100)
    #expect(mailbox.drain().isEmpty)
  }

  @Test("Many matches are handed over in pieces, so that a key need not wait for all of them; their end comes last")
  func pieces() {
    let mailbox = Mailbox()
    mailbox.post(.matches(token: 1, (0..<1700).map { Record(id: "\($0)", level: .study) }))
    mailbox.post(.findEnded(token: 1, Message.FindEnd()))
    var sizes: [Int] = []
    var hasEnded = false
    for _ in 0..<10 where !hasEnded {
      for message in mailbox.drain() {
        switch message {
        case .matches(1, let records): sizes.append(records.count)
        case .findEnded(1, _): hasEnded = true
        default: Issue.record("\(message)")
        }
      }
    }
    #expect(sizes == [500, 500, 500, 200])
    #expect(hasEnded && mailbox.drain().isEmpty)
  }

  @Test("The end of a job stays its end, also when another thread tells of an earlier state later")
  func late() {
    let mailbox = Mailbox()
    var job = JobView(id: 7, kind: .move, title: "C-MOVE", peer: "PACS1", phase: .done, started: .now)
    mailbox.post(.job(job))
    job.phase = .receiving
    mailbox.post(.job(job))
    guard case .job(let last)? = mailbox.drain().last else {
      Issue.record("no job")
      return
    }
    #expect(last.phase == .done)
  }
}
