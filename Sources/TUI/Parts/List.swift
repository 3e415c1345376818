/// Rows a person moves over. Cursor, marks and the top of the window are identities, never positions, so that rows
/// arriving, leaving or being sorted do not move what a key will act on.
struct List<Row: Identifiable & Sendable>: Sendable where Row.ID: Hashable & Sendable {
  struct Sort: Equatable, Sendable {
    var column: Int
    var descending: Bool
  }

  private(set) var rows: [Row] = []
  private var places: [Row.ID: Int] = [:]
  /// Positions in `rows`, filtered and sorted. Where a row stands in it is found by its key, so that a hundred thousand
  /// rows can arrive while keys are answered.
  private(set) var shown: [Int] = []
  /// What each of `rows` is sorted by; empty when nothing is.
  private var keys: [SortKey] = []
  /// What the filter looks at, of each of `rows`; made with the first filter.
  private var texts: [String] = []

  private(set) var cursor: Row.ID?
  private var top: Row.ID?
  private(set) var marks: Set<Row.ID> = []
  /// Marked rows that are not among `rows`, which hold another part of all there are.
  private(set) var away: [Row] = []
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
  private static var measuredRows: Int { 200 }
  /// Rows of the window, as last settled.
  private(set) var height = 1
  /// The columns that have room, as last settled.
  var columnsInSight: Set<Int> = []

  let columns: [Column<Row>]
  /// Which of them a person wants, and how wide.
  var choice = ColumnChoice()
  /// What the filter looks at; nil: whoever fills the list does the filtering.
  let searched: (@Sendable (Row) -> String)?
  /// What is typed after `/` is looked for and leaves out nothing.
  let isSearch: Bool
  /// False: whoever fills the list has sorted them.
  let sortsRows: Bool
  /// The row whose details are shown: the one under the cursor, or, while keys come faster than one reads, the one it was
  /// on before. What scrolls by costs nothing on a thin line so.
  private var detailedID: Row.ID?
  private var lastStep: (to: Row.ID?, at: ContinuousClock.Instant)?
  /// The details have the keys, scrolled down by so many lines.
  var isInDetails = false
  var detailsTop = 0

  init(
    _ columns: [Column<Row>], searched: (@Sendable (Row) -> String)? = nil, sort: Sort? = nil, isSearch: Bool = false,
    sortsRows: Bool = true
  ) {
    self.columns = columns
    self.searched = searched
    self.sort = sort
    self.isSearch = isSearch
    self.sortsRows = sortsRows
  }

  var count: Int { shown.count }
  /// What is shown, in order.
  var all: [Row] { shown.map { rows[$0] } }
  var isEmpty: Bool { shown.isEmpty }
  var isFiltered: Bool { !filter.text.isEmpty }

  subscript(_ id: Row.ID) -> Row? { places[id].map { rows[$0] } }
  var current: Row? { cursor.flatMap { self[$0] } }
  var cursorPosition: Int? { cursor.flatMap(shownPlace) }

  /// The rows an action is for: the marked ones in the order shown, those outside the filter last; else the one under
  /// the cursor, if a person has seen it there.
  var targets: [Row] {
    if marks.isEmpty { return isUnseen ? [] : current.map { [$0] } ?? [] }
    let inside = shown.lazy.map { rows[$0] }.filter { marks.contains($0.id) }
    let outside = rows.filter { marks.contains($0.id) && shownPlace($0.id) == nil }
    return Array(inside) + outside + away
  }

  var markedOutsideFilter: Int { marks.count { shownPlace($0) == nil } }

  // MARK: Filling

