import Testing

@testable import TUI

@Suite("The pace of frames")
struct PacingTests {
  private let start = ContinuousClock.now

  private func draw(_ pacing: inout Pacing, _ now: ContinuousClock.Instant, _ isAnimated: Bool) -> Bool {
    pacing.drew(now, isAnimated: isAnimated)
  }

  @Test("A terminal that answers gets the next frame when it has shown the last")
  func answers() {
    var pacing = Pacing()
    #expect(pacing.mayDraw(start))
    #expect(draw(&pacing, start, true) == true)
    #expect(!pacing.mayDraw(start + .milliseconds(100)))
    #expect(!pacing.isBehind, "it may be one that never answers")
    pacing.answered(start + .milliseconds(2))
    #expect(!pacing.isThin)
    #expect(!pacing.mayDraw(start + .milliseconds(40)))
    #expect(pacing.mayDraw(start + .milliseconds(60)))
    // A slow line: no more than one question is under way, keys are drawn meanwhile.
    #expect(draw(&pacing, start + .milliseconds(100), true) == true)
    #expect(draw(&pacing, start + .milliseconds(120), true) == false)
    #expect(!pacing.mayDraw(start + .seconds(3)))
    #expect(pacing.isBehind)
    pacing.answered(start + .seconds(3))
    #expect(pacing.isThin)
    #expect(!pacing.isBehind)
    #expect(pacing.mayDraw(start + .seconds(3)))
  }

  @Test("A terminal that never answers is asked once and then drawn at ten a second")
  func silent() {
    var pacing = Pacing()
    #expect(draw(&pacing, start, true) == true)
    #expect(pacing.mayDraw(start + Pacing.patience))
    #expect(draw(&pacing, start + Pacing.patience, true) == false)
    #expect(pacing.mayDraw(start + Pacing.patience + .milliseconds(100)))
  }

  @Test("Nothing is asked while nothing counts down")
  func still() {
    var pacing = Pacing()
    #expect(draw(&pacing, start, false) == false)
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
