import Testing

@testable import Dicom

/// PS3.8 Table 9-10, written out: a row an event, a column a state. `AE-3>6` is the action and the state after it,
/// `.` an empty cell: the event is not possible there. Where the action decides between two states both are named.
enum StateTable {
  typealias Machine = AssociationStateMachine

  static let text = """
    Event Sta1   Sta2      Sta3    Sta4   Sta5    Sta6    Sta7      Sta8    Sta9    Sta10    Sta11   Sta12   Sta13
    Evt1  AE-1>4 .         .       .      .       .       .         .       .       .        .       .       .
    Evt2  .      .         .       AE-2>5 .       .       .         .       .       .        .       .       .
    Evt3  .      AA-1>13   AA-8>13 .      AE-3>6  AA-8>13 AA-8>13   AA-8>13 AA-8>13 AA-8>13  AA-8>13 AA-8>13 AA-6>13
    Evt4  .      AA-1>13   AA-8>13 .      AE-4>1  AA-8>13 AA-8>13   AA-8>13 AA-8>13 AA-8>13  AA-8>13 AA-8>13 AA-6>13
    Evt5  AE-5>2 .         .       .      .       .       .         .       .       .        .       .       .
    Evt6  .      AE-6>3|13 AA-8>13 .      AA-8>13 AA-8>13 AA-8>13   AA-8>13 AA-8>13 AA-8>13  AA-8>13 AA-8>13 AA-7>13
    Evt7  .      .         AE-7>6  .      .       .       .         .       .       .        .       .       .
    Evt8  .      .         AE-8>13 .      .       .       .         .       .       .        .       .       .
    Evt9  .      .         .       .      .       DT-1>6  .         AR-7>8  .       .        .       .       .
    Evt10 .      AA-1>13   AA-8>13 .      AA-8>13 DT-2>6  AR-6>7    AA-8>13 AA-8>13 AA-8>13  AA-8>13 AA-8>13 AA-6>13
    Evt11 .      .         .       .      .       AR-1>7  .         .       .       .        .       .       .
    Evt12 .      AA-1>13   AA-8>13 .      AA-8>13 AR-2>8  AR-8>9|10 AA-8>13 AA-8>13 AA-8>13  AA-8>13 AA-8>13 AA-6>13
    Evt13 .      AA-1>13   AA-8>13 .      AA-8>13 AA-8>13 AR-3>1    AA-8>13 AA-8>13 AR-10>12 AR-3>1  AA-8>13 AA-6>13
    Evt14 .      .         .       .      .       .       .         AR-4>13 AR-9>11 .        .       AR-4>13 .
    Evt15 .      .         AA-1>13 AA-2>1 AA-1>13 AA-1>13 AA-1>13   AA-1>13 AA-1>13 AA-1>13  AA-1>13 AA-1>13 .
    Evt16 .      AA-2>1    AA-3>1  .      AA-3>1  AA-3>1  AA-3>1    AA-3>1  AA-3>1  AA-3>1   AA-3>1  AA-3>1  AA-2>1
    Evt17 .      AA-5>1    AA-4>1  AA-4>1 AA-4>1  AA-4>1  AA-4>1    AA-4>1  AA-4>1  AA-4>1   AA-4>1  AA-4>1  AR-5>1
    Evt18 .      AA-2>1    .       .      .       .       .         .       .       .        .       .       AA-2>1
    Evt19 .      AA-1>13   AA-8>13 .      AA-8>13 AA-8>13 AA-8>13   AA-8>13 AA-8>13 AA-8>13  AA-8>13 AA-8>13 AA-7>13
    """

  /// One cell, named as a reader of the standard would.
  struct Cell: Hashable, Sendable, CustomTestStringConvertible {
    let event: Int
    let state: Machine.State
    /// As in `text`.
    let content: String

    var action: String { content.split(separator: ">").first.map(String.init) ?? "." }
    var nextStates: [Int] {
      content.split(separator: ">").dropFirst().flatMap { $0.split(separator: "|") }.compactMap { Int($0) }
    }

