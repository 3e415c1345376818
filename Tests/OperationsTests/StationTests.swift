import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

@Suite("A station and a PACS: what a person does")
struct StationTests {
  @Test("echo: every step is timed, the peer says who it is")
  func echo() async throws {
    try await Stations.with { stations in
      let result = try await stations.front.echo(stations.modality).value()
      #expect(result.isOK)
      #expect(result.outcome.exitStatus == 0)
      #expect(result.phases.connect != nil && result.phases.associate != nil && result.phases.echo != nil)
      #expect(result.phases.resolve == nil && result.phases.tls == nil, "an address, and no TLS")
      #expect(result.peerImplementationVersionName == Implementation.versionName)
      #expect(result.peerMaximumPDULength == 131072)
      #expect(result.json.text.hasPrefix(#"{"modality":"SAMPLEPACS","aet":"SAMPLEPACS","host":"127.0.0.1","port":"#))
      #expect(!result.json.text.contains("failedPhase"))
      let activity = stations.front.activity.entries
      #expect(activity.map(\.kind) == [.outgoing, .result])
      #expect(activity[1].words.hasPrefix("C-ECHO done: answered in"))
    }
  }

  @Test("find: levels, wildcards, default return keys")
  func find() async throws {
    try await Stations.with { stations in
      let (studies, rows) = try await stations.find(Query())
      #expect(studies.outcome.state == .done)
      #expect(rows.count == SampleStudies.count && studies.matches == rows.count)
      let study = try stations.largestStudy()
      let (_, series) = try await stations.find(
        Query(level: .series, keys: [QueryKey(.studyInstanceUID, study.studyInstanceUID)]))
      #expect(series.count == study.series)
      #expect(series.allSatisfy { $0.string(.modality)?.isEmpty == false })
      let (_, instances) = try await stations.find(
        Query(level: .instance, keys: [QueryKey(.studyInstanceUID, study.studyInstanceUID)]))
      #expect(instances.count == study.instances)
      let (_, patients) = try await stations.find(Query(level: .patient))
      #expect(Set(patients.compactMap { $0.string(.patientID) }).count == patients.count)
      let (none, _) = try await stations.find(Query(keys: [QueryKey(.patientID, "NOSUCHPATIENT")]))
      #expect(none.outcome.state == .done && none.matches == 0)
    }
  }

  @Test("find: a name in any script finds its patient and comes back as it was")
  func findText() async throws {
    try await Stations.with { stations in
      let (_, rows) = try await stations.find(Query())
      let names = Set(rows.compactMap { $0.string(.patientName) })
      let foreign = names.filter { !$0.utf8.allSatisfy { $0 < 0x80 } }
      #expect(!foreign.isEmpty)
      for name in foreign {
        let (_, found) = try await stations.find(Query(keys: [QueryKey(.patientName, name)]))
        #expect(Set(found.compactMap { $0.string(.patientName) }) == [name])
      }
    }
  }

  @Test("find: the limit cancels the query and says there is more")
  func findLimit() async throws {
    try await Stations.with { stations in
      let (result, rows) = try await stations.find(Query(limit: 3))
      #expect(rows.count == 3)
      #expect(result.isLimited && result.outcome.state == .done)
      let (whole, _) = try await stations.find(Query(limit: SampleStudies.count))
      #expect(!whole.isLimited, "exactly as many as the limit is all there is")
    }
  }

  @Test("move to ourselves: listens, receives, ends when everything is durable")
  func move() async throws {
    try await Stations.with { stations in
      let study = try stations.largestStudy()
      let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
      let operation = stations.front.move(stations.modality, request)
      let result = try await operation.value()
      #expect(result.outcome.state == .done, "\(result.outcome)")
      #expect(result.items.count == 1)
      #expect(result.items[0].status?.code == 0)
      #expect(result.items[0].completed == study.instances && result.items[0].failed == 0)
      #expect(result.received == study.instances && result.bytes > 0)
      let local = try stations.front.index.studies()
      #expect(local.map(\.id) == [study.id])
      #expect(local.first?.instances == study.instances)
      #expect(local.first?.remoteAETitle == "SAMPLEPACS")
      let snapshot = operation.job.snapshot
      #expect(snapshot.state == .done)
      #expect(snapshot.progress.received == study.instances && snapshot.progress.total == study.instances)
      // Again: everything is here already, and arrives all the same.
      #expect(try await stations.front.move(stations.modality, request).value().received == study.instances)
      #expect(try stations.front.index.studies().first?.instances == study.instances)
    }
  }

