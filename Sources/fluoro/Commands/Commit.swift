import ArgumentParser
import Dicom
import Foundation
import LocalIndex
import Operations

struct Commit: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit",
    abstract: "Ask a modality to keep what was sent to it before (storage commitment).",
    discussion: """
      An ID is a local patient, study, series or instance, as `fluoro local find` lists them. The modality reports over \
      the same association, or over one of its own to the fluoro that listens on this storage: to this one, where \
      nobody else does. The report is awaited as long as the timeout says; one that comes later is kept all the same.
      Without an ID: what was asked of the modality in the last 90 days, and what it has reported since.
      """)

  @OptionGroup var peer: PeerOptions
  @Argument(help: ArgumentHelp("What it is to keep; none lists what was asked before.", valueName: "ID"))
  var ids: [String] = []
  @OptionGroup var format: FormatOptions
  @OptionGroup var shared: SharedOptions

  func validate() throws {
    for id in ids where !OrthancIdentifier.isWellFormed(id.lowercased()) {
      throw ValidationError("\(id) is not an identifier (five groups of eight hex digits)")
    }
  }

  func perform() async throws {
    let station = try shared.station()
    let modality = try peer.modality(in: station.configuration)
    if ids.isEmpty {
      let known = try station.index.commitments(askedOf: modality.aeTitle)
      await station.shutdown()
      return try list(known, modality)
    }
    let result: CommitResult
    do {
      result = try await follow(
        station.commit(modality, ids: ids.map { $0.lowercased() }, localAET: peer.localAet, timeout: peer.timeoutChoice)
      )
    } catch {
      await station.shutdown()
      throw error
    }
    await station.shutdown()
    if format.json {
      for instance in result.instances { try ResultWriter.standard.line(instance.json.text) }
      try ResultWriter.standard.line(result.json.text)
    } else {
      try ResultWriter.standard.line(
        "\(Words.grouped(result.committed)) of \(Words.count(result.instances.count, .instance)) committed by "
          + "\(modality.name).")
    }
    try result.finish()
  }

  /// A line for each request.
  private func list(_ known: [CommitmentTransaction], _ modality: Modality) throws {
    if known.isEmpty, !format.json {
      StandardError.say("\(modality.name) has taken no such request in the last 90 days")
    }
    for transaction in known {
      let committed = transaction.instances.count { $0.state?.isSuccess == true }
      if format.json {
        let object = JSONText.Value.object([
          ("transactionUID", .string(transaction.transactionUID.rawValue)),
          ("asked", .string(transaction.asked.formatted(.iso8601))),
          ("reported", JSONText.Value(transaction.reported?.formatted(.iso8601))), ("committed", .integer(committed)),
          ("failedInstances", .array(transaction.failed.map { .string($0.reference.sopInstanceUID.rawValue) })),
          ("instances", .integer(transaction.instances.count)),
        ])
        try ResultWriter.standard.line(object.text)
        continue
      }
      let count = Words.count(transaction.instances.count, .instance)
      let report = transaction.reported.map { "reported \($0.formatted(.iso8601))" } ?? "no report yet"
      try ResultWriter.standard.line(
        "\(transaction.asked.formatted(.iso8601))  \(Words.grouped(committed)) of \(count) committed, \(report)")
      for instance in transaction.failed {
        let reason = instance.state?.words ?? "no report on it"
        try ResultWriter.standard.line("  \(instance.reference.sopInstanceUID): \(reason)")
      }
    }
  }
}
