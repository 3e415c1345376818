import Testing

@testable import Dicom

@Suite("The association state machine")
struct AssociationStateMachineTests {
  typealias Machine = AssociationStateMachine

  @Test("has 13 states and 19 events, hence 247 cells")
  func size() {
    #expect(Machine.State.allCases.map(\.rawValue) == Array(1...13))
    #expect(StateTable.events.map(\.number) == Array(1...19))
    #expect(StateTable.cells.count == 13 * 19)
    #expect(Set(StateTable.cells.map { [$0.event, $0.state.rawValue] }).count == 13 * 19)
  }

  @Test("every state is reached by its way", arguments: Machine.State.allCases)
  func ways(to state: Machine.State) {
    #expect(StateTable.machine(in: state).state == state)
  }

  @Test("Table 9-10, cell by cell", arguments: StateTable.cells)
  func cell(_ cell: StateTable.Cell) {
    #expect(StateTable.content(cell.event, in: cell.state) == cell.content)
  }

  @Test("drawn by the machine itself, the table is the standard's")
  func table() {
    print(StateTable.drawn)
    #expect(StateTable.drawn == StateTable.text)
  }

  @Test("every action of Tables 9-6 to 9-9 is used")
  func actions() {
    #expect(Set(StateTable.cells.map(\.action)).subtracting(["."]) == Set(Machine.Action.allCases.map(\.rawValue)))
  }

  @Test("a release collision goes by the role, to its end")
  func releaseCollision() {
    var requestor = StateTable.machine(in: .sta7)
    #expect(requestor.handle(.releaseRequestReceived) == .ar8)
    #expect(requestor.state == .sta9)
    #expect(requestor.handle(.releaseResponse) == .ar9)
    #expect(requestor.handle(.releaseResponseReceived) == .ar3)
    #expect(requestor.state == .sta1)

    var acceptor = StateTable.machine(after: (.acceptor, StateTable.accepted + [.releaseRequest]))
    #expect(acceptor.handle(.releaseRequestReceived) == .ar8)
    #expect(acceptor.state == .sta10)
    #expect(acceptor.handle(.releaseResponseReceived) == .ar10)
    #expect(acceptor.handle(.releaseResponse) == .ar4)
    #expect(acceptor.state == .sta13)
  }
}
