import Dicom
import Foundation
import LocalIndex
import Testing

private typealias Attribute = Dicom.Tag

extension Interop {
  /// The same files in Orthanc and in our index: the same identifiers, descriptions and answers.
  @Suite("The index and Orthanc")
  struct IndexStories {
    /// A query, and why the answers may differ: nil where they must not.
    struct Query: Sendable, CustomTestStringConvertible {
      let level: Level
      let keys: [String: String]
      let difference: String?

      init(_ level: Level, _ keys: [String: String], differs difference: String? = nil) {
        (self.level, self.keys, self.difference) = (level, keys, difference)
      }

      var testDescription: String { "\(level) \(keys)" }
    }

    static let queries: [Query] = [
      Query(.patient, [:]), Query(.study, [:]), Query(.series, [:]), Query(.instance, [:]),
      Query(.patient, ["PatientID": "*"]), Query(.patient, ["PatientID": ""]),
      Query(.patient, ["PatientID": "S-?"]), Query(.patient, ["PatientID": "s-1"]),
      Query(.patient, ["PatientID": "S-1\\S-2"]), Query(.patient, ["PatientID": "S-["]),
      Query(.patient, ["PatientID": "*[3]"]), Query(.patient, ["PatientID": "*[*"]),
      Query(.patient, ["PatientName": "DOE*"]), Query(.patient, ["PatientName": "doe^j?ne"]),
      Query(.patient, ["PatientName": "*^*"]), Query(.patient, ["PatientName": "doe"]),
      Query(.patient, ["PatientBirthDate": "1970-"]), Query(.patient, ["PatientBirthDate": "19700101-19801231"]),
      Query(.patient, ["PatientSex": "f"]), Query(.patient, ["PatientSex": "F\\M"]),
      Query(.study, ["StudyDate": "20180323"]), Query(.study, ["StudyDate": "20180323-"]),
      Query(.study, ["StudyDate": "-20180323"], differs: "no date is not an early date"),
      Query(.study, ["StudyDate": "20180101-20191231"]),
      Query(.study, ["StudyDate": "20180323\\20190101"]),
      Query(.study, ["StudyTime": "100000-110000"]), Query(.study, ["StudyTime": "101500"]),
      Query(.study, ["StudyDescription": "study of*"]), Query(.study, ["StudyDescription": "*OF S-1"]),
      Query(.study, ["StudyDescription": "what?"]), Query(.study, ["AccessionNumber": "a-s-2"]),
      Query(.study, ["ModalitiesInStudy": "CT"]), Query(.study, ["ModalitiesInStudy": "MR\\US"]),
      Query(.study, ["ModalitiesInStudy": "SR"]), Query(.study, ["PatientName": "doe*", "StudyDate": "2019-"]),
      Query(.study, ["StudyInstanceUID": "2.25.1\\2.25.3"]),
      Query(.study, ["StudyInstanceUID": "2.25"]), Query(.study, ["PatientAge": "042Y"]),
      Query(.series, ["Modality": "ct"]), Query(.series, ["Modality": "C?"]), Query(.series, ["SeriesNumber": "1"]),
      Query(.series, ["Manufacturer": "toshiba*"]), Query(.series, ["StudyInstanceUID": "2.25.1"]),
      Query(.series, ["OperatorsName": "op^b"], differs: "each of several values is compared"),
      Query(.series, ["PatientID": "S-1", "Modality": "SR"]),
      Query(.instance, ["SOPInstanceUID": "2.25.1.1.1"]), Query(.instance, ["InstanceNumber": "1"]),
      Query(.instance, ["StudyInstanceUID": "2.25.1", "Modality": "CT"]),
      Query(.instance, ["ImageComments": "*press*"]),
      Query(.instance, ["Rows": "128"]),
      Query(.patient, ["PatientName": "muller*"], differs: "diacritics are folded"),
      Query(.patient, ["PatientName": "山田*"], differs: "a name matches by any of its component groups"),
    ]

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
      for query in Self.queries {
        let theirs = Set(
          try await Self.ask(orthanc, query.level, query.keys, expand: false).compactMap { $0 as? String })
        let keys = query.keys.map { (Attribute(parsing: $0.key) ?? .patientID, $0.value) }
        let ours = try Set(index.find(LocalQuery(level: query.level, keys)).map(\.id))
        if let difference = query.difference {
          #expect(
            ours.isStrictSuperset(of: theirs) || ours.isStrictSubset(of: theirs),
            "\(query.testDescription): \(difference)")
        } else {
          #expect(ours == theirs, "\(query.testDescription)")
        }
      }
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
      let people = [
        ("S-1", "Doe^Jane", "F", "19700101", "20180323", "CT"), ("S-1", "Doe^Jane", "F", "19700101", "20180323", "SR"),
        ("S-2", "Doe^John", "M", "19801231", "20190101", "MR"),
        ("S-[3]", "Müller^Jürgen", "M", "19550505", "20200229", "US"),
        ("S-4", "Yamada^Tarou=山田^太郎=やまだ^たろう", "M", "", "20191231", "CT"), ("", "", "", "", "", "CT"),
      ]
      let folder = try workshop.makeFolder("synthetic")
      return try people.enumerated().map { number, person in
        let study = ["2.25.1", "2.25.1", "2.25.2", "2.25.3", "2.25.4", "2.25.5"][number]
        var dataSet = DataSet()
        dataSet.setCharacterSet(.utf8)
        dataSet.set(.sopClassUID, UID.ctImageStorage)
        dataSet.set(.studyInstanceUID, UID(study))
        dataSet.set(.seriesInstanceUID, UID("\(study).\(number + 1)"))
        dataSet.set(.sopInstanceUID, UID("\(study).\(number + 1).1"))
        dataSet.set(.patientID, person.0)
        dataSet.set(.patientName, person.1)
        dataSet.set(.patientSex, person.2)
        dataSet.set(.patientBirthDate, person.3)
        dataSet.set(.studyDate, person.4)
        dataSet.set(.modality, person.5)
        dataSet.set(.studyTime, "10150\(number)")
        dataSet.set(.accessionNumber, "A-\(person.0)")
        dataSet.set(.studyDescription, number == 3 ? "what?" : "Study of \(person.0)")
        dataSet.set(.operatorsName, number == 1 ? "Op^A\\Op^B" : "Op^C")
        dataSet.set(.seriesNumber, "\(number)")
        dataSet.set(.instanceNumber, "1")
        if number == 3 { dataSet.set(.patientAge, "042Y") }
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
