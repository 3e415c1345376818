import Dispatch
import Foundation
import Glibc
import LocalIndex
import Operations
import Testing

@testable import TUI

/// A person at the keyboard: presses keys, reads the screen. Runs the model without a terminal; with a station behind it
/// everything but curses is real.
final class Story {
  private(set) var model: Model
  private var canvas: Canvas
  /// What the model wanted done that no station did: copying, quitting, and all of it when there is no station.
  private(set) var effects: [Effect] = []
  private let carrier: Effects?
  private let mailbox = Mailbox()
  private(set) var now = ContinuousClock.now
  private(set) var clock = 1_710_504_000

  init(_ modalities: [ModalityRow] = Story.modalities, size: Size = Size(rows: 24, columns: 80)) {
    model = Model(world: World(size: size, modalities: modalities))
    canvas = Canvas(size)
    carrier = nil
    perform(model.start(at: now, clock: clock))
    draw()
  }

  init(_ station: Station, size: Size = Size(rows: 24, columns: 80)) {
    let rows = station.configuration.modalities.map { Views.modality($0, station.configuration) }
    model = Model(world: World(size: size, modalities: rows))
    canvas = Canvas(size)
    let carrier = Effects(station: station, mailbox: mailbox)
    self.carrier = carrier
    carrier.begin()
    perform(model.start(at: now, clock: clock))
    draw()
  }

  static let modalities = ["PACS1", "PACS2", "ARCHIVE"].enumerated().map { index, name in
    ModalityRow(name: name, aeTitle: name, host: "10.0.0.\(index + 1)", port: 104)
  }

  // MARK: Doing

  /// Keys one after the other, each seeing what the one before did.
  func press(_ keys: Key...) {
    for key in keys {
      receive(.input(.key(key)))
      draw()
    }
  }

  /// Keys that arrive in one read: nothing is drawn between them.
  func pressAtOnce(_ keys: Key...) {
    for key in keys { receive(.input(.key(key))) }
    draw()
  }

  func type(_ text: String) { for character in text { press(Key(.character(character))) } }

  func receive(_ message: Message) { perform(model.update(message, at: now, clock: clock)) }

  func show(_ message: Message) {
    receive(message)
    draw()
  }

  /// What the terminal or the world is like.
  func changeWorld(_ change: (inout World) -> Void) {
    change(&model.world)
    draw()
  }

  /// Time passes.
  func pass(_ duration: Duration) {
    now += duration
    receive(.tick)
    draw()
  }

  /// The clock on the wall goes on.
  func passOnTheClock(seconds: Int) {
    clock += seconds
    pass(.seconds(seconds))
  }

  private func perform(_ new: [Effect]) {
    for effect in new {
      carrier?.perform(effect)
      effects.append(effect)
    }
  }

  private func draw() {
    canvas = model.draw()
    model.seen()
  }

  // MARK: Reading

  var lines: [String] { canvas.lines }
  var screen: String { lines.joined(separator: "\n") }
  /// The line under the cursor.
  var selected: String {
    let row = (0..<canvas.size.rows).first { canvas[$0, 0].style.selected }
    return row.map { canvas.text($0) } ?? ""
  }
  /// The line under the cursor of what is in front of the screen.
  var selectedPopup: String {
    let row = (0..<canvas.size.rows).last { row in
      (0..<canvas.size.columns).contains { canvas[row, $0].style.selected } && !canvas[row, 0].style.selected
    }
    return row.map { canvas.text($0) } ?? ""
  }
  var footer: String { lines.last ?? "" }
  var operation: String { lines[canvas.size.rows - 2] }

  func shows(_ text: String) -> Bool { screen.contains(text) }

  /// Waits until the screen says so: for messages, not for time.
  func until(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async {
    await wait(for: text, sourceLocation) { shows(text) }
  }

  /// Waits until the row under the cursor says so: a list that is still loading has none.
  func untilSelected(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async {
    await wait(for: text, sourceLocation) { selected.contains(text) }
  }

  private func wait(for text: String, _ sourceLocation: SourceLocation, _ isThere: () -> Bool) async {
    let limit = ContinuousClock.now + .seconds(20)
    while !isThere(), ContinuousClock.now < limit {
      let descriptor = mailbox.descriptor
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          var one = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          poll(&one, 1, 100)
          continuation.resume()
        }
      }
      now = .now
      if let tick = model.nextTick, now >= tick { receive(.tick) }
      for message in mailbox.drain() { receive(message) }
      draw()
    }
    #expect(isThere(), "never showed \(text):\n\(screen)", sourceLocation: sourceLocation)
  }
}
