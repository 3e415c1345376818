import Dicom
import Glibc
import Operations

/// Numbers, sizes, times and names the way people write them.
enum Format {
  /// `7.4`: rounded half up, so that a countdown from 10 s starts at `10.0`.
  static func decimal(_ value: Double, _ places: Int = 1) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "–" }
    let scale = places == 0 ? 1 : places == 1 ? 10 : 100
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + "\(scaled)" }
    let fraction = String(scaled % scale)
    return sign + "\(scaled / scale)." + String(repeating: "0", count: max(0, places - fraction.count)) + fraction
  }

  /// What there is instead of what was asked for: `there are echo, export`, `do you mean forbid?`.
  static func offer(_ names: [String]) -> String {
    names.count == 1 ? "do you mean \(names[0])?" : "there are \(names.joined(separator: ", "))"
  }

  /// `1,204`.
  static func count(_ value: Int) -> String { Words.grouped(value) }

  /// `1 study`, `12 studies`.
  static func count(_ value: Int, _ one: String, _ many: String) -> String { Words.count(value, one, many) }

  /// `612 MB`, decimal as disks and networks are sold.
  static func bytes(_ value: Int) -> String {
    var size = Double(value)
    for unit in ["B", "kB", "MB", "GB", "TB"] {
      if size < 999.5 || unit == "TB" { return decimal(size, unit == "B" || size >= 9.95 ? 0 : 1) + " " + unit }
      size /= 1000
    }
    return ""
  }

  static func rate(_ bytesPerSecond: Double) -> String {
    bytesPerSecond.isFinite && bytesPerSecond >= 1 ? bytes(Int(min(bytesPerSecond, 1e15))) + "/s" : ""
  }

  /// `7.4 s`, `3 m 07 s`, `2 h 05 m`: how long something took or still has.
  static func duration(_ duration: Duration) -> String {
    let value = max(0, duration.inSeconds)
    return value < 99.95 ? decimal(value) + " s" : Words.minutes(Int(value))
  }

  /// `12 s`, `3 m 07 s`: for what is only estimated.
  static func approximately(_ duration: Duration) -> String {
    let value = duration.inSeconds.rounded(.up)
    return value < 100 ? "\(Int(max(1, value))) s" : self.duration(.seconds(value))
  }

  static func milliseconds(_ value: Double) -> String { Words.milliseconds(value) }

  /// `now`, `12 s ago`, `5 m ago`, `3 h ago`, `2 d ago`.
  static func ago(_ seconds: Int) -> String {
    switch seconds {
    case ..<2: "now"
    case ..<60: "\(seconds) s ago"
    case ..<3600: "\(seconds / 60) m ago"
    case ..<86400: "\(seconds / 3600) h ago"
    default: "\(seconds / 86400) d ago"
    }
  }

  /// `14:03:27` here.
  static func clock(_ secondsSince1970: Int) -> String {
    var time = time_t(secondsSince1970)
    var parts = tm()
    localtime_r(&time, &parts)
    return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }

  /// `06-11` here.
  static func day(_ secondsSince1970: Int) -> String {
    let digits = stamp(secondsSince1970).dropFirst(4)
    return "\(digits.prefix(2))-\(digits.dropFirst(2).prefix(2))"
  }

  /// `20240611-081502` here: for the names of files.
  static func stamp(_ secondsSince1970: Int) -> String {
    var time = time_t(secondsSince1970)
    var parts = tm()
    localtime_r(&time, &parts)
    let date = Int(parts.tm_year + 1900) * 10000 + Int(parts.tm_mon + 1) * 100 + Int(parts.tm_mday)
    return "\(date)-" + clock(secondsSince1970).filter { $0 != ":" }
  }

  /// `20180323` as `2018-03-23`; anything else as it is.
  static func date(_ text: String) -> String {
    guard text.utf8.count == 8, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return text }
    return "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.suffix(2))"
  }

  /// `140327.123` as `14:03`.
  static func time(_ text: String) -> String {
    guard text.utf8.count >= 4, text.utf8.prefix(4).allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return text }
    return "\(text.prefix(2)):\(text.dropFirst(2).prefix(2))"
  }

  /// `Yamada^Tarou=山田^太郎=やまだ^たろう` as `Yamada, Tarou (山田 太郎)` (PS3.5 §6.2.1).
  static func name(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 != UInt8(ascii: "=") }) { return person(text[...]) }
    let groups = text.split(separator: "=", omittingEmptySubsequences: false).map(person)
    let first = groups.first ?? ""
    guard let second = groups.dropFirst().first(where: { !$0.isEmpty }) else { return first }
    let ideographic = second.split(separator: ",").map { String($0.drop { $0 == " " }) }.joined(separator: " ")
    return first.isEmpty ? ideographic : "\(first) (\(ideographic))"
  }

  private static func person(_ group: Substring) -> String {
    // Most are `DOE^JANE`.
    let usual = group.split(separator: "^", maxSplits: 2, omittingEmptySubsequences: false)
    if usual.count == 2, !usual[0].isEmpty, !usual[1].isEmpty, group.utf8.allSatisfy({ $0 != UInt8(ascii: " ") }) {
      return "\(usual[0]), \(usual[1])"
    }
    let parts = group.split(separator: "^", omittingEmptySubsequences: false).map { part in
      String(part).split(separator: " ").joined(separator: " ")
    }
    let given = parts.dropFirst().filter { !$0.isEmpty }.joined(separator: " ")
    let family = parts.first ?? ""
    return family.isEmpty ? given : given.isEmpty ? family : "\(family), \(given)"
  }
}
