import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Dicom

/// Every limit there is, on a clock of ours: none at all, as given, lengthened and shortened while it runs.
@Suite("The table of timeouts")
struct TimeoutTableTests {
  /// A wait and the limit that is its own.
  struct Limit: Sendable, CustomTestStringConvertible {
    var name: String
    var kinds: [Wait.Kind]
    let path: WritableKeyPath<Timeouts, Duration?> & Sendable
    /// What starts it again, in words; for the table.
    var restarted: String
    var testDescription: String { name }
  }

  static let limits: [Limit] = [
    Limit(
      name: "connect", kinds: [.resolving, .connecting, .negotiatingTLS], path: \.connect,
      restarted: "never; each its own"),
    Limit(name: "association", kinds: [.associating, .releasing], path: \.association, restarted: "never"),
    Limit(
      name: "response", kinds: [.response("C-FIND"), .sending, .receiving, .report], path: \.response,
      restarted: "each PDU; progress of writing; arrivals of our move"),
    Limit(name: "idle", kinds: [.idle], path: \.idle, restarted: "each PDU"),
  ]

  /// Limits that differ, so that a wait that takes another's is found out.
  private static func timeouts(_ limit: Limit, _ duration: Duration?) -> Timeouts {
    var timeouts = Timeouts(all: .seconds(1))
    timeouts.cancel = .seconds(1)
    timeouts[keyPath: limit.path] = duration
    return timeouts
  }

  private static func begin(_ kind: Wait.Kind, _ timeouts: Timeouts) -> (Deadlines, ManualClock, NIOLockedValueBox<Int>)
  {
    let (clock, count) = (ManualClock(), NIOLockedValueBox(0))
    let deadlines = Deadlines(timeouts, clock: clock)
    deadlines.begin(kind) { _ in count.withLockedValue { $0 += 1 } }
    return (deadlines, clock, count)
  }

  @Test("as given: not a moment before, and then once", arguments: limits)
  func given(_ limit: Limit) {
    for kind in limit.kinds {
      let (deadlines, clock, ended) = Self.begin(kind, Self.timeouts(limit, .seconds(7)))
      clock.advance(by: .milliseconds(6999))
      #expect(ended.withLockedValue { $0 } == 0, "\(kind)")
      #expect(deadlines.current?.remaining(at: clock.now) == .milliseconds(1))
      clock.advance(by: .milliseconds(1))
      #expect(ended.withLockedValue { $0 } == 1, "\(kind)")
      clock.advance(by: .seconds(100))
      #expect(ended.withLockedValue { $0 } == 1, "\(kind)")
    }
  }

  @Test("none: it never ends, and says that nothing limits it", arguments: limits)
  func none(_ limit: Limit) {
    for kind in limit.kinds {
      let (deadlines, clock, ended) = Self.begin(kind, Self.timeouts(limit, nil))
      clock.advance(by: .seconds(1_000_000))
      #expect(ended.withLockedValue { $0 } == 0, "\(kind)")
      #expect(deadlines.current?.deadline == nil && deadlines.current?.remaining(at: clock.now) == nil)
    }
  }

  @Test(
    "changed while it runs: later, sooner, none, and some again; whoever looks is told each time", arguments: limits)
  func changed(_ limit: Limit) {
    for kind in limit.kinds {
      let (deadlines, clock, ended) = Self.begin(kind, Self.timeouts(limit, .seconds(10)))
      let told = NIOLockedValueBox(0)
      deadlines.onChange { told.withLockedValue { $0 += 1 } }
      clock.advance(by: .seconds(9))
      deadlines.extend(by: .seconds(10))
      clock.advance(by: .seconds(10))
      #expect(deadlines.current?.remaining(at: clock.now) == .seconds(1))
      deadlines.set(Self.timeouts(limit, nil))
      clock.advance(by: .seconds(1000))
      #expect(ended.withLockedValue { $0 } == 0, "\(kind)")
      deadlines.set(Self.timeouts(limit, .seconds(2000)))
      #expect(deadlines.current?.remaining(at: clock.now) == .seconds(981))
      deadlines.extend(by: .seconds(-5000))
      clock.advance(by: .zero)
      #expect(ended.withLockedValue { $0 } == 1, "\(kind)")
      #expect(told.withLockedValue { $0 } == 4, "without anybody having looked again and again")
    }
  }

  @Test("the grace of a cancel is its own, whatever else is set")
  func grace() {
    var timeouts = Timeouts(all: nil)
    timeouts.cancel = .seconds(3)
    let (deadlines, clock, ended) = Self.begin(.cancelling, timeouts)
    #expect(deadlines.current?.remaining(at: clock.now) == .seconds(3))
    clock.advance(by: .seconds(3))
    #expect(ended.withLockedValue { $0 } == 1)
    #expect(deadlines.current?.kind == .cancelling, "whoever waits ends it")
  }

  @Test("arrivals at our acceptor start the waits of a move again, and no others")
  func touch() {
    for (kind, isRestarted) in [
      (Wait.Kind.response("C-MOVE"), true), (.receiving, true), (.connecting, false), (.associating, false),
      (.cancelling, false), (.releasing, false), (.idle, false),
    ] {
      let (deadlines, clock, ended) = Self.begin(kind, Timeouts(all: .seconds(3)))
      for _ in 0..<5 {
        clock.advance(by: .seconds(2))
        deadlines.touch()
      }
      #expect(ended.withLockedValue { $0 } == (isRestarted ? 0 : 1), "\(kind)")
    }
  }

  @Test(
    "an association that waits for work, with us as its acceptor: traffic starts it again, silence ends it, 0 never does"
  )
  func idle() async throws {
    for limit in [Duration.seconds(30), nil] {
      let (clock, delegate) = (ManualClock(), SampleDelegate())
      try await withAcceptor(delegate, idle: limit, clock: clock) { acceptor in
        let association = try await Association.request(.local(acceptor.port), deadlines: Deadlines(Timeouts()))
        for _ in 0..<3 {
          #expect(try await association.echo().isSuccess)
          clock.advance(by: .seconds(29))
        }
        #expect(delegate.ends.isEmpty)
        clock.advance(by: limit == nil ? .seconds(1_000_000) : .seconds(30))
        if limit != nil {
          await delegate.untilEnded(1)
          #expect(delegate.ends == [.idle(.seconds(30))])
        } else {
          #expect(try await association.echo().isSuccess)
          await association.release()
        }
      }
    }
  }

  @Test("every wait has one of these limits, and the table says which")
  func table() {
    let all: [Wait.Kind] = [
      .resolving, .connecting, .negotiatingTLS, .associating, .response("C-FIND"), .sending, .receiving, .report,
      .releasing, .cancelling, .idle,
    ]
    #expect(Set(Self.limits.flatMap(\.kinds) + [.cancelling]) == Set(all))
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    print(padded("timeout", 14) + padded("unless set", 12) + padded("started again by", 56) + "waits")
    for limit in Self.limits {
      let usual = Timeouts()[keyPath: limit.path].map(\.inWords) ?? "none"
      print(
        padded(limit.name, 14) + padded(usual, 12) + padded(limit.restarted, 56)
          + limit.kinds.map(\.words).joined(separator: ", "))
    }
    print(
      padded("cancel grace", 14) + padded(Timeouts().cancel.inWords, 12) + padded("never", 56)
        + Wait.Kind.cancelling.words)
  }
}