  @Test("move: two studies are two C-MOVEs, each with its own result; one that is not there fails alone")
  func moveSeveral() async throws {
    try await Stations.with { stations in
      let studies = try stations.pacs.station.index.studies()
      let keys = [studies[0].studyInstanceUID, "1.2.3.4.5", studies[1].studyInstanceUID].map {
        QueryKey(.studyInstanceUID, $0)
      }
      let results = Box<[MoveItemResult]>([])
      let result = try await stations.front.move(
        stations.modality, try RetrieveRequest(level: .study, keys: keys),
        onItem: { item in results.change { $0.append(item) } }
      ).value()
      #expect(result.items.map(\.outcome.state) == [.done, .failed, .done])
      #expect(result.items[1].outcome.words == "nothing matched, nothing was sent")
      #expect(result.outcome.state == .partial && result.outcome.exitStatus == 3)
      #expect(results.value.count == 3)
    }
  }

  @Test("move: a series, an instance, a patient")
  func moveLevels() async throws {
    try await Stations.with { stations in
      let study = try stations.largestStudy()
      let index = try stations.pacs.station.index
      let series = try #require(try index.series(ofStudy: study.id).first)
      let instance = try #require(try index.instances(ofSeries: series.id).first)
      let one = RetrieveRequest(
        level: .instance,
        items: [.instance(instance.sopInstanceUID, series: series.seriesInstanceUID, study: study.studyInstanceUID)])
      #expect(try await stations.front.move(stations.modality, one).value().received == 1)
      let whole = RetrieveRequest(
        level: .series, items: [.series(series.seriesInstanceUID, study: study.studyInstanceUID)])
      #expect(try await stations.front.move(stations.modality, whole).value().received == series.instances)
      let patient = RetrieveRequest(level: .patient, items: [.patient(study.patientID)])
      let all = try await stations.front.move(stations.modality, patient).value()
      #expect(all.outcome.state == .done && all.received >= study.instances)
    }
  }

