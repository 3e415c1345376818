import Dicom
import Foundation
import LocalIndex
import Testing

private typealias Attribute = Dicom.Tag

extension Interop {
  /// The same files in Orthanc and in our index: the same identifiers, descriptions and answers.
  @Suite("The index and Orthanc")
  struct IndexStories {
    @Test("Identifiers, descriptions and answers are Orthanc's")
    func equality() async throws {
      let workshop = try Workshop()
      let files = try await Python.testFiles(in: workshop) + Self.synthetic(in: workshop)
      let orthanc = try await Orthanc(in: workshop, settings: ["DefaultEncoding": "Utf8"])
      try await orthanc.upload(files)
      var options = StorageOptions(durability: .none)
      options.defaultCharacterSet = .utf8
      let index = try LocalIndex(storage: workshop.path("storage"), options: options)
      // In the order in which Orthanc got them: a study is described by its first instance.
      for file in files { #expect(try index.importPaths([file]).imported == 1) }
      let held = Workshop.files(below: index.path + "/instances")
      #expect(try await Python.differences(between: files, and: held, in: workshop) == [])
      for level in Level.allCases {
        let paths = ["patients", "studies", "series", "instances"]
        let theirs = try await orthanc.identifiers(paths[level.rawValue])
        #expect(try Set(index.find(LocalQuery(level: level)).map(\.id)) == Set(theirs), "\(level)")
        let described = try await Self.ask(orthanc, level, [:], expand: true)
        #expect(described.count == theirs.count)
        for case let description as [String: Any] in described {
          let id = try #require(description["ID"] as? String)
          let ours = try #require(try index.expand(id))
          let parsed = try #require(try JSONSerialization.jsonObject(with: Data(ours.utf8)) as? [String: Any])
          #expect(Self.comparable(parsed) == Self.comparable(description))
        }
      }
      var table: [String] = []
      for query in FindComparison.queries {
        // A query that it refuses finds nothing.
        let answer: [Any]
        do {
          answer = try await Self.ask(orthanc, query.level, query.keys, expand: false)
        } catch let problem as PeerProblem {
          #expect(
            query.difference != nil && problem.description.contains("400"), "\(query.testDescription): \(problem)")
          answer = []
        }
        let theirs = Set(answer.compactMap { $0 as? String })
        let keys = query.keys.map { (Attribute(parsing: $0.key) ?? .patientID, $0.value) }
        let ours = try Set(index.find(LocalQuery(level: query.level, keys)).map(\.id))
        table.append(FindComparison.row(query, ours: ours, theirs: theirs))
        if let difference = query.difference {
          #expect(
            ours.isStrictSuperset(of: theirs) || ours.isStrictSubset(of: theirs),
            "\(query.testDescription): \(difference): ours \(ours.count), theirs \(theirs.count)")
        } else {
          #expect(ours == theirs, "\(query.testDescription): ours \(ours.count), theirs \(theirs.count)")
        }
      }
      print(table.joined(separator: "\n"))
    }

    /// What differs from one storage to the next is left out.
    private static func comparable(_ object: [String: Any]) -> NSDictionary {
      let own: Set = ["FileUuid", "FileSize", "LastUpdate", "IsStable"]
      var fields = object.filter { !own.contains($0.key) }
      for name in ["Studies", "Series", "Instances"] {
        if let list = fields[name] as? [String] { fields[name] = list.sorted() }
      }
      if let tags = fields["MainDicomTags"] as? [String: String] {
        // Orthanc decodes numbers by the character set of text, in which a Japanese backslash is a yen sign.
        fields["MainDicomTags"] = tags.mapValues { $0.replacingOccurrences(of: "¥", with: "\\") }
      }
      return NSDictionary(dictionary: fields)
    }

    private static func ask(
      _ orthanc: Orthanc, _ level: Level, _ keys: [String: String], expand: Bool
    ) async throws -> [Any] {
      let body = try JSONSerialization.data(
        withJSONObject: ["Level": level.description, "Query": keys, "Expand": expand] as [String: Any])
      let answer = try await orthanc.request("POST", "/tools/find", body: body)
      return try JSONSerialization.jsonObject(with: answer) as? [Any] ?? []
    }

    /// Small instances with what the test files of pydicom lack: dates, scripts, characters that mean something elsewhere.
    private static func synthetic(in workshop: Workshop) throws -> [String] {
      let folder = try workshop.makeFolder("synthetic")
      return try FindComparison.dataSets.enumerated().map { number, dataSet in
        let path = "\(folder)/\(number).dcm"
        let meta = FileMetaInformation(
          mediaStorageSOPClassUID: .ctImageStorage, mediaStorageSOPInstanceUID: dataSet.uid(.sopInstanceUID) ?? "",
          transferSyntax: .explicitVRLittleEndian)
        try DicomFile.write(dataSet, meta: meta, to: path)
        return path
      }
    }
  }
}
