import Operations

/// A month as a small calendar, the days of a range marked in it.
struct MonthView {
  static let rows = 8
  private let year: Int
  private let month: Int
  private let first: Int
  private let last: Int
  private let today: Int

  /// - Parameter range: `20240101-20240331`, or a day, as ``DateInput/range(_:today:)`` gives it.
  init(_ range: String, today: Int) {
    let now = Int(DateInput.day(today)) ?? 20_000_101
    let parts = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let start = parts.first ?? nil
    let end = parts.count > 1 ? parts[1] : start
    first = start ?? (end == nil ? .max : 0)
    last = end ?? (start == nil ? 0 : .max)
    let shown = start ?? end ?? now
    year = shown / 10000
    month = shown / 100 % 100
    self.today = now
  }

  private static let names = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  func draw(into canvas: inout Canvas, _ area: Area) {
    guard (1...12).contains(month) else { return }
    canvas.put(
      StyledText("\(Self.names[month - 1]) \(year)", .heading) + StyledText("   PgUp PgDn", .key)
        + StyledText(" month  ", .dim) + StyledText("Ctrl-Left Right", .key) + StyledText(" day", .dim), area.line(0))
    canvas.put(StyledText("Mo Tu We Th Fr Sa Su", .dim), area.line(1))
    let start = DateInput.weekday(year, month, 1)
    for day in 1...DateInput.days(year, month) {
      let cell = start + day - 1
      let date = year * 10000 + month * 100 + day
      let role: Role = (first...max(first, last)).contains(date) && last >= first ? .tab : date == today ? .key : .text
      let text = StyledText(day < 10 ? " \(day)" : "\(day)", role)
      canvas.put(
        text, Area(row: area.row + 2 + cell / 7, column: area.column + cell % 7 * 3, rows: 1, columns: 2))
    }
  }
}
