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
      #expect(pacing.room == nil, "nobody has answered yet")
      var now = start
      func frame(_ bytesPerSecond: Int) {
        let bytes = pacing.room ?? 1000
        #expect(draw(&pacing, now, true, bytes: bytes))
        pacing.answered(now + .milliseconds(away))
        pacing.answered(now + .milliseconds(away + bytes * 1000 / bytesPerSecond))
        now += .seconds(5)
      }
      for _ in 0..<10 { frame(2500) }
      #expect((300...450).contains(pacing.room ?? 0), "\(pacing.room ?? 0)")
      #expect(pacing.isThin)
      // Two answers that came as one are no fast line.
      frame(10_000_000)
      #expect(pacing.isThin)
      for _ in 0..<40 { frame(1_000_000) }
      #expect(pacing.room ?? 0 > 10_000, "\(pacing.room ?? 0)")
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
    #expect(pacing.room == nil)
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

  @Test("What time has changed goes by turns, the first that has waited first, until all has gone")
  func turns() {
    var ration = Ration()
    var shown = ration.whole(canvas(["10.0 s", "name", "10.0 s", "10.0 s"])).canvas
    var frames: [[String]] = []
    for time in ["9.9 s", "9.8 s", "9.7 s"] {
      let part = ration.rows(canvas([time, "name", time, time]), on: shown, room: 40)
      #expect(!part.isWhole)
      #expect((1...40).contains(part.bytes ?? 0))
      shown = part.canvas
      frames.append(shown.lines)
    }
    #expect(
      frames == [
        ["9.9 s", "name", "10.0 s", "10.0 s"], ["9.9 s", "name", "9.8 s", "10.0 s"],
        ["9.7 s", "name", "9.8 s", "9.7 s"],
      ])
    let rest = ration.rows(canvas(["9.7 s", "name", "9.7 s", "9.7 s"]), on: shown, room: 40)
    #expect(rest.isWhole)
    #expect(rest.canvas.lines == ["9.7 s", "name", "9.7 s", "9.7 s"])
    // One row goes, however little room there is.
    let next = canvas(["9.7 s", "a name that is long", "9.6 s", "9.7 s"])
    let least = ration.rows(next, on: rest.canvas, room: 1)
    #expect(!least.isWhole)
    #expect(least.canvas.lines == ["9.7 s", "name", "9.6 s", "9.7 s"])
    let last = ration.rows(next, on: least.canvas, room: 1)
    #expect(last.isWhole)
  }

  @Test("What a key has changed goes at once and alone; what waits is not lost")
  func keys() {
    var ration = Ration()
    let first = ration.whole(canvas(["› one 10.0 s", "  two 10.0 s", "  three 10.0 s"]))
    let second = canvas(["› one 9.9 s", "  two 9.9 s", "  three 9.9 s"])
    let part = ration.rows(second, on: first.canvas, room: 1)
    #expect(part.canvas.lines == ["› one 9.9 s", "  two 10.0 s", "  three 10.0 s"])
    let key = ration.changes(canvas(["  one 9.9 s", "› two 9.9 s", "  three 9.9 s"]), on: part.canvas)
    #expect(key.canvas.lines == ["  one 9.9 s", "› two 9.9 s", "  three 10.0 s"])
    #expect(!key.isWhole)
    let last = ration.rows(canvas(["  one 9.9 s", "› two 9.9 s", "  three 9.9 s"]), on: key.canvas, room: 100)
    #expect(last.canvas.lines == ["  one 9.9 s", "› two 9.9 s", "  three 9.9 s"])
    #expect(last.isWhole)
  }

  @Test("A terminal that shows nothing, or has another size, gets all of it")
  func whole() {
    var ration = Ration()
    let lines = ["one", "two", "three"]
    let first = ration.rows(canvas(lines), on: nil, room: 1)
    #expect(first.isWhole && first.canvas.lines == lines)
    let key = ration.changes(canvas(lines), on: nil)
    #expect(key.isWhole && key.canvas.lines == lines)
    let resized = ration.rows(canvas(lines), on: canvas(["other"]), room: 1)
    #expect(resized.isWhole && resized.canvas.lines == lines)
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
