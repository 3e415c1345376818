import Dicom
import LocalIndex

/// The studies on this machine, found while typing; by Enter their series, images and tags. Rows come in pages: a
/// million of them are never all here.
struct LocalScreen: ListScreen {
  static let pageSize = 200
  /// Rows that are marked are all held in memory.
  static let mostMarked = 100_000

  var list: List<Record>
  private let level: Level
  private let parent: Record?
  private var token = 0
  private var isLoading = false
  private var isComplete = false
  private var total: Int?
  private var failure: String?
  private var isStale = false
  /// Where the first of the rows stands among all there are.
  private var base = 0
  /// What is asked for takes the place of what is here.
  private var awaited: Awaited?
  /// Asked for what the filter leaves, to mark all of it.
  private var marking: Int?
  /// What `*` has marked last, and the filter that left it.
  private var markedAtOnce: (filter: String, ids: Set<String>)?

  private struct Awaited {
    /// It is another part of the list, not the same one again.
    var isOther: Bool
    /// The end that the cursor goes to.
    var end: Action?
  }

  init(level: Level, parent: Record?) {
    self.level = level
    self.parent = parent
    var columns = RecordColumns.columns(level, isLocal: true)
    if level == .study {
      for index in columns.indices where Self.order(columns[index].title) == nil { columns[index].sortKey = nil }
    }
    let column = columns.firstIndex { $0.title == (level == .study ? "DATE" : "NR") }
    // Studies are filtered and sorted by the index; the series of one study and its images here.
    list = List(
      columns, searched: level == .study ? nil : RecordColumns.searched,
      sort: column.map { List.Sort(column: $0, descending: level == .study) }, sortsRows: level != .study)
  }

  var crumb: String { parent?.crumb ?? "local" }
  var columnsName: String? { "local \(level.words)" }

  var bindings: [Binding] {
    var bindings = [
      Binding("s", does: .send, label: "send", help: "send to a modality (C-STORE), or the marked ones"),
      Binding("x", does: .delete, label: "delete", help: "delete from this machine, after a question"),
      Binding("v", does: .tags, label: level == .instance ? "" : "tags", help: "the tags of an image"),
      Binding("p", does: .preview, label: "preview", help: "preview its images"),
      Binding(.control("s"), does: .save, label: "export", help: "export its files, or those of the marked ones"),
    ]
    if level == .study {
      bindings.insert(Binding("i", does: .importFiles, label: "import", help: "import files or a folder"), at: 1)
      bindings.append(Binding("l", does: .protect, help: "lock: keep a study from being recycled, or let it go again"))
    }
    let words = level == .study ? "series" : level == .series ? "images" : "tags"
    bindings.insert(
      Binding(.enter, does: .open, label: words, help: "drill down: study, series, images, tags"), at: 0)
    return bindings
  }

  // MARK: Pages

  /// Another part of what there is, in place of what is here.
  private mutating func show(_ context: inout Context, from offset: Int?, limit: Int = pageSize, isOther: Bool = true) {
    token = context.token()
    awaited = Awaited(isOther: isOther)
    load(&context, from: offset, limit: limit)
  }

  private mutating func load(_ context: inout Context, from offset: Int?, limit: Int = pageSize) {
    isLoading = true
    context.effects.append(
      .page(
        PageOrder(
          token: token, level: level, parent: parent?.id, filter: level == .study ? list.filter.text : "",
          order: order, offset: offset, limit: limit)))
  }

  private var order: StudyOrder {
    let column = list.sort.flatMap { Self.order(list.columns[$0.column].title) }
    return StudyOrder(column ?? .lastUpdate, isDescending: list.sort?.descending ?? false)
  }

  /// What the index sorts by for a column; nil: by none.
  private static func order(_ title: String) -> StudyOrder.Column? {
    let known: [String: StudyOrder.Column] = [
      "PATIENT": .patientName, "ID": .patientID, "BORN": .patientBirthDate, "DATE": .studyDate, "TIME": .studyTime,
      "MOD": .modalities, "DESCRIPTION": .studyDescription, "ACCESSION": .accessionNumber, "IMG": .instances,
      "SIZE": .bytes,
    ]
    return known[title]
  }

  /// The same part again, and a page around it: what comes or goes elsewhere shifts it.
  private mutating func reload(_ context: inout Context) {
    isStale = false
    let start = max(0, base - Self.pageSize)
    let count = base - start + list.rows.count
    show(&context, from: start, limit: count + Self.pageSize, isOther: false)
  }

  mutating func opened(_ context: inout Context) { reload(&context) }

  mutating func receive(_ message: Message, _ context: inout Context) {
    switch message {
    case .page(let page) where page.token == token: take(page, &context)
    case .indexChanged(let studies):
      // One reload at a time, however fast instances arrive.
      if isLoading { isStale = true } else { reload(&context) }
      // By identifier; after a rebuild nothing is named.
      let away = list.away.map(\.id).filter { studies == [Message.everyStudy] || studies.contains($0) }
      if !away.isEmpty { context.effects.append(.missing(away)) }
    case .gone(let ids): list.unmark(ids.intersection(list.away.map(\.id)))
    case .studies(let token, let all) where token == marking: mark(all, &context)
    default: break
    }
  }

