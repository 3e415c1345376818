import Dicom
import Foundation
import LocalIndex

@testable import Operations

/// Two real stations on loopback: ours in front, and a PACS with the sample studies.
struct Stations {
  let pacs: SamplePACS
  let front: Station
  let modality: Modality

  static func with(
    _ settings: [Setting] = [], clock: any DeadlineClock = SystemDeadlineClock(),
    _ body: (Stations) async throws -> Void
  ) async throws {
    let pacs = try await SamplePACS.start()
    var configuration = pacs.frontConfiguration
    for setting in settings { setting.apply(&configuration) }
    let front = try Station(configuration: configuration, clock: clock)
    let stations = Stations(pacs: pacs, front: front, modality: try configuration.modality(named: "SAMPLEPACS"))
    do {
      try await body(stations)
    } catch {
      await stations.end()
      throw error
    }
    await stations.end()
  }

  private func end() async {
    await front.shutdown()
    await pacs.stop()
  }

  /// All matches of a query.
  func find(_ query: Query, _ modality: Modality? = nil) async throws -> (FindResult, [DataSet]) {
    let matches = Box<[DataSet]>([])
    let operation = front.find(modality ?? self.modality, query) { match in matches.change { $0.append(match) } }
    return (try await operation.value(), matches.value)
  }

  /// The study of the PACS with the most instances.
  func largestStudy() throws -> StudyRow {
    let studies = try pacs.station.index.studies()
    guard let largest = studies.max(by: { $0.instances < $1.instances }) else { throw NothingFound() }
    return largest
  }

  struct NothingFound: Error {}
}

/// Returns when something has come about.
///
/// - Throws: when the test is over: it took too long.
func until(_ condition: () -> Bool) async throws {
  while !condition() {
    try Task.checkCancellation()
    await Task.yield()
  }
}

/// One change of a configuration.
struct Setting {
  let apply: (inout Configuration) -> Void

  static func set<Value>(_ path: WritableKeyPath<Configuration, Value>, _ value: Value) -> Setting {
    Setting { $0[keyPath: path] = value }
  }
}
