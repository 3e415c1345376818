import ArgumentParser
import Dicom
import LocalIndex
import Operations
import TUI

struct Demo: InterfaceCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Open the interface on a sample PACS in this process: temporary storage, free loopback ports.")

  func open() throws -> Int32 {
    let pacs = try waiting { try await SamplePACS.start() }
    // The interface shuts its own station down when the person quits.
    let station = try Station(configuration: pacs.frontConfiguration, traces: TraceRing())
    let status = TUI.run(station: station, keepsJobs: false)
    try waiting { await pacs.stop() }
    return status
  }
}