  @Test("only what is missing: what is here already is no part of the total", arguments: [false, true])
  func missing(byGet: Bool) async throws {
    try await Stations.with { stations in
      let front = stations.front
      var configuration = stations.pacs.station.configuration
      configuration.alwaysAllowed.insert(.get)
      stations.pacs.station.peers.use(configuration)
      func retrieve(_ request: RetrieveRequest) -> Operations.Operation<MoveResult> {
        byGet ? front.get(stations.modality, request) : front.move(stations.modality, request)
      }
      let study = try stations.largestStudy()
      let series = try #require(try stations.pacs.station.index.series(ofStudy: study.id).first)
      #expect(series.instances < study.instances)
      let first = RetrieveItem.series(series.seriesInstanceUID, study: study.studyInstanceUID)
      #expect(
        try await retrieve(RetrieveRequest(level: .series, items: [first])).value().received == series.instances)
      var request = RetrieveRequest(
        level: .study, items: [.study(study.studyInstanceUID, expected: study.instances)])
      request.isOnlyMissing = true
      let rest = study.instances - series.instances
      let operation = retrieve(request)
      #expect(try await operation.value().received == rest)
      let progress = operation.job.snapshot.progress
      #expect(progress.total == rest && progress.received == rest && progress.done == rest)
      let again = retrieve(request)
      #expect(try await again.value().received == 0 && again.job.snapshot.progress.total == nil)
    }
  }

  @Test("a unique key has no wildcards: a C-MOVE of * moves nothing")
  func moveEverything() async throws {
    try await Stations.with { stations in
      let request = RetrieveRequest(level: .study, items: [.study("*")])
      let result = try await stations.front.move(stations.modality, request).value()
      #expect(result.outcome.state == .failed && result.outcome.words.contains("nothing matched"))
      #expect(try stations.front.index.statistics().instances == 0)
    }
  }

  @Test("move: a destination that the PACS does not know is named, with the remedy")
  func moveUnknownDestination() async throws {
    try await Stations.with { stations in
      let study = try stations.largestStudy()
      let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)], target: "NOBODY")
      let result = try await stations.front.move(stations.modality, request).value()
      #expect(result.outcome.state == .failed && result.outcome.exitStatus == 1)
      #expect(result.outcome.words.contains("0xA801") && result.outcome.words.contains("AE title NOBODY"))
      #expect(result.items[0].received == nil)
      var configuration = stations.pacs.frontConfiguration
      configuration.readOnly = true
      configuration.storageDirectory += "-read-only"
      let readOnly = try Station(configuration: configuration)
      await #expect(throws: OperationError.self) {
        try await readOnly.move(stations.modality, request).value()
      }
      await readOnly.shutdown()
    }
  }

  @Test("store: by identifier and by file, every instance with its answer")
  func store() async throws {
    try await Stations.with { stations in
      let study = try stations.largestStudy()
      let request = RetrieveRequest(level: .study, items: [.study(study.studyInstanceUID)])
      _ = try await stations.front.move(stations.modality, request).value()
      let answers = Box<[SentInstance]>([])
      let sent = try await stations.front.store(
        stations.modality, SendRequest(sources: [.id(study.id)]),
        onInstance: { one in answers.change { $0.append(one) } }
      ).value()
      #expect(sent.outcome.state == .done, "\(sent.outcome)")
      #expect(sent.completed == study.instances && answers.value.count == study.instances)
      #expect(answers.value.allSatisfy { $0.status?.isSuccess == true })
      let file = try #require(try stations.front.index.instances(under: study.id).first)
      let folder = try TemporaryFolder()
      try FileManager.default.copyItem(atPath: file.path, toPath: folder.path + "/one.dcm")
      try folder.write("notes.txt", "not DICOM at all")
      let fromFolder = try await stations.front.store(
        stations.modality, SendRequest(sources: [.path(folder.path)], moveOriginatorID: 7)
      ).value()
      #expect(fromFolder.completed == 1 && fromFolder.outcome.details.count == 1)
    }
  }

  @Test("store: what cannot be done is said before anything is sent")
  func storeRefused() async throws {
    try await Stations.with { stations in
      let front = stations.front
      func words(_ request: SendRequest) async -> String {
        do { return try await front.store(stations.modality, request).value().outcome.words } catch {
          return "\(error)"
        }
      }
      #expect(await words(SendRequest(sources: [.id("nothing")])) == "nothing here has the identifier nothing")
      #expect(await words(SendRequest(sources: [.path("/nowhere")])) == "/nowhere: there is no such file")
      #expect(await words(SendRequest(sources: [.id("x")], moveOriginatorAET: "A")).contains("needs the message id"))
      #expect(stations.pacs.station.activity.entries.isEmpty, "nobody was called")
    }
  }

  @Test("import: files and folders; what is no DICOM is named")
  func importFiles() async throws {
    try await Stations.with { stations in
      let study = try stations.largestStudy()
      let folder = try TemporaryFolder()
      for (number, instance) in try stations.pacs.station.index.instances(under: study.id).enumerated() {
        try FileManager.default.copyItem(atPath: instance.path, toPath: folder.path + "/\(number)")
      }
      try folder.write("readme.txt", "hello")
      let result = try await stations.front.importFiles([folder.path]).value()
      #expect(result.imported == study.instances && result.studies == [study.id])
      #expect(result.notDicom == [folder.path + "/readme.txt"])
      #expect(result.outcome.state == .done)
      #expect(try await stations.front.importFiles([folder.path]).value().duplicates == study.instances)
    }
  }
}
