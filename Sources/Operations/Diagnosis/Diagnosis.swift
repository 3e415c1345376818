import Dicom
import Foundation

/// What works between us and a modality and what does not, layer by layer. Nothing in it names a patient.
public struct Diagnosis: OperationResult, Hashable {
  /// In the order they build upon each other.
  public enum Layer: String, Sendable, CaseIterable {
    case resolve, connect, tls, association, echo, find
    /// Whether the modality knows our AE title and its instances arrive here.
    case reach
  }

  public enum Verdict: String, Sendable {
    case pending, running, passed
    /// It works, and there is something to know about it; or it is not offered.
    case warning
    case failed
    /// Nothing speaks against it, and nothing proves it.
    case unproven
    /// Not needed, or not to be had since something before it failed.
    case skipped
  }

  public struct Step: Sendable, Hashable {
    public var layer: Layer
    public var verdict = Verdict.pending
    /// What was seen and, where it failed, what to change and where.
    public var words = ""
    /// nil where nothing is wrong.
    public var cause: DiagnosisCause?
    public var milliseconds: Double?
    public var details: [String] = []

    public init(layer: Layer) { self.layer = layer }
  }

  public var modality: String
  public var aeTitle: String
  public var host: String
  public var port: Int
  /// The title we call with and move to.
  public var callingAETitle: String
  public var started: Date
  /// One for each layer, in their order.
  public var steps: [Step] = Layer.allCases.map { Step(layer: $0) }
  public var outcome = Outcome(.done, "")

  public subscript(_ layer: Layer) -> Step {
    get { steps.first { $0.layer == layer } ?? Step(layer: layer) }
    set {
      if let index = steps.firstIndex(where: { $0.layer == layer }) { steps[index] = newValue }
    }
  }

  /// Why the first layer that does not work does not; nil where all work.
  public var cause: DiagnosisCause? { (failure ?? steps.first { $0.cause != nil })?.cause }

  private var failure: Step? { steps.first { $0.verdict == .failed } }

  public var json: JSONText.Value {
    .object([
      ("modality", .string(modality)), ("aet", .string(aeTitle)), ("host", .string(host)), ("port", .integer(port)),
      ("callingAET", .string(callingAETitle)), ("ok", .bool(outcome.state == .done)),
      ("cause", JSONText.Value(cause?.rawValue)), ("conclusion", .string(outcome.words)),
      ("steps", .array(steps.map(\.json))),
    ])
  }
}

extension Diagnosis {
  /// What it all comes to: what works, what does not, what to change and where.
  var conclusion: String {
    let working = steps.filter { $0.verdict == .passed || ($0.verdict == .warning && $0.cause != .notOffered) }
      .filter { $0.layer != .resolve || $0.milliseconds != nil }.map(\.layer.name)
    let works = working.isEmpty ? nil : "\(Self.list(working)) \(working.count == 1 ? "works" : "work")"
    if let failure {
      return works.map { "\($0); \(failure.layer.name) does not: \(failure.words)".withCapital } ?? failure.words
    }
    let open = steps.filter { $0.verdict == .unproven || $0.cause != nil }.map(\.words)
    guard open.isEmpty else { return ([works] + open).compactMap { $0 }.joined(separator: "; ").withCapital }
    return "Everything works: \(Self.list(working))."
  }

  private static func list(_ words: [String]) -> String {
    words.count < 2
      ? words.joined() : words.dropLast().joined(separator: ", ") + " and " + (words.last ?? "")
  }

  /// All of it as text, for a person or a vendor's ticket.
  public var report: [String] {
    let date = started.formatted(.iso8601)
    let head =
      "Diagnosis of \(modality) (\(aeTitle)@\(host):\(port)), called as \(callingAETitle), \(date), "
      + Implementation.versionName
    return [head, ""] + steps.flatMap(\.lines) + ["", outcome.words]
  }
}

extension Diagnosis.Layer {
  /// As a subject of a sentence.
  public var name: String {
    switch self {
    case .resolve: "name resolution"
    case .connect: "the connection"
    case .tls: "TLS"
    case .association: "the association"
    case .echo: "C-ECHO"
    case .find: "C-FIND"
    case .reach: "sending to us"
    }
  }

  /// As the head of a line.
  public var title: String { name.hasPrefix("the ") ? String(name.dropFirst(4)) : name }
}

extension Diagnosis.Step {
  /// `passed   connection        0.3 ms  192.0.2.1 answers on port 104`, and what else there is to say below it.
  public var lines: [String] {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    let time = milliseconds.map(Words.milliseconds) ?? ""
    let head =
      padded(verdict.word, 9) + padded(layer.title, 16)
      + String(repeating: " ", count: max(0, 8 - time.count)) + time + "  " + words
    return [head] + details.map { "           " + $0 }
  }

  var json: JSONText.Value {
    .object([
      ("layer", .string(layer.rawValue)), ("verdict", .string(verdict.rawValue)),
      ("milliseconds", milliseconds.map(JSONText.Value.decimal) ?? .null), ("cause", JSONText.Value(cause?.rawValue)),
      ("words", .string(words)), ("details", .array(details.map(JSONText.Value.string))),
    ])
  }
}

extension Diagnosis.Verdict {
  public var word: String {
    switch self {
    case .passed: "ok"
    case .unproven: "unproven"
    case .skipped: "–"
    case .pending: "…"
    default: rawValue
    }
  }
}

extension String {
  fileprivate var withCapital: String { prefix(1).uppercased() + dropFirst() }
}
