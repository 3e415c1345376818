import Foundation
import Testing

extension Interop {
  /// The real program against peers that nobody should have to meet: each gets a typed end in time, memory stays flat,
  /// every descriptor comes back, and others are served meanwhile.
  @Suite("Hostile peers")
  struct HostileStories {
    let workshop: Workshop

    init() throws {
      workshop = try Workshop()
    }

    private struct Row {
      let name, outcome: String
      let seconds, peak: Double
      let descriptors: Int

      init(_ object: [String: Any]) throws {
        name = try #require(object["case"] as? String)
        outcome = try #require(object["outcome"] as? String)
        seconds = try #require(object["seconds"] as? Double)
        peak = try #require(object["peak"] as? Double)
        descriptors = try #require(object["descriptors"] as? Int)
      }
    }

    /// How each case has to end; the script's cases and these are the same.
    private func judge(_ attacks: Subprocess.Finished, _ expected: [String: String], _ role: String) throws -> [Row] {
      let rows = try attacks.objects().map(Row.init)
      var table = "hostile case, against fluoro as \(role)".padding(toLength: 60, withPad: " ", startingAt: 0)
      table += "| outcome | peak memory | descriptors\n"
      for row in rows {
        let name = row.name.padding(toLength: 34, withPad: " ", startingAt: 0)
        let outcome = row.outcome.replacing(/HOSTILE@127.0.0.1:\d+|127.0.0.1:\d+/, with: "the peer")
        table += "\(name) | \(outcome), \(row.seconds) s | \(row.peak) MB | \(row.descriptors) more\n"
      }
      print(table)
      #expect(Set(rows.map(\.name)) == Set(expected.keys), "\(attacks.errors)")
      for row in rows {
        let words = expected[row.name] ?? "?"
        #expect(row.outcome.contains(words), "\(row.name): \(row.outcome) instead of \(words)")
        #expect(row.descriptors == 0, "\(row.name): \(row.descriptors) descriptors are left")
      }
      return rows
    }

    @Test("as an acceptor")
    func acceptor() async throws {
      let fluoro = try Installation(
        in: workshop, settings: ["DicomScpTimeout": 2, "DicomAlwaysAllowStore": true])
      let server = try await fluoro.serve()
      let attacks = try await Subprocess.run(
        Workshop.python,
        ["\(Workshop.scripts)/hostile.py", "acceptor", "\(fluoro.port)", "\(try await server.program)"],
        in: workshop, within: .seconds(150))
      let violated = "aborted, source 2"
      let rows = try judge(
        attacks,
        [
          "one byte at a time": "served", "silence after connecting": "closed", "silence amid the request": "closed",
          "silence after the association": "aborted, source 0", "silence amid a command": "aborted, source 0",
          "silence amid a data set": "aborted, source 0", "a PDU longer than agreed": violated,
          "a PDU of 4 GB": violated, "a request of 4 GB": "aborted", "a PDV longer than its PDU": violated,
          "a PDV shorter than its header": violated, "a context never negotiated": violated,
          "a command amid a data set": violated, "data without a command": violated, "a response to nothing": violated,
          "reset amid a data set": "we reset", "an instance that does not end": "we reset after 256 MB",
          "1000 connections": "others served", "TLS where none is": "aborted", "HTTP": "aborted",
          "random bytes": "aborted",
        ], "acceptor")
      // The flood may have a hundred connections at once; everything else is one.
      #expect(rows.allSatisfy { $0.peak < ($0.name == "1000 connections" ? 64 : 24) })
      #expect(fluoro.files.isEmpty)
      await server.stop()
    }

    @Test("as a requestor")
    func requestor() async throws {
      let fluoro = try Installation(in: workshop)
      let attacks = try await Subprocess.run(
        Workshop.python,
        [
          "\(Workshop.scripts)/hostile.py", "requestor", Workshop.fluoro, "--config", fluoro.configurationPath,
        ], in: workshop, environment: fluoro.environment, within: .seconds(150))
      let violated = "broke the protocol"
      let rows = try judge(
        attacks,
        [
          "one byte at a time": "0, 2 lines", "a byte now and then": "sent no C-FIND response within 1 s",
          "silence after connecting": "did not answer the association request within 1 s",
          "silence amid the acceptance": "did not answer the association request within 1 s",
          "silence after the association": "sent no C-FIND response within 1 s",
          "silence amid a response": "sent no C-FIND response within 1 s", "silence at the release": "0, 2 lines",
          "a PDU longer than agreed": violated, "a PDU of 4 GB": violated, "an acceptance of 4 GB": violated,
          "a PDV longer than its PDU": violated, "a PDV shorter than its header": violated,
          "a context never negotiated": violated, "a command amid a data set": violated,
          "a response with the wrong id": violated, "a response of another service": violated,
          "responses after the cancel": "0, 11 lines", "a cancel never confirmed": "0, 11 lines",
          "100,000 responses at once": "0, 100001 lines", "reset amid a data set": "1, 0 lines",
          "2 GB to a peer that takes nothing": "took none of our data for 1 s", "TLS where none is": "TLS",
          "HTTP": "web server", "random bytes": violated, "random bytes as content": violated,
        ], "requestor")
      // What the process takes in any case, and little more, whatever the peer sends.
      let least = try #require(rows.map(\.peak).min())
      #expect(rows.allSatisfy { $0.peak < least + 24 })
    }
  }
}
