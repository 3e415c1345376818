import Dicom

/// What a person asked for.
public enum JobKind: String, Sendable, CaseIterable {
  case echo, find, move, get, store, commit, worklist, compare
  /// An operation for each row of a file.
  case bulk
  /// Echoes again and again.
  case watch
  /// One synthetic instance, stored and found again.
  case testStore = "teststore"
  /// What works towards a modality and what does not, layer by layer.
  case diagnose
  case importing = "import"
  case exporting = "export"
  case deleting = "delete"
  case verifying = "verify"
  case reindexing = "reindex"

  /// `C-MOVE` for those that are a service of the network.
  public var words: String {
    switch self {
    case .echo: "C-ECHO"
    case .find: "C-FIND"
    case .move: "C-MOVE"
    case .get: "C-GET"
    case .store: "C-STORE"
    case .commit: "storage commitment"
    case .worklist: "worklist C-FIND"
    case .watch: "watch"
    case .compare: "compare"
    case .bulk: "rows"
    case .testStore: "test store"
    case .diagnose: "diagnosis"
    case .importing, .exporting, .deleting, .verifying, .reindexing: rawValue
    }
  }
}

/// Where a job is. The last six are its end.
public enum JobState: String, Sendable, CaseIterable {
  case queued, paused
  case resolving, connecting, tls, associating, waiting, receiving, sending, cancelling
  case done, partial, failed, timedOut, rejected, cancelled

  public var hasEnded: Bool {
    switch self {
    case .done, .partial, .failed, .timedOut, .rejected, .cancelled: true
    default: false
    }
  }

  public var words: String {
    switch self {
    case .tls: "TLS"
    case .timedOut: "timed out"
    default: rawValue
    }
  }

  /// The state of a running job that waits for this.
  init(_ wait: Wait) {
    switch wait.kind {
    case .resolving: self = .resolving
    case .connecting: self = .connecting
    case .negotiatingTLS: self = .tls
    case .associating: self = .associating
    case .sending: self = .sending
    case .receiving: self = .receiving
    case .cancelling: self = .cancelling
    case .response, .report, .releasing, .idle: self = .waiting
    }
  }
}

/// How far a job is. What a peer never told is nil.
public struct JobProgress: Sendable, Hashable {
  /// The peer's counters of sub-operations (C-MOVE), or ours of instances to send.
  public var remaining: Int?
  public var completed: Int?
  public var failed: Int?
  public var warning: Int?
  /// All there is to do, where it is known.
  public var total: Int?
  /// Counted by us: instances that arrived here and are durable, matches of a query.
  public var received = 0
  /// What the peer says it has sent is to arrive here: ``completed`` is the peer's word, ``received`` what is true.
  public var comesHere = false
  /// Bytes of data sets that arrived, or were sent.
  public var bytes: Int64 = 0
  /// What of it is under way, in words.
  public var current = ""

  public init() {}

  /// How many have been dealt with, whatever became of them.
  public var done: Int { (completed ?? received) + (failed ?? 0) + (warning ?? 0) }
}

/// How an operation ended, for a person and for a shell.
public struct Outcome: Sendable, Hashable {
  /// Always one of the ends.
  public var state: JobState
  /// One sentence.
  public var words: String
  /// More of it, a line each: instances that failed and why. No patient data.
  public var details: [String]

  public init(_ state: JobState, _ words: String, details: [String] = []) {
    self.state = state
    self.words = words
    self.details = details
  }

  /// How it ended and the sentence about it: `failed: nothing listens on that port`. What says itself that it was cancelled is
  /// not said twice.
  public var sentence: String { words.hasPrefix(state.words) ? words : "\(state.words): \(words)" }

  /// Its words for a sentence that goes on.
  var clause: String { words.last == "." ? String(words.dropLast()) : words }

  /// 0 done; 1 failed; 3 done in part; 130 interrupted.
  public var exitStatus: Int32 {
    switch state {
    case .done: 0
    case .partial: 3
    case .cancelled: 130
    default: 1
    }
  }

  /// How an error ends a job.
  public init(_ error: any Error) {
    switch error {
    case let error as AssociationError:
      switch error.reason {
      case .timeout: self.init(.timedOut, error.description)
      case .rejected: self.init(.rejected, error.description)
      case .cancelled: self.init(.cancelled, error.description)
      default: self.init(.failed, error.description)
      }
    case is CancellationError: self.init(.cancelled, "cancelled")
    default: self.init(.failed, "\(error)")
    }
  }
}

/// What an operation gives back: also one that failed, as far as it got.
public protocol OperationResult: Sendable {
  var outcome: Outcome { get }
  /// What `--json` prints on a line of its own.
  var json: JSONText.Value { get }
}

/// Why an operation was not even begun.
public struct OperationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what to do about it.
  public var description: String
  public init(_ description: String) { self.description = description }
}