    var testDescription: String {
      let what =
        content == "." ? "not possible" : "\(action), Sta\(nextStates.map(String.init).joined(separator: " or "))"
      return "Evt\(event) in Sta\(state.rawValue): \(what)"
    }
  }

  static let cells: [Cell] = text.split(separator: "\n").dropFirst().flatMap { line -> [Cell] in
    let columns = line.split(separator: " ").map(String.init)
    let event = Int(columns[0].dropFirst(3)) ?? 0
    return zip(Machine.State.allCases, columns.dropFirst()).map { Cell(event: event, state: $0, content: $1) }
  }

  static let events: [Machine.Event] = [
    .associateRequest, .transportConnected, .associateAcceptReceived, .associateRejectReceived,
    .transportConnectionIndicated, .associateRequestReceived(acceptable: true), .associateResponseAccept,
    .associateResponseReject, .dataRequest, .dataReceived, .releaseRequest, .releaseRequestReceived,
    .releaseResponseReceived, .releaseResponse, .abortRequest, .abortReceived, .transportClosed, .artimExpired,
    .invalidPDUReceived,
  ]

  /// The shortest ways into each state; those of a collision need the right role.
  static let ways: [(Machine.Role, [Machine.Event])] = [
    (.requestor, []),
    (.acceptor, [.transportConnectionIndicated]),
    (.acceptor, [.transportConnectionIndicated, .associateRequestReceived(acceptable: true)]),
    (.requestor, [.associateRequest]),
    (.requestor, [.associateRequest, .transportConnected]),
    (.requestor, established),
    (.requestor, established + [.releaseRequest]),
    (.requestor, established + [.releaseRequestReceived]),
    (.requestor, established + [.releaseRequest, .releaseRequestReceived]),
    (.acceptor, accepted + [.releaseRequest, .releaseRequestReceived]),
    (.requestor, established + [.releaseRequest, .releaseRequestReceived, .releaseResponse]),
    (.acceptor, accepted + [.releaseRequest, .releaseRequestReceived, .releaseResponseReceived]),
    (.requestor, established + [.abortRequest]),
  ]
  static let established: [Machine.Event] = [.associateRequest, .transportConnected, .associateAcceptReceived]
  static let accepted: [Machine.Event] = [
    .transportConnectionIndicated, .associateRequestReceived(acceptable: true), .associateResponseAccept,
  ]

  static func machine(in state: Machine.State) -> Machine { machine(after: ways[state.rawValue - 1]) }

  static func machine(after way: (role: Machine.Role, events: [Machine.Event])) -> Machine {
    var machine = Machine(role: way.role)
    for event in way.events { _ = machine.handle(event) }
    return machine
  }

  /// What the machine does with an event in a state, written as a cell. Both outcomes of AE-6 and AR-8 are tried.
  static func content(_ event: Int, in state: Machine.State) -> String {
    let trials: [(Machine, Machine.Event)] =
      switch (event, state) {
      case (6, .sta2):
        [true, false].map { (machine(in: state), .associateRequestReceived(acceptable: $0)) }
      case (12, .sta7):
        [(.requestor, established), (.acceptor, accepted)].map { role, events in
          (machine(after: (role, events + [.releaseRequest])), .releaseRequestReceived)
        }
      default: [(machine(in: state), events[event - 1])]
      }
    var action: String?
    var after: [String] = []
    for (start, event) in trials {
      var machine = start
      action = machine.handle(event)?.rawValue
      after.append(String(machine.state.rawValue))
    }
    guard let action else { return after == [String(state.rawValue)] ? "." : "changed to \(after)" }
    return "\(action)>\(after.joined(separator: "|"))"
  }

  /// The machine's own table, in the form of `text`.
  static var drawn: String {
    var rows = [["Event"] + Machine.State.allCases.map { "Sta\($0.rawValue)" }]
    for event in 1...events.count {
      rows.append(["Evt\(event)"] + Machine.State.allCases.map { content(event, in: $0) })
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