  private mutating func take(_ page: Message.LocalPage, _ context: inout Context) {
    isLoading = false
    total = page.total
    failure = page.failure
    if let awaited {
      if page.records.isEmpty, page.offset > 0 { return show(&context, from: nil, isOther: awaited.isOther) }
      self.awaited = nil
      list.replace(page.records, isOtherPart: awaited.isOther)
      (base, isComplete) = (page.offset, page.isLast)
      if let end = awaited.end { list.land(on: end == .last ? list.count - 1 : 0) }
    } else if page.offset < base {
      list.prepend(page.records)
      base = page.offset
    } else {
      list.merge(page.records)
      isComplete = page.isLast
    }
    if isStale { reload(&context) }
  }

  mutating func filterChanged(_ context: inout Context) {
    marking = nil
    if level == .study { show(&context, from: 0) } else { list.arrange() }
  }

  mutating func sortChanged(_ context: inout Context) { if level == .study { show(&context, from: 0) } }

  mutating func moved(_ context: inout Context) {
    guard !isLoading, let position = list.cursorPosition else { return }
    if !isComplete, position + 50 > list.count {
      load(&context, from: base + list.rows.count)
    } else if base > 0, position < 50 {
      let start = max(0, base - Self.pageSize)
      load(&context, from: start, limit: base - start)
    }
  }

  /// To the first or last of all there are, also where those are not here yet; false: they are.
  private mutating func go(to end: Action, _ context: inout Context) -> Bool {
    guard end == .last ? !isComplete : base > 0 else { return false }
    show(&context, from: end == .last ? nil : 0)
    awaited?.end = end
    return true
  }

  // MARK: Marking all

  /// Marks all that the filter leaves, of which only a part is here.
  private mutating func markAll(_ context: inout Context) {
    if let total, total > Self.mostMarked { return refuse(total, &context) }
    let token = context.token()
    marking = token
    context.effects.append(.studies(token: token, filter: list.filter.text, order: order))
  }

  private func refuse(_ total: Int, _ context: inout Context) {
    context.say(
      "\(Format.count(total)) are too many to mark at once; / leaves fewer, \(Format.count(Self.mostMarked)) at most.",
      .warning)
  }

  private mutating func mark(_ all: Result<[Record], Message.Failure>, _ context: inout Context) {
    marking = nil
    switch all {
    case .failure(let failure): context.say(failure.words, .bad)
    case .success(let rows):
      if rows.count > Self.mostMarked { return refuse(total ?? rows.count, &context) }
      let count = Format.count(rows.count, "study", "studies")
      if list.toggleMarks(rows) {
        markedAtOnce = (list.filter.text, Set(rows.map(\.id)))
        context.say("\(count) marked, those further down too; * again marks none.")
      } else {
        context.say("\(count) not marked any more.", .dim)
      }
    }
  }

  /// What stands in the question before deleting.
  private func countOrder(_ rows: [Record]) -> CountOrder {
    var order = CountOrder(ids: rows.map(\.id), level: level)
    guard list.isFiltered else { return order }
    guard level == .study else {
      order.outsideFilter = list.markedOutsideFilter
      return order
    }
    // The index filters: what is here it has let through, of others it must be asked.
    order.filter = list.filter.text
    let known = markedAtOnce.flatMap { $0.filter == order.filter ? $0.ids : nil } ?? []
    order.elsewhere = list.away.map(\.id).filter { !known.contains($0) }
    return order
  }

  // MARK: Words

  func job(_ world: World) -> JobView? { list.current.flatMap { world.running($0.id) ?? world.running($0.uid) } }
  func identifier(_ world: World) -> String? { list.current?.uid }

  func summary(_ world: World) -> StyledText {
    if isLoading, list.rows.isEmpty {
      let known = level == .study && !list.isFiltered ? world.station.localStudies : 0
      return StyledText(known > 0 ? "loading \(Format.count(known, "study", "studies"))" : "loading", .busy)
    }
    let count = list.summary(level.word, level.words, total: total)
    return StyledText(isComplete || total != nil ? count : count + " so far", .dim)
  }

  func emptyWords(_ world: World) -> [StyledText] {
    if let failure { return CellText.wrap(failure, max(20, world.size.columns - 8)).map { StyledText($0, .bad) } }
    if isLoading { return [StyledText("loading", .dim)] }
    if list.isFiltered { return [StyledText("Nothing matches; Esc clears the filter.", .dim)] }
    guard level == .study else { return [StyledText("Nothing is left here; Esc goes back.", .dim)] }
    return [
      "No study is on this machine yet.", "",
      StyledText("1", .key) + StyledText(" Enter queries a modality, then ", .dim) + StyledText("m", .key)
        + StyledText(" retrieves a study", .dim),
      StyledText("i", .key) + StyledText(" imports files or a folder", .dim),
      StyledText("What others send to us appears here by itself.", .dim),
    ]
  }

