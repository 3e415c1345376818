import Dicom
import Testing

@testable import Operations

@Suite("To which C-MOVE an instance belongs")
struct MovesInFlightTests {
  private func move(_ peer: String, _ messageID: UInt16) -> MoveInFlight {
    MoveInFlight(
      peer: Modality(name: peer, aeTitle: peer, host: "192.0.2.1", port: 104), originatorAETitle: "FLUORO",
      messageID: messageID, deadlines: Deadlines(Timeouts(all: nil), clock: ManualClock())
    ) { _, _ in }
  }

  @Test("by the originator it names; without one to the latest of its sender, by message id where only that is right")
  func belonging() {
    let moves = MovesInFlight()
    let (first, second, other) = (move("PACS", 1), move("PACS", 2), move("CT", 3))
    for move in [first, second, other] { moves.add(move) }
    #expect(moves.named("fluoro", 1) { $0.uppercased() == $1.uppercased() } === first)
    #expect(moves.named("PACS", 1, isSame: ==) == nil && moves.named("FLUORO", nil, isSame: ==) == nil)
    #expect(moves.from(messageID: nil) { $0.aeTitle == "PACS" } === second)
    // pynetdicom names itself as the originator, with our message id.
    #expect(moves.from(messageID: 1) { $0.aeTitle == "PACS" } === first)
    #expect(moves.from(messageID: 3) { $0.aeTitle == "PACS" } == nil)
    moves.remove(second)
    #expect(moves.from(messageID: nil) { $0.aeTitle == "PACS" } === first)
  }
}
