import Dicom

/// Numbers in words.
public enum Words {
  public static func count(_ count: Int, _ level: Level) -> String {
    switch level {
    case .patient: self.count(count, "patient")
    case .study: self.count(count, "study", "studies")
    case .series: self.count(count, "series", "series")
    case .instance: self.count(count, "instance")
    }
  }

  /// `1 instance`, `1,204 instances`
  public static func count(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(grouped(count)) \(count == 1 ? one : many ?? one + "s")"
  }

  /// `1,204`
  public static func grouped(_ number: Int) -> String {
    var digits = Array(String(abs(number)))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: index)
      index -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
  }

  /// `612 MB`, in powers of 1000.
  public static func bytes(_ bytes: Int64) -> String {
    var value = Double(bytes)
    for unit in ["bytes", "kB", "MB", "GB"] {
      if value < 1000 {
        return unit == "bytes"
          ? "\(bytes) bytes" : value < 10 ? "\(decimal(value)) \(unit)" : "\(Int(value.rounded())) \(unit)"
      }
      value /= 1000
    }
    return "\(decimal(value)) TB"
  }

  /// How long something took: `40 ms`, `2.5 s`, `3 m 07 s`, `2 h 05 m`.
  public static func elapsed(_ seconds: Double) -> String {
    if seconds < 0.95 { return milliseconds(max(0, seconds) * 1000) }
    if seconds < 99.5 { return Duration.seconds(seconds).inWords }
    return minutes(Int(min(seconds, 1e9).rounded()))
  }

  /// `3 m 07 s`, `2 h 05 m`
  public static func minutes(_ seconds: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return seconds < 3600
      ? "\(seconds / 60) m \(two(seconds % 60)) s" : "\(seconds / 3600) h \(two(seconds / 60 % 60)) m"
  }

  /// `12 ms`, `0.8 ms`
  public static func milliseconds(_ value: Double) -> String {
    (value < 9.95 ? decimal(value) : "\(Int(value.rounded()))") + " ms"
  }

  /// `0.8`, `12.0`
  public static func decimal(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

extension Words {
  /// `studies`
  static func many(_ level: Level) -> String {
    switch level {
    case .patient: "patients"
    case .study: "studies"
    case .series: "series"
    case .instance: "instances"
    }
  }
}
