/// Rows a person moves over. Cursor, marks and the top of the window are identities, never positions, so that rows
/// arriving, leaving or being sorted do not move what a key will act on.
struct List<Row: Identifiable & Sendable>: Sendable where Row.ID: Hashable & Sendable {
  struct Sort: Equatable, Sendable {
    var column: Int
    var descending: Bool
  }

  private(set) var rows: [Row] = []
  private var places: [Row.ID: Int] = [:]
  /// Positions in `rows`, filtered and sorted.
  private(set) var shown: [Int] = []
  private var shownPlaces: [Row.ID: Int] = [:]

  private(set) var cursor: Row.ID?
  private var top: Row.ID?
  private(set) var marks: Set<Row.ID> = []
  /// The cursor was set by something else than a key since it was last drawn: nobody has seen it there.
  private(set) var isUnseen = false
  /// Whether a person has chosen where the cursor is.
  private var hasMoved = false
  var shift = 0
  var filter = TextField()
  var isFiltering = false
  private(set) var sort: Sort?

  /// How wide what is in each measured column is; of the first rows only, and only when they have changed, so that
  /// columns do not move while one scrolls.
  private(set) var needs: [Int] = []
  private var isMeasured = false
  /// Rows of the window, as last settled.
  private(set) var height = 1

  let columns: [Column<Row>]
  /// Which of them a person wants, and how wide.
  var choice = ColumnChoice()
  /// What the filter looks at; nil: whoever fills the list does the filtering.
  let searched: (@Sendable (Row) -> String)?
  /// What is typed after `/` is looked for and leaves out nothing.
  let isSearch: Bool
  /// The row whose details are shown: the one under the cursor, or, while keys come faster than one reads, the one it was
  /// on before. What scrolls by costs nothing on a thin line so.
  private var detailedID: Row.ID?
  private var lastStep: (to: Row.ID?, at: ContinuousClock.Instant)?
  /// The details have the keys, scrolled down by so many lines.
  var isInDetails = false
  var detailsTop = 0

  init(
    _ columns: [Column<Row>], searched: (@Sendable (Row) -> String)? = nil, sort: Sort? = nil, isSearch: Bool = false
  ) {
    self.columns = columns
    self.searched = searched
    self.sort = sort
    self.isSearch = isSearch
  }

  var count: Int { shown.count }
  /// What is shown, in order.
  var all: [Row] { shown.map { rows[$0] } }
  var isEmpty: Bool { shown.isEmpty }
  var isFiltered: Bool { !filter.text.isEmpty }

  subscript(_ id: Row.ID) -> Row? { places[id].map { rows[$0] } }
  var current: Row? { cursor.flatMap { self[$0] } }
  var cursorPosition: Int? { cursor.flatMap { shownPlaces[$0] } }

  /// The rows an action is for: the marked ones in the order shown, those outside the filter last; else the one under
  /// the cursor, if a person has seen it there.
  var targets: [Row] {
    if marks.isEmpty { return isUnseen ? [] : current.map { [$0] } ?? [] }
    let inside = shown.lazy.map { rows[$0] }.filter { marks.contains($0.id) }
    let outside = rows.filter { marks.contains($0.id) && shownPlaces[$0.id] == nil }
    return Array(inside) + outside
  }

  var markedOutsideFilter: Int { marks.count { shownPlaces[$0] == nil } }

  // MARK: Filling

