import Dicom
import Synchronization

/// What a station says about what a C-GET is to fetch: by C-FINDs on an association of the retrieve.
struct GetSearch {
  let association: Association
  /// Orthanc's name of the character set of text that names none.
  let encoding: String
  /// A query was refused, or the peer takes none.
  private let wasRefused = MatchFlag()

  init(association: Association, encoding: String) {
    self.association = association
    self.encoding = encoding
  }

  /// An instance to fetch, with what names it from above.
  struct Instance: Hashable, Sendable {
    var study: String
    var series: String
    var sopInstanceUID: String
    /// nil: the peer does not say.
    var sopClass: UID?
  }

  /// What is known before anything is fetched.
  struct Overview {
    /// None: the peer does not say.
    var classes: [UID] = []
    var count: Int?
    /// The peer was asked, and finds nothing at all.
    var isUnknown = false
  }

  /// From `SOPClassesInStudy`, else from the instances themselves.
  func overview(of item: RetrieveItem, _ level: Level) async throws -> Overview {
    var overview = Overview()
    if level < .instance {
      let studies = try await find(
        .study, item.keys.filter { $0.tag == .patientID || $0.tag == .studyInstanceUID },
        [.studyInstanceUID, .sopClassesInStudy, .numberOfStudyRelatedInstances])
      overview.classes = Self.distinct(studies.flatMap { $0.uids(.sopClassesInStudy) })
      let counts = studies.compactMap { $0.integer(.numberOfStudyRelatedInstances) }
      if level != .series, !studies.isEmpty, counts.count == studies.count { overview.count = counts.reduce(0, +) }
      // One study that does not say leaves the list without its classes.
      if studies.contains(where: { $0.strings(.sopClassesInStudy).isEmpty }) { overview.classes = [] }
    }
    if overview.classes.isEmpty {
      let instances = try await instances(of: item, level)
      overview.classes =
        instances.contains { $0.sopClass == nil } ? [] : Self.distinct(instances.compactMap(\.sopClass))
      if !instances.isEmpty { overview.count = instances.count }
      overview.isUnknown = instances.isEmpty && overview.count == nil && !wasRefused.isSet
    }
    return overview
  }

  /// How many instances the peer says an item has; nil: it does not say.
  func count(of item: RetrieveItem, _ level: Level) async throws -> Int? {
    if level == .instance {
      return item.keys.first { $0.tag == .sopInstanceUID }?.value.split(separator: "\\").count
    }
    let tag: Tag = level == .series ? .numberOfSeriesRelatedInstances : .numberOfStudyRelatedInstances
    let queried: Level = level == .series ? .series : .study
    let matches = try await find(queried, item.keys, [queried.uniqueKey, tag])
    let counts = matches.compactMap { $0.integer(tag) }
    return matches.isEmpty || counts.count < matches.count ? nil : counts.reduce(0, +)
  }

  /// Every instance of an item, level by level as the hierarchy wants it (PS3.4 §C.4.1.2.1).
  func instances(of item: RetrieveItem, _ level: Level) async throws -> [Instance] {
    var result: [Instance] = []
    let given = Dictionary(item.keys.map { ($0.tag, $0.value) }, uniquingKeysWith: { first, _ in first })
    var studies = [given[.studyInstanceUID] ?? ""]
    if level == .patient {
      studies = try await find(.study, item.keys.filter { $0.tag == .patientID }, [.studyInstanceUID])
        .compactMap { $0.string(.studyInstanceUID) }
    }
    for study in studies {
      var series = [given[.seriesInstanceUID] ?? ""]
      if level < .series {
        series = try await find(.series, [QueryKey(.studyInstanceUID, study)], [.seriesInstanceUID])
          .compactMap { $0.string(.seriesInstanceUID) }
      }
      for series in series {
        var keys = [QueryKey(.studyInstanceUID, study), QueryKey(.seriesInstanceUID, series)]
        if level == .instance { keys.append(QueryKey(.sopInstanceUID, given[.sopInstanceUID] ?? "")) }
        let images = try await find(.instance, keys, [.sopInstanceUID, .sopClassUID])
        result += images.compactMap { image in
          guard let uid = image.string(.sopInstanceUID), !uid.isEmpty else { return nil }
          return Instance(study: study, series: series, sopInstanceUID: uid, sopClass: image.uid(.sopClassUID))
        }
      }
    }
    return result
  }

  /// The matches; none where the peer refuses: a C-GET goes without.
  private func find(_ level: Level, _ keys: [QueryKey], _ returned: [Tag]) async throws -> [DataSet] {
    let keys = keys.filter { !$0.value.isEmpty }
    let all = keys + returned.filter { tag in !keys.contains { $0.tag == tag } }.map { QueryKey($0) }
    guard let matches = try await answer(level, all.sorted { $0.tag < $1.tag }) else {
      wasRefused.set()
      return []
    }
    return matches
  }

  /// The matches of a query; nil where the peer refuses it.
  func answer(_ level: Level, _ keys: [QueryKey]) async throws -> [DataSet]? {
    do {
      return try await matches(level, keys)
    } catch is StatusError {
      return nil
    }
  }

  /// The matches of a query.
  /// - Throws: `StatusError` where the peer refuses it; SOP class not supported (0x0122) where it takes no queries.
  func matches(_ level: Level, _ keys: [QueryKey]) async throws -> [DataSet] {
    let models = Station.findModels(level)
    guard let model = models.first(where: { association.acceptedTransferSyntax(for: $0) != nil }) else {
      throw StatusError(Status(0x0122, service: .find))
    }
    let item = RetrieveItem(keys: keys)
    let matches = Mutex<[DataSet]>([])
    let status = try await association.find(
      item.identifier(level, encoding: encoding), model: model,
      defaultCharacterSet: CharacterSet(orthancName: encoding) ?? .latin1
    ) { match in matches.withLock { $0.append(match) } }
    guard status.isSuccess else { throw StatusError(status) }
    return matches.withLock { $0 }
  }

  private static func distinct(_ uids: [UID]) -> [UID] {
    var seen: Set<UID> = []
    return uids.filter { !$0.rawValue.isEmpty && seen.insert($0).inserted }
  }
}
