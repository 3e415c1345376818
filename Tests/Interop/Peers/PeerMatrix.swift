/// A table of what was tried with real peers: service, peer, the role we had, and how it went.
struct PeerMatrix {
  enum Role: String {
    case scu = "SCU"
    case scp = "SCP"
  }

  private struct Cell {
    let service, peer: String
    let role: Role
    let problem: String?
  }

  private var cells: [Cell] = []

  /// Tries one cell; what the check throws is its problem.
  mutating func `try`(_ service: String, _ peer: String, as role: Role, _ check: () async throws -> Void) async {
    var problem: String?
    do {
      try await check()
    } catch {
      problem = "\(error)"
    }
    cells.append(Cell(service: service, peer: peer, role: role, problem: problem))
  }

  /// The cells that failed, in words.
  var problems: [String] {
    cells.compactMap { cell in cell.problem.map { "\(cell.service), \(cell.peer), as \(cell.role.rawValue): \($0)" } }
  }

  /// A row for each service and role, a column for each peer.
  var table: String {
    var peers: [String] = []
    var rows: [String] = []
    for cell in cells {
      if !peers.contains(cell.peer) { peers.append(cell.peer) }
      let row = "\(cell.service) \(cell.role.rawValue)"
      if !rows.contains(row) { rows.append(row) }
    }
    let width = rows.map(\.count).max() ?? 0
    let lines = rows.map { row in
      let columns = peers.map { peer in
        let cell = cells.first { $0.peer == peer && "\($0.service) \($0.role.rawValue)" == row }
        let mark = cell.map { $0.problem == nil ? "passed" : "FAILED" } ?? "-"
        return mark + String(repeating: " ", count: max(0, max(peer.count, 6) - mark.count))
      }
      return row + String(repeating: " ", count: width - row.count) + "  " + columns.joined(separator: "  ")
    }
    let head = peers.map { $0 + String(repeating: " ", count: max(0, 6 - $0.count)) }.joined(separator: "  ")
    return ([String(repeating: " ", count: width + 2) + head] + lines).joined(separator: "\n")
  }
}

extension Subprocess.Finished {
  /// Throws what the program said unless it ended as it should.
  @discardableResult
  func expecting(_ expected: Int32 = 0) throws -> Self {
    guard status == expected else { throw PeerProblem("status \(status): \(output)\(errors)") }
    return self
  }
}