  mutating func replace(_ new: [Row]) {
    rows = new
    places = Dictionary(new.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    marks.formIntersection(places.keys)
    arrange()
  }

  /// Adds rows, or replaces those already there.
  mutating func merge(_ new: some Sequence<Row>) {
    for row in new {
      if let place = places[row.id] {
        rows[place] = row
      } else {
        places[row.id] = rows.count
        rows.append(row)
      }
    }
    arrange()
  }

  mutating func remove(_ ids: Set<Row.ID>) { replace(rows.filter { !ids.contains($0.id) }) }

  mutating func measure(_ world: World) {
    guard !isMeasured else { return }
    isMeasured = true
    let sample = shown.prefix(200).map { rows[$0] }
    needs = columns.map { column in
      column.isMeasured ? sample.reduce(0) { max($0, column.cell($1, world).width) } : column.ideal
    }
  }

  /// Filters and sorts again.
  mutating func arrange() {
    isMeasured = false
    let position = cursorPosition ?? 0
    var chosen = Array(rows.indices)
    if let searched, isFiltered, !isSearch {
      let words = filter.text.lowercased().split(separator: " ")
      chosen = chosen.filter { index in
        let text = searched(rows[index]).lowercased()
        return words.allSatisfy { text.contains($0) }
      }
    }
    if let sort, sort.column < columns.count, let key = columns[sort.column].sortKey {
      let keys = Dictionary(uniqueKeysWithValues: chosen.map { ($0, key(rows[$0])) })
      chosen.sort { left, right in
        guard let a = keys[left], let b = keys[right], a != b else { return left < right }
        return sort.descending ? a > b : a < b
      }
    }
    shown = chosen
    shownPlaces = Dictionary(chosen.enumerated().map { (rows[$1].id, $0) }, uniquingKeysWith: { first, _ in first })
    if isUnseen || cursor.flatMap({ shownPlaces[$0] }) == nil {
      // Where nobody has seen a cursor yet, it belongs to the first row, whatever came first.
      let was = cursor
      cursor = shown.isEmpty ? nil : rows[shown[isUnseen ? 0 : min(position, shown.count - 1)]].id
      if cursor != was { isUnseen = true }
    }
    if let top, shownPlaces[top] == nil { self.top = nil }
  }

  // MARK: Moving

  /// All rows are here: whoever has not chosen one stands on the first, and must have seen that before a key acts.
  mutating func complete() {
    guard !hasMoved, marks.isEmpty, let first = shown.first, rows[first].id != cursor else { return }
    cursor = rows[first].id
    isUnseen = true
  }

  mutating func move(by distance: Int) { move(to: (cursorPosition ?? 0) + distance) }

  mutating func move(to position: Int) {
    guard !shown.isEmpty else { return }
    let before = cursor
    cursor = rows[shown[max(0, min(shown.count - 1, position))]].id
    isUnseen = false
    hasMoved = true
    if cursor != before { detailsTop = 0 }
  }

  mutating func move(toID id: Row.ID) {
    if let place = shownPlaces[id] { move(to: place) }
  }

  // MARK: Details

  private static var rest: Duration { .milliseconds(150) }

  var detailed: Row? { detailedID.flatMap { self[$0] } ?? current }

  /// When the details will follow the cursor; nil: they have.
  var detailsFollowAt: ContinuousClock.Instant? {
    detailedID == cursor ? nil : lastStep.map { $0.at + Self.rest }
  }

  /// Lets the details follow at once, unless the step before this one was just now.
  mutating func follow(_ now: ContinuousClock.Instant) {
    let isResting = lastStep.map { $0.at.duration(to: now) >= Self.rest } ?? true
    if lastStep == nil || lastStep?.to != cursor { lastStep = (cursor, now) }
    if isResting { detailedID = cursor }
  }

  // MARK: Searching

  func isMatch(_ row: Row) -> Bool {
    guard let searched, isFiltered else { return false }
    let text = searched(row).lowercased()
    return filter.text.lowercased().split(separator: " ").allSatisfy { text.contains($0) }
  }

  /// To the next match, around the end; false when there is none.
  /// - Parameter staying: the row under the cursor counts too.
  mutating func seek(_ step: Int, staying: Bool = false) -> Bool {
    guard isSearch, !shown.isEmpty else { return false }
    let start = cursorPosition ?? 0
    for distance in (staying ? 0 : 1)...shown.count {
      let position = ((start + step * distance) % shown.count + shown.count) % shown.count
      if isMatch(rows[shown[position]]) {
        move(to: position)
        return true
      }
    }
    return false
  }

  /// Keeps the cursor in a window of that height, moving the top no further than it must.
  mutating func settle(_ height: Int) {
    self.height = height
    let start = windowStart(height)
    top = start < shown.count ? rows[shown[start]].id : nil
  }

  func windowStart(_ height: Int) -> Int {
    guard height > 0, !shown.isEmpty else { return 0 }
    let cursor = cursorPosition ?? 0
    var start = top.flatMap { shownPlaces[$0] } ?? max(0, cursor - height / 2)
    if cursor < start { start = cursor }
    if cursor >= start + height { start = cursor - height + 1 }
    return max(0, min(start, shown.count - height))
  }

  func window(_ height: Int) -> [Row] {
    let start = windowStart(height)
    return shown[start..<max(start, min(shown.count, start + height))].map { rows[$0] }
  }

  mutating func seen() { isUnseen = false }

  // MARK: Marking, sorting

  mutating func toggleMark() {
    guard !isUnseen, let cursor else { return }
    if marks.remove(cursor) == nil { marks.insert(cursor) }
    move(by: 1)
  }

  mutating func toggleAllMarks() {
    let all = Set(shown.map { rows[$0].id })
    marks = marks.isSuperset(of: all) ? marks.subtracting(all) : marks.union(all)
  }

  mutating func clearMarks() { marks = [] }

  /// Sorts by the next column to the right or left that can be sorted by; past the last, as it came.
  mutating func sortBy(step: Int) {
    let sortable = columns.indices.filter { columns[$0].sortKey != nil }
    guard !sortable.isEmpty else { return }
    let count = sortable.count + 1
    let now = sort.flatMap { sort in sortable.firstIndex(of: sort.column) } ?? sortable.count
    let next = (now + step + count) % count
    sort = next == sortable.count ? nil : Sort(column: sortable[next], descending: false)
    arrange()
  }

  mutating func invertSort() {
    sort?.descending.toggle()
    arrange()
  }

  /// `3 of 12 · sorted by DATE`: what the rule above the list says at its right end.
  func summary(_ one: String, _ many: String, total: Int? = nil) -> String {
    var words = Format.count(total ?? rows.count, one, many)
    if count < rows.count { words = "\(Format.count(count)) of " + words }
    if !marks.isEmpty { words = "\(Format.count(marks.count)) marked · " + words }
    return words
  }
}
