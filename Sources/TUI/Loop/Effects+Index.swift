import Dicom
import LocalIndex
import Operations

/// What is asked of our own studies. On a thread of its own: the disk takes its time.
extension Effects {
  func visitIndex(_ effect: Effect) {
    switch effect {
    case .page(let order): mailbox.post(.page(page(order)))
    case .tags(let instance, let token): mailbox.post(.tags(token: token, tags(instance)))
    case .holdings(let level, let uids): mailbox.post(.holdings(holdings(level, uids)))
    case .count(let order): count(order)
    case .studies(let token, let filter, let order): mailbox.post(.studies(token: token, studies(filter, order)))
    case .missing(let ids):
      guard let found = try? station.index.studies(ids: ids) else { return }
      mailbox.post(.gone(Set(ids).subtracting(found.map(\.id))))
    case .statistics: tellStatistics()
    case .protect(let ids, let isProtected, let words): protect(ids, isProtected, words)
    case .history(let token, let text, let limit): mailbox.post(.history(token: token, history(text, limit)))
    default: break
    }
  }

  private func history(_ text: String, _ limit: Int) -> [HistoryRow] {
    var filter = HistoryFilter()
    (filter.text, filter.limit) = (text, limit)
    var rows: [HistoryRow] = []
    do {
      try station.index.history(filter) { entry in
        rows.append(Views.history(entry))
        return true
      }
    } catch {
      say("The history cannot be read: \(error)", .bad)
    }
    return rows.reversed()
  }

  private func page(_ order: PageOrder) -> Message.LocalPage {
    var page = Message.LocalPage(token: order.token, records: [], offset: order.offset ?? 0, isLast: true)
    do {
      switch order.level {
      case .patient, .study:
        // The last page is the first one of the other order: nothing before it is looked at.
        var sort = order.order
        if order.offset == nil { sort.isDescending.toggle() }
        let rows = try records(
          station.index.studies(matching: order.filter, orderBy: sort, limit: order.limit, offset: page.offset))
        page.records = rows
        page.isLast = rows.count < order.limit
        let total =
          page.isLast && page.offset == 0 ? rows.count : try station.index.studyCount(matching: order.filter)
        page.total = total
        if order.offset == nil {
          page.records.reverse()
          page.isLast = true
          page.offset = max(0, total - rows.count)
        }
      case .series: page.records = try station.index.series(ofStudy: order.parent ?? "").map(Views.record)
      case .instance: page.records = try station.index.instances(ofSeries: order.parent ?? "").map(Views.record)
      }
    } catch {
      page.failure = "\(error)"
    }
    return page
  }

  private func records(_ rows: [StudyRow]) throws -> [Record] {
    let protected = try station.index.protectedStudies()
    return rows.map { row in
      var record = Views.record(row)
      record.isProtected = protected.contains(row.id)
      return record
    }
  }

  private func studies(_ filter: String, _ order: StudyOrder) -> Result<[Record], Message.Failure> {
    do {
      let rows = try station.index.studies(matching: filter, orderBy: order, limit: LocalScreen.mostMarked + 1)
      return .success(try records(rows))
    } catch {
      return .failure(Message.Failure(words: "\(error)"))
    }
  }

  private func tags(_ instance: String) -> Result<[TagLine], Message.Failure> {
    do {
      let stored = try station.index.instances(under: instance).first
      guard let path = stored?.path ?? (instance.contains("/") ? instance : nil) else {
        return .failure(Message.Failure(words: "It is not here any more."))
      }
      let file = try DicomFile(path: Views.expandTilde(path))
      return .success(TagTree.lines(file.dataSet))
    } catch {
      return .failure(Message.Failure(words: "\(error)"))
    }
  }

  private func holdings(_ level: Level, _ uids: [String]) -> [String: Holding] {
    var result: [String: Holding] = [:]
    for uid in uids {
      let here: Int
      switch level {
      case .patient, .study: here = (try? station.index.holdings(studyInstanceUID: UID(uid)))??.instances ?? 0
      case .series:
        var count = 0
        try? station.index.find(LocalQuery(level: .instance, [(.seriesInstanceUID, uid)])) { _ in
          count += 1
          return true
        }
        here = count
      case .instance: here = (try? station.index.contains(sopInstanceUID: UID(uid))) == true ? 1 : 0
      }
      result[uid] = Holding(instances: here)
    }
    return result
  }

