import Dicom
import Foundation

/// A job at one moment.
public struct JobSnapshot: Sendable, Identifiable {
  public var id: Int
  public var kind: JobKind
  public var title: String
  public var modality: String?
  public var state: JobState
  public var created: Date
  /// When it left the queue.
  public var started: ContinuousClock.Instant?
  public var ended: ContinuousClock.Instant?
  /// What is waited for, and the deadline that will fire first; nil when nothing is.
  public var wait: Wait?
  public var progress: JobProgress
  /// Where what runs now began to count; nil while it has counted nothing.
  public var pace: JobPace?
  /// How far the part of it is that runs now, such as the row of a file.
  public var part: JobProgress?
  /// Bytes a second over the last seconds.
  public var rate: Double
  /// Set when it has ended.
  public var outcome: Outcome?
  /// The `response` timeout in force; nil: no limit.
  public var responseTimeout: Duration?
  /// What a person should know of it whatever the outcome is, such as a server's new certificate.
  public var remarks: [String] = []
  /// Set when another process left it unfinished.
  public var leftover: LeftoverJob?

  /// How long it has run, or ran.
  public func elapsed(at now: ContinuousClock.Instant) -> Duration {
    started.map { $0.duration(to: ended ?? now) } ?? .zero
  }
}

/// From when, and from how many on, a job has done what it does now: after a pause, or in another process, it begins anew.
public struct JobPace: Sendable, Hashable {
  public var since: ContinuousClock.Instant
  /// ``JobProgress/done`` then.
  public var done: Int
}

/// Where an unfinished job comes from.
public struct LeftoverJob: Sendable, Hashable {
  /// Who asked for it, by the operating system.
  public var user: String
  public var created: Date
  /// Instances that were acknowledged before, of a send.
  public var done: Int
  /// What it was called where it was asked for, else what it names; nil where that is more than one thing.
  public var title: String?
}

/// Bytes a second over a sliding window of about five seconds.
struct RateMeter: Sendable {
  private var samples: [(time: ContinuousClock.Instant, bytes: Int64)] = []
  private static let window = Duration.seconds(5)

  mutating func note(total bytes: Int64, at now: ContinuousClock.Instant) {
    // It counts from the beginning again.
    if let first = samples.first, bytes < first.bytes { samples = [] }
    if let last = samples.last, last.time.duration(to: now) < .milliseconds(100) { return }
    samples.append((now, bytes))
    while samples.count > 2, samples[1].time.duration(to: now) > Self.window { samples.removeFirst() }
  }

  func rate(total bytes: Int64, at now: ContinuousClock.Instant) -> Double {
    guard let first = samples.first else { return 0 }
    let seconds = first.time.duration(to: now).inSeconds
    return seconds > 0.05 ? Double(bytes - first.bytes) / seconds : 0
  }
}
