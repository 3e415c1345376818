import Testing

@testable import Dicom

/// PS3.8 Table 9-10, written out: a row an event, a column a state.
@Suite("The association state machine")
struct AssociationStateMachineTests {
  typealias Machine = AssociationStateMachine

  static let table = """
    Event  Sta1 Sta2 Sta3 Sta4 Sta5 Sta6 Sta7 Sta8 Sta9 Sta10 Sta11 Sta12 Sta13
    Evt1   AE-1 .    .    .    .    .    .    .    .    .     .     .     .
    Evt2   .    .    .    AE-2 .    .    .    .    .    .     .     .     .
    Evt3   .    AA-1 AA-8 .    AE-3 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
    Evt4   .    AA-1 AA-8 .    AE-4 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
    Evt5   AE-5 .    .    .    .    .    .    .    .    .     .     .     .
    Evt6   .    AE-6 AA-8 .    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-7
    Evt7   .    .    AE-7 .    .    .    .    .    .    .     .     .     .
    Evt8   .    .    AE-8 .    .    .    .    .    .    .     .     .     .
    Evt9   .    .    .    .    .    DT-1 .    AR-7 .    .     .     .     .
    Evt10  .    AA-1 AA-8 .    AA-8 DT-2 AR-6 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
    Evt11  .    .    .    .    .    AR-1 .    .    .    .     .     .     .
    Evt12  .    AA-1 AA-8 .    AA-8 AR-2 AR-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-6
    Evt13  .    AA-1 AA-8 .    AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3  AA-8  AA-6
    Evt14  .    .    .    .    .    .    .    AR-4 AR-9 .     .     AR-4  .
    Evt15  .    .    AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1  AA-1  AA-1  .
    Evt16  .    AA-2 AA-3 .    AA-3 AA-3 AA-3 AA-3 AA-3 AA-3  AA-3  AA-3  AA-2
    Evt17  .    AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4  AA-4  AA-4  AR-5
    Evt18  .    AA-2 .    .    .    .    .    .    .    .     .     .     AA-2
    Evt19  .    AA-1 AA-8 .    AA-8 AA-8 AA-8 AA-8 AA-8 AA-8  AA-8  AA-8  AA-7
    """

  /// PS3.8 Tables 9-6 to 9-9: the state after each action. AE-6 and AR-8 have two.
  static let nextStates: [Machine.Action: Int] = [
    .ae1: 4, .ae2: 5, .ae3: 6, .ae4: 1, .ae5: 2, .ae7: 6, .ae8: 13, .dt1: 6, .dt2: 6, .ar1: 7, .ar2: 8, .ar3: 1,
    .ar4: 13, .ar5: 1, .ar6: 7, .ar7: 8, .ar9: 11, .ar10: 12, .aa1: 13, .aa2: 1, .aa3: 1, .aa4: 1, .aa5: 1, .aa6: 13,
    .aa7: 13, .aa8: 13,
  ]

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

  static func machine(in state: Machine.State) -> Machine {
    let (role, events) = ways[state.rawValue - 1]
    var machine = Machine(role: role)
    for event in events { _ = machine.handle(event) }
    return machine
  }

  @Test("every state is reached by its way", arguments: Machine.State.allCases)
  func ways(to state: Machine.State) {
    #expect(Self.machine(in: state).state == state)
  }

  @Test("every cell of Table 9-10", arguments: zip(events, table.split(separator: "\n").dropFirst().map(String.init)))
  func row(of event: Machine.Event, _ line: String) throws {
    let cells = line.split(separator: " ")
    try #require(cells.count == 14)
    #expect(cells[0] == "Evt\(event.number)")
    for state in Machine.State.allCases {
      let cell = cells[state.rawValue]
      var machine = Self.machine(in: state)
      let action = machine.handle(event)
      #expect(action?.rawValue ?? "." == cell, "\(event) in \(state)")
      guard let action else {
        #expect(machine.state == state, "an empty cell changes nothing")
        continue
      }
      switch action {
      case .ae6: #expect(machine.state == .sta3)
      case .ar8: #expect(machine.state == .sta9)
      default: #expect(machine.state.rawValue == Self.nextStates[action], "\(action.rawValue) from \(state)")
      }
    }
  }

  @Test("AE-6: a request the provider cannot accept is rejected")
  func unacceptableRequest() {
    var machine = Self.machine(in: .sta2)
    #expect(machine.handle(.associateRequestReceived(acceptable: false)) == .ae6)
    #expect(machine.state == .sta13)
  }

  @Test("AR-8: a release collision goes by the role")
  func releaseCollision() {
    var requestor = Self.machine(in: .sta7)
    #expect(requestor.handle(.releaseRequestReceived) == .ar8)
    #expect(requestor.state == .sta9)
    #expect(requestor.handle(.releaseResponse) == .ar9)
    #expect(requestor.handle(.releaseResponseReceived) == .ar3)
    #expect(requestor.state == .sta1)

    var acceptor = Machine(role: .acceptor)
    for event in Self.accepted + [.releaseRequest] { _ = acceptor.handle(event) }
    #expect(acceptor.handle(.releaseRequestReceived) == .ar8)
    #expect(acceptor.state == .sta10)
    #expect(acceptor.handle(.releaseResponseReceived) == .ar10)
    #expect(acceptor.handle(.releaseResponse) == .ar4)
    #expect(acceptor.state == .sta13)
  }
}
