import Dicom
import Foundation
import GRDB

/// A request for storage commitment of ours: what was asked of whom, and what came of it. It is kept in `state.sqlite`, for
/// the process that asks need not be the one that receives the report.
public struct CommitmentTransaction: Hashable, Sendable {
  public struct Instance: Hashable, Sendable {
    public var reference: SOPReference
    /// Success: the peer keeps it. Another: why it does not (PS3.3 §C.14.1.1). nil: it has not said, or not yet.
    public var state: Status?
  }

  public var transactionUID: UID
  /// The AE title that was asked.
  public var peer: String
  public var asked: Date
  /// nil while the report is awaited.
  public var reported: Date?
  public var instances: [Instance]

  /// What the peer does not keep: what it has said so of, and what its report leaves out.
  public var failed: [Instance] { instances.filter { $0.state.map { !$0.isSuccess } ?? (reported != nil) } }
}

extension LocalIndex {
  /// After so many days a request is forgotten.
  private static let commitmentDays = 90.0

  /// Keeps a request that is about to be made, so that its report is known for what it is.
  public func addCommitment(_ transactionUID: UID, askedOf peer: String, _ references: [SOPReference]) throws {
    try state.write { db in
      let now = Date().timeIntervalSince1970
      try db.execute(
        sql: "DELETE FROM commitment WHERE asked < ?", arguments: [now - Self.commitmentDays * 86_400])
      try db.execute(
        sql: "INSERT INTO commitment (uid, peer, asked) VALUES (?, ?, ?)",
        arguments: [transactionUID.rawValue, peer, now])
      for reference in references {
        try db.execute(
          sql: "INSERT OR IGNORE INTO commitmentInstance (uid, sopClass, sopInstance) VALUES (?, ?, ?)",
          arguments: [
            transactionUID.rawValue, reference.sopClassUID.rawValue, reference.sopInstanceUID.rawValue,
          ])
      }
    }
  }

  /// Forgets a request that was refused, or never made: no report will come.
  public func forgetCommitment(_ transactionUID: UID) throws {
    try state.write { db in
      try db.execute(sql: "DELETE FROM commitment WHERE uid = ?", arguments: [transactionUID.rawValue])
    }
  }

  /// Notes a report. A second report of a transaction adds to the first.
  /// - Returns: false when no such request is known.
  public func note(_ report: StorageCommitmentReport) throws -> Bool {
    try state.write { db in
      let uid = report.transactionUID.rawValue
      try db.execute(
        sql: "UPDATE commitment SET reported = ? WHERE uid = ?", arguments: [Date().timeIntervalSince1970, uid])
      guard db.changesCount > 0 else { return false }
      let states =
        report.committed.map { ($0.sopInstanceUID, 0) }
        + report.failed.map { ($0.reference.sopInstanceUID, Int($0.reason.code == 0 ? 0x0110 : $0.reason.code)) }
      for (instance, state) in states {
        try db.execute(
          sql: "UPDATE commitmentInstance SET state = ? WHERE uid = ? AND sopInstance = ?",
          arguments: [state, uid, instance.rawValue])
      }
      return true
    }
  }

  /// A request as it stands, in this process or another; nil when no such request is known.
  public func commitment(_ transactionUID: UID) throws -> CommitmentTransaction? {
    try state.read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM commitment WHERE uid = ?", arguments: [transactionUID.rawValue])
        .map { try Self.transaction($0, db) }
    }
  }

  /// The requests made of an AE title that are remembered, the latest first.
  public func commitments(askedOf peer: String) throws -> [CommitmentTransaction] {
    try state.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM commitment WHERE peer = ? ORDER BY asked DESC", arguments: [peer])
        .map { try Self.transaction($0, db) }
    }
  }

  private static func transaction(_ row: Row, _ db: Database) throws -> CommitmentTransaction {
    let uid: String = row["uid"]
    let instances = try Row.fetchAll(
      db, sql: "SELECT * FROM commitmentInstance WHERE uid = ? ORDER BY rowid", arguments: [uid])
    return CommitmentTransaction(
      transactionUID: UID(uid), peer: row["peer"], asked: Date(timeIntervalSince1970: row["asked"]),
      reported: (row["reported"] as Double?).map(Date.init(timeIntervalSince1970:)),
      instances: instances.map { row in
        CommitmentTransaction.Instance(
          reference: SOPReference(sopClassUID: UID(row["sopClass"]), sopInstanceUID: UID(row["sopInstance"])),
          state: (row["state"] as Int?).map { Status(UInt16(clamping: $0), service: .storageCommitment) })
      })
  }
}