  private func count(_ order: CountOrder) {
    var count = Message.DeletionCount(
      ids: order.ids, level: order.level, rows: order.ids.count, instances: 0, bytes: 0,
      outsideFilter: order.outsideFilter)
    do {
      if order.level == .study {
        // A study's row has its sums: thousands of them are counted without a look at their instances.
        for study in try station.index.studies(ids: order.ids) {
          count.instances += study.instances
          count.bytes += study.bytes
        }
        let inside = try station.index.studies(order.elsewhere, matching: order.filter)
        count.outsideFilter += order.elsewhere.count - inside.count
      } else {
        for instance in try order.ids.flatMap({ try station.index.instances(under: $0) }) {
          count.instances += 1
          count.bytes += instance.bytes
        }
      }
    } catch {
      // Nothing is deleted that could not be counted.
      return say("\(error)", .bad)
    }
    mailbox.post(.counted(count))
  }

  private func protect(_ studies: [String], _ isProtected: Bool, _ words: String) {
    do {
      for study in studies { try station.protect(study, isProtected) }
      say(isProtected ? "Never recycled: \(words)." : "May be recycled again: \(words).", .good)
    } catch {
      say("\(error)", .bad)
    }
    mailbox.post(.indexChanged(studies: Set(studies)))
  }

  private func tellStatistics() {
    do {
      let all = try station.index.statistics()
      let words = [
        Format.count(all.patients, "patient", "patients"), Format.count(all.studies, "study", "studies"),
        Format.count(all.series) + " series", Format.count(all.instances, "image", "images"),
        Format.bytes(all.bytes),
      ]
      let others =
        all.versions > 0 ? "; \(Format.count(all.versions, "other version", "other versions")) of an image" : ""
      let free = all.freeBytes.map { "; \(Format.bytes($0)) free" } ?? ""
      say("Here are \(words.joined(separator: ", "))\(others)\(free).", .text)
    } catch {
      say("\(error)", .bad)
    }
  }

  /// The index tells identifiers; those who look at a peer's studies know UIDs.
  func changed(_ change: IndexChange) {
    var studies = change.studies
    let found = (try? station.index.studies(ids: change.studies)) ?? []
    studies.formUnion(found.map(\.studyInstanceUID))
    if change.isEverything || found.count < change.studies.count { studies.insert(Message.everyStudy) }
    countInstances()
    mailbox.post(.indexChanged(studies: studies))
  }
}

/// A data set as the lines of a tree.
enum TagTree {
  /// Values longer than that are cut: a list shows no more of them.
  static let longestValue = 1024
  static let mostLines = 20_000

  static func lines(_ dataSet: DataSet) -> [TagLine] {
    var lines: [TagLine] = []
    add(dataSet, 0, &lines)
    return lines
  }

  private static func add(_ dataSet: DataSet, _ depth: Int, _ lines: inout [TagLine]) {
    for element in dataSet.elements {
      guard lines.count < mostLines else { return }
      lines.append(
        TagLine(
          id: lines.count, depth: depth, tag: element.tag.description, vr: "\(element.vr)",
          keyword: element.tag.keyword ?? (element.tag.isPrivate ? "private" : ""), value: value(element, dataSet)))
      for (index, item) in (element.items ?? []).enumerated() where depth < 16 {
        lines.append(
          TagLine(id: lines.count, depth: depth + 1, tag: "item \(index + 1)", vr: "", keyword: "", value: ""))
        add(item, depth + 1, &lines)
      }
    }
  }

  private static func value(_ element: Element, _ dataSet: DataSet) -> String {
    if let items = element.items { return Format.count(items.count, "item", "items") }
    if let fragments = element.fragments { return Format.count(fragments.count, "fragment", "fragments") }
    if element.isLeftInFile { return element.length.map(Format.bytes) ?? "" }
    switch element.vr {
    case .OB, .OD, .OF, .OL, .OV, .OW, .UN: return element.length.map(Format.bytes) ?? ""
    case .UI:
      return dataSet.strings(element.tag).map { uid in
        UID(uid).name.map { "\(uid) (\($0))" } ?? uid
      }.joined(separator: " \\ ")
    default: return String(dataSet.strings(element.tag).joined(separator: " \\ ").prefix(longestValue))
    }
  }
}