  var detailRows: Int { level == .study ? 3 : 0 }

  func details(_ world: World) -> [StyledText] {
    guard let row = list.detailed else { return [] }
    if world.size.columns >= Self.sideBySide { return RecordColumns.details(row, inside: parent.map { [$0] } ?? []) }
    guard level == .study else { return [] }
    let separator = StyledText(" · ", .dim)
    let person = [
      StyledText(Format.name(row[.patientName]), .strong), StyledText(row[.patientID]),
      StyledText(Format.date(row[.patientBirthDate]), .dim), StyledText(row[.patientSex], .dim),
    ].joined(separator)
    let study = [
      StyledText(Int(row[.studySeries]).map { "\($0) series" } ?? "", .dim),
      StyledText(Int(row[.studyInstances]).map { Format.count($0, "image", "images") } ?? "", .dim),
      StyledText(row.bytes > 0 ? Format.bytes(row.bytes) : "", .dim),
      StyledText(row.received > 0 ? "received \(Format.clock(row.received))" : "", .dim),
      StyledText(row.isProtected ? "protected" : "", .accent),
    ].joined(separator)
    return [person, study, StyledText(row[.studyInstanceUID], .dim)]
  }

  // MARK: Verbs

  mutating func perform(_ action: Action, _ context: inout Context) -> Bool {
    switch action {
    case .first, .last: return go(to: action, &context)
    case .markAll where level == .study && !(isComplete && base == 0): markAll(&context)
    case .again: reload(&context)
    case .open:
      guard !list.isUnseen, let row = list.current else { return true }
      if level == .instance {
        context.push(TagsScreen(instance: row.id, title: row.crumb, token: context.token()))
      } else {
        context.push(LocalScreen(level: level == .study ? .series : .instance, parent: row))
      }
    case .tags:
      guard let row = targets("show", &context).first else { return true }
      context.push(TagsScreen(instance: row.id, title: "tags of \(row.crumb)", token: context.token()))
    case .preview:
      guard let row = targets("show", &context).first else { return true }
      context.push(PreviewScreen(id: row.id, title: row.crumb, token: context.token()))
    case .save:
      let rows = targets("export", &context)
      guard !rows.isEmpty else { return true }
      let what = words(rows)
      context.moves.append(
        .prompt(
          Prompt(
            "Export \(what) to", hint: "a new folder, or NAME.zip", text: "~/",
            purpose: .exportFiles(ids: rows.map(\.id), words: what))))
    case .send: send(&context)
    case .commit: commit(&context)
    case .importFiles:
      context.moves.append(
        .prompt(Prompt("Import", hint: "a file, folder, ZIP or DICOMDIR", purpose: .importPaths)))
    case .delete:
      if let words = context.world.station.refusal("nothing is deleted") {
        context.say(words, .warning)
        return true
      }
      let rows = targets("delete", &context)
      guard !rows.isEmpty else { return true }
      context.effects.append(.count(countOrder(rows)))
    case .protect where level == .study:
      let rows = targets("protect", &context)
      guard !rows.isEmpty else { return true }
      // One that is not protected yet decides for all.
      let isProtected = rows.contains { !$0.isProtected }
      context.effects.append(.protect(ids: rows.map(\.id), isProtected, words: words(rows)))
    default: return false
    }
    return true
  }

  private func send(_ context: inout Context) {
    if let words = context.world.station.refusal("nothing is sent to other stations") {
      return context.say(words, .warning)
    }
    pick("send", &context) { what, ids in ("Send \(what) to", .send(ids: ids, words: what)) }
  }

  private func commit(_ context: inout Context) {
    pick("commit", &context) { what, ids in ("Commitment to \(what) by", .commit(ids: ids, words: what)) }
  }

  /// Lets a person choose the modality that something is done with.
  private func pick(
    _ verb: String, _ context: inout Context,
    _ body: (_ what: String, _ ids: [String]) -> (title: String, purpose: Picker.Purpose)
  ) {
    let rows = targets(verb, &context)
    guard !rows.isEmpty else { return }
    guard !context.world.modalities.isEmpty else {
      context.say("No modality is configured to \(verb) to; 1 shows them.", .warning)
      return
    }
    let (title, purpose) = body(words(rows), rows.map(\.id))
    let choices = context.world.modalities.map { Picker.Choice($0, id: $0.name) }
    context.moves.append(.pick(Picker(title: title, choices: choices, purpose: purpose)))
  }

  private func words(_ rows: [Record]) -> String {
    rows.count == 1 ? rows[0].words : Format.count(rows.count, level.word, level.words)
  }
}
