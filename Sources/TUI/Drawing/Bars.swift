/// Bars of eighths of a cell.
enum Bars {
  private static let eighths: [Character] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  /// `fraction` of `columns` cells filled, between two thin walls.
  static func bar(_ fraction: Double, _ columns: Int, _ role: Role = .bar) -> StyledText {
    guard columns > 2 else { return StyledText() }
    let inner = columns - 2
    let filled = Int((max(0, min(1, fraction.isFinite ? fraction : 0)) * Double(inner * 8)).rounded())
    var text = String(repeating: "█", count: filled / 8)
    if filled % 8 > 0 { text.append(eighths[filled % 8]) }
    text += String(repeating: " ", count: max(0, inner - text.count))
    return StyledText("▕", .rule) + StyledText(text, role) + StyledText("▏", .rule)
  }

  private static let steps: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// The last values, newest at the right, each as high as it is large; a missing one is a cross.
  static func sparkline(_ values: [Double?], _ columns: Int) -> StyledText {
    let recent = values.suffix(columns)
    let highest = max(1, recent.compactMap { $0 }.max() ?? 1)
    var line = StyledText()
    var run = ""
    for value in recent {
      if let value {
        run.append(steps[max(0, min(7, Int((value / highest * 7).rounded())))])
      } else {
        line += StyledText(run, .good) + StyledText("×", .bad)
        run = ""
      }
    }
    return line + StyledText(run, .good)
  }

  /// What is left of the time: full when the peer has just answered, empty when time is up.
  static func countdown(_ wait: Waiting, _ now: ContinuousClock.Instant, _ columns: Int) -> StyledText {
    guard let fraction = wait.fraction(now) else { return StyledText() }
    return bar(fraction, columns, fraction < 0.25 ? .bad : fraction < 0.5 ? .warning : .bar)
  }
}