  /// - Parameter isOtherPart: those that are missing from it are not gone; their marks stay.
  mutating func replace(_ new: [Row], isOtherPart: Bool = false) {
    let position = cursorPosition
    let old = rows
    rows = new
    (keys, shown) = ([], [])
    texts = []
    places = Dictionary(new.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    if !marks.isEmpty {
      let gone = old.filter { marks.contains($0.id) && places[$0.id] == nil }
      if isOtherPart { away += gone } else { marks.subtract(gone.map(\.id)) }
      forgetAway(new)
    }
    arrange(position)
  }

  /// What is here is not elsewhere.
  private mutating func forgetAway(_ new: some Sequence<Row>) {
    guard !away.isEmpty, new.contains(where: { marks.contains($0.id) }) else { return }
    away.removeAll { places[$0.id] != nil }
  }

  /// Adds rows before the others.
  mutating func prepend(_ new: [Row]) { replace(new.filter { places[$0.id] == nil } + rows) }

  /// Rows that are nowhere any more lose their marks.
  mutating func unmark(_ ids: Set<Row.ID>) {
    marks.subtract(ids)
    away.removeAll { ids.contains($0.id) }
  }

  /// Adds rows, or replaces those already there.
  mutating func merge(_ new: some Sequence<Row>) {
    let before = rows.count
    var isReplaced = false
    for row in new {
      if let place = places[row.id] {
        rows[place] = row
        isReplaced = true
      } else {
        places[row.id] = rows.count
        rows.append(row)
      }
    }
    forgetAway(new)
    if isReplaced || before == 0 {
      texts = []
      arrange()
    } else if rows.count > before {
      insert(before..<rows.count)
    }
  }

  mutating func remove(_ ids: Set<Row.ID>) { replace(rows.filter { !ids.contains($0.id) }) }

  mutating func measure(_ world: World) {
    guard !isMeasured else { return }
    isMeasured = true
    let sample = shown.prefix(Self.measuredRows).map { rows[$0] }
    needs = columns.map { column in
      guard column.isMeasured else { return column.ideal }
      return sample.reduce(0) { max($0, column.measures($1) ? column.cell($1, world).width : column.ideal) }
    }
  }

  // MARK: Order

  private var sortKey: (@Sendable (Row) -> SortKey)? {
    sort.flatMap { sortsRows && $0.column < columns.count ? columns[$0.column].sortKey : nil }
  }

  /// Filters and sorts again; a cursor whose row is gone goes to where it stood.
  mutating func arrange(_ place: Int? = nil) {
    let position = place ?? cursorPosition ?? 0
    keys = sortKey.map { rows.map($0) } ?? []
    shown = passing(rows.indices).sorted(by: isBefore)
    isMeasured = false
    rearranged(position)
  }

  /// Rows that came after the others go to their places.
  private mutating func insert(_ new: Range<Int>) {
    let position = cursorPosition ?? 0
    if let sortKey { keys += rows[new].map(sortKey) }
    var merged: [Int] = []
    merged.reserveCapacity(shown.count + new.count)
    var start = 0
    for index in passing(new).sorted(by: isBefore) {
      let place = lowerBound(of: index, from: start)
      merged += shown[start..<place]
      merged.append(index)
      start = place
    }
    // What arrives when there is plenty does not move columns any more.
    if shown.count < Self.measuredRows { isMeasured = false }
    shown = merged + shown[start...]
    rearranged(position)
  }

  private mutating func rearranged(_ position: Int) {
    if isUnseen || cursor.flatMap(shownPlace) == nil {
      // Where nobody has seen a cursor yet, it belongs to the first row, whatever came first.
      let was = cursor
      cursor = shown.isEmpty ? nil : rows[shown[isUnseen ? 0 : min(position, shown.count - 1)]].id
      if cursor != was { isUnseen = true }
    }
    if let top, shownPlace(top) == nil { self.top = nil }
  }

  /// Those that the filter lets through.
  private mutating func passing(_ range: Range<Int>) -> [Int] {
    guard let searched, isFiltered, !isSearch else { return Array(range) }
    if texts.count < rows.count { texts += rows[texts.count...].map { searched($0).lowercased() } }
    let words = filter.text.lowercased().split(separator: " ")
    return range.filter { index in words.allSatisfy { texts[index].contains($0) } }
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    guard let sort, !keys.isEmpty, keys[left] != keys[right] else { return left < right }
    return sort.descending ? keys[left] > keys[right] : keys[left] < keys[right]
  }

  /// The first place in what is shown whose row does not stand before this one.
  private func lowerBound(of index: Int, from start: Int = 0) -> Int {
    var (low, high) = (start, shown.count)
    while low < high {
      let middle = (low + high) / 2
      if isBefore(shown[middle], index) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func shownPlace(_ id: Row.ID) -> Int? {
    guard let index = places[id] else { return nil }
    let place = lowerBound(of: index)
    return place < shown.count && shown[place] == index ? place : nil
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

  /// Stands somewhere that nobody has seen it yet: a key acts there only once it is drawn.
  mutating func land(on position: Int) {
    move(to: position)
    isUnseen = true
  }

  mutating func move(toID id: Row.ID) {
    if let place = shownPlace(id) { move(to: place) }
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
    var start = top.flatMap(shownPlace) ?? max(0, cursor - height / 2)
    if cursor < start { start = cursor }
    if cursor >= start + height { start = cursor - height + 1 }
    return max(0, min(start, shown.count - height))
  }

  func window(_ height: Int) -> [Row] {
    let start = windowStart(height)
    return shown[start..<max(start, min(shown.count, start + height))].map { rows[$0] }
  }

  /// What is in sight.
  var window: [Row] { window(height) }

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

  /// Marks rows of which only some are here; where all of them are marked already, none of them. False: none.
  mutating func toggleMarks(_ all: [Row]) -> Bool {
    let ids = Set(all.map(\.id))
    if marks.isSuperset(of: ids) {
      unmark(ids)
      return false
    }
    let known = Set(away.map(\.id))
    away += all.filter { places[$0.id] == nil && !known.contains($0.id) }
    marks.formUnion(ids)
    return true
  }

  mutating func clearMarks() {
    marks = []
    away = []
  }

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
