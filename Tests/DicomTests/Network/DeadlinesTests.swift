import NIOConcurrencyHelpers
import Testing

@testable import Dicom

@Suite("Deadlines")
struct DeadlinesTests {
  let clock = ManualClock()

  func expiries(_ deadlines: Deadlines, _ kind: Wait.Kind) -> NIOLockedValueBox<[Wait.Kind]> {
    let box = NIOLockedValueBox<[Wait.Kind]>([])
    deadlines.begin(kind) { wait in box.withLockedValue { $0.append(wait.kind) } }
    return box
  }

  @Test("a wait ends at its limit, and not before")
  func expires() {
    let deadlines = Deadlines(Timeouts(all: .seconds(3)), clock: clock)
    let expired = expiries(deadlines, .associating)
    #expect(deadlines.current?.words == "waiting for the association to be accepted")
    clock.advance(by: .milliseconds(2900))
    #expect(expired.withLockedValue { $0 } == [])
    #expect(deadlines.current?.remaining(at: clock.now) == .milliseconds(100))
    clock.advance(by: .milliseconds(100))
    #expect(expired.withLockedValue { $0 } == [.associating])
  }

  @Test("a restart counts from now")
  func restart() {
    let deadlines = Deadlines(Timeouts(response: .seconds(10)), clock: clock)
    let expired = expiries(deadlines, .response("C-FIND"))
    for _ in 0..<5 {
      clock.advance(by: .seconds(9))
      deadlines.touch()
    }
    #expect(expired.withLockedValue { $0 } == [])
    #expect(clock.pendingCount == 1)
    clock.advance(by: .seconds(10))
    #expect(expired.withLockedValue { $0.count } == 1)
  }

  @Test("while it is us who are waited for nothing ends, and all the time is there again afterwards")
  func held() {
    let deadlines = Deadlines(Timeouts(response: .seconds(10)), clock: clock)
    let expired = expiries(deadlines, .response("C-MOVE"))
    deadlines.hold()
    deadlines.hold()
    clock.advance(by: .seconds(60))
    deadlines.letGo()
    clock.advance(by: .seconds(60))
    #expect(expired.withLockedValue { $0 } == [])
    deadlines.letGo()
    clock.advance(by: .seconds(9))
    #expect(expired.withLockedValue { $0 } == [])
    clock.advance(by: .seconds(1))
    #expect(expired.withLockedValue { $0.count } == 1)
  }

  @Test("of several associations each waits for itself; the whole shows what ends first")
  func branches() {
    let whole = Deadlines(Timeouts(response: .seconds(10)), clock: clock)
    let (first, second) = (whole.branch(), whole.branch())
    let silent = expiries(first, .response("C-STORE"))
    clock.advance(by: .seconds(4))
    let busy = expiries(second, .sending)
    #expect(whole.current?.kind == .response("C-STORE"))
    #expect(whole.current?.remaining(at: clock.now) == .seconds(6))
    for _ in 0..<3 {
      clock.advance(by: .seconds(1))
      second.restart()
    }
    second.end()
    #expect(whole.current?.remaining(at: clock.now) == .seconds(3))
    clock.advance(by: .seconds(3))
    #expect(silent.withLockedValue { $0 } == [.response("C-STORE")])
    #expect(busy.withLockedValue { $0 } == [])
  }

  @Test("what the whole is told goes for each of its associations")
  func told() {
    let whole = Deadlines(Timeouts(response: .seconds(10)), clock: clock)
    let changes = NIOLockedValueBox(0)
    whole.onChange { changes.withLockedValue { $0 += 1 } }
    let branch = whole.branch()
    let expired = expiries(branch, .response("C-STORE"))
    #expect(changes.withLockedValue { $0 } == 1)
    whole.extend(by: .seconds(5))
    #expect(branch.current?.limit == .seconds(15))
    whole.hold()
    let late = whole.branch()
    let lateExpired = expiries(late, .response("C-STORE"))
    clock.advance(by: .seconds(100))
    #expect(expired.withLockedValue { $0 } == [] && lateExpired.withLockedValue { $0 } == [])
    whole.letGo()
    clock.advance(by: .seconds(9))
    whole.touch()
    clock.advance(by: .seconds(9))
    #expect(expired.withLockedValue { $0 } == [] && lateExpired.withLockedValue { $0 } == [])
    whole.setResponse(.seconds(9))
    clock.advance(by: .seconds(1))
    #expect(expired.withLockedValue { $0.count } == 1 && lateExpired.withLockedValue { $0.count } == 1)
  }

  @Test("no limit never ends")
  func unlimited() {
    let deadlines = Deadlines(Timeouts(all: nil), clock: clock)
    let expired = expiries(deadlines, .response("C-MOVE"))
    clock.advance(by: .seconds(1_000_000))
    #expect(expired.withLockedValue { $0 } == [])
    #expect(deadlines.current?.remaining(at: clock.now) == nil)
  }

  @Test("limits change while it runs: later, sooner, none and again some")
  func changes() {
    let deadlines = Deadlines(Timeouts(response: .seconds(10)), clock: clock)
    let expired = expiries(deadlines, .response("C-FIND"))
    clock.advance(by: .seconds(9))
    deadlines.extend(by: .seconds(10))
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(11))
    clock.advance(by: .seconds(5))
    deadlines.extend(by: .seconds(-10))
    #expect(deadlines.current?.remaining(at: clock.now) == .zero)
    deadlines.setResponse(nil)
    clock.advance(by: .seconds(100))
    #expect(expired.withLockedValue { $0 } == [])
    deadlines.setResponse(.seconds(200))
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(86))
    clock.advance(by: .seconds(86))
    #expect(expired.withLockedValue { $0.count } == 1)
  }

  @Test("observers hear of a new wait, not of each restart")
  func observers() {
    let deadlines = Deadlines(Timeouts(), clock: clock)
    let count = NIOLockedValueBox(0)
    deadlines.onChange { count.withLockedValue { $0 += 1 } }
    deadlines.begin(.connecting) { _ in }
    for _ in 0..<100 { deadlines.restart() }
    deadlines.begin(.associating) { _ in }
    deadlines.end()
    #expect(count.withLockedValue { $0 } == 3)
  }

  @Test("a touch does not concern a connection that is being opened")
  func touchElsewhere() {
    let deadlines = Deadlines(Timeouts(connect: .seconds(10)), clock: clock)
    _ = expiries(deadlines, .connecting)
    clock.advance(by: .seconds(4))
    deadlines.touch()
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(6))
  }
}
