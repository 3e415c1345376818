import Dicom
import Testing

/// What is asked of Orthanc's `tools/find` and of our index over the same files.
enum FindComparison {
  /// A query, and the rule by which ours is right where the answers differ: nil where they must not.
  struct Query: Sendable, CustomTestStringConvertible {
    let level: Level
    let keys: [String: String]
    let difference: String?

    init(_ level: Level, _ keys: [String: String], differs difference: String? = nil) {
      (self.level, self.keys, self.difference) = (level, keys, difference)
    }

    var testDescription: String {
      "\(level) " + keys.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
  }

  /// A line of the table that the test prints.
  static func row(_ query: Query, ours: Set<String>, theirs: Set<String>) -> String {
    let verdict = ours == theirs ? "equal" : "differs on purpose: \(query.difference ?? "?")"
    let text = query.testDescription
    let padded = text + String(repeating: " ", count: max(1, 58 - text.count))
    return "\(padded) fluoro \(ours.count), Orthanc \(theirs.count): \(verdict)"
  }

  private static let diacritics = "a person types no diacritics; they are folded, as DICOM allows (PS3.4 §C.2.2.2.1)"
  private static let groups = "a name matches by any of its component groups (PS3.4 §C.2.2.2.1)"
  private static let stars = "stars alone match everything, also what is not there (PS3.4 §C.2.2.2.4)"
  private static let lists = "each value of a list may have wildcards"
  private static let padding = "spaces around a value are padding (PS3.5 §6.2)"
  private static let uids = "wildcards in a UID are no error (Orthanc refuses the query)"
  private static let dates = "2018* is a year to whoever types it, and no error (Orthanc refuses the query)"
  private static let noDate = "no date is not an early date"
  private static let values = "each of several values is compared (PS3.4 §C.2.2.2)"

  static let queries: [Query] = [
    // Levels, and keys that match everything.
    Query(.patient, [:]), Query(.study, [:]), Query(.series, [:]), Query(.instance, [:]),
    Query(.patient, ["PatientID": "*"]), Query(.patient, ["PatientID": ""]),
    Query(.study, ["StudyDescription": "**"], differs: stars),
    // Single values and lists, without case.
    Query(.patient, ["PatientID": "s-1"]), Query(.patient, ["PatientID": "S-1\\S-2"]),
    Query(.patient, ["PatientID": "S-1\\S-*"], differs: lists), Query(.patient, ["PatientSex": "f"]),
    Query(.patient, ["PatientSex": "F\\M"]), Query(.study, ["AccessionNumber": "a-s-2"]),
    Query(.study, ["StudyInstanceUID": "2.25.1\\2.25.3"]), Query(.study, ["StudyInstanceUID": "2.25"]),
    Query(.instance, ["SOPInstanceUID": "2.25.1.1.1"]), Query(.instance, ["InstanceNumber": "1"]),
    Query(.series, ["SeriesNumber": "1"]), Query(.patient, ["PatientID": " S-1 "], differs: padding),
    // Wildcards, and what is none.
    Query(.patient, ["PatientID": "S-?"]), Query(.patient, ["PatientID": "S-["]),
    Query(.patient, ["PatientID": "*[3]"]),
    Query(.patient, ["PatientID": "*[*"]), Query(.patient, ["PatientID": "S-[3]"]),
    Query(.patient, ["PatientID": "?-[?]"]),
    Query(.study, ["StudyDescription": "5*5*"]),
    Query(.study, ["StudyDescription": "5*5 (left) [a-z]+ $1.0 {x}|\u{5E}"]),
    Query(.study, ["StudyDescription": "*(left)*"]), Query(.study, ["StudyDescription": "*$1.0*"]),
    Query(.study, ["StudyDescription": "*1x0*"]), Query(.study, ["StudyDescription": "*[a-z]*"]),
    Query(.study, ["StudyDescription": "*|^"]), Query(.study, ["StudyDescription": "*_%*"]),
    Query(.study, ["StudyDescription": "what?"]), Query(.study, ["StudyDescription": "study of*"]),
    Query(.study, ["StudyDescription": "*OF S-1"]), Query(.instance, ["ImageComments": "*press*"]),
    Query(.series, ["Modality": "C?"]), Query(.study, ["StudyInstanceUID": "2.25.*"], differs: uids),
    Query(.series, ["SeriesInstanceUID": "*.1.2"], differs: uids), Query(.series, ["Manufacturer": "toshiba*"]),
    // Names.
    Query(.patient, ["PatientName": "DOE*"]), Query(.patient, ["PatientName": "doe^j?ne"]),
    Query(.patient, ["PatientName": "*^*"]), Query(.patient, ["PatientName": "doe"]),
    Query(.patient, ["PatientName": "*jane"]), Query(.study, ["ReferringPhysicianName": "ref*"]),
    Query(.patient, ["PatientName": "Müller^Jürgen"]), Query(.patient, ["PatientName": "MÜLLER*"]),
    Query(.patient, ["PatientName": "muller*"], differs: diacritics),
    Query(.patient, ["PatientName": "*jurgen"], differs: diacritics),
    Query(.patient, ["PatientName": "山田*"], differs: groups), Query(.patient, ["PatientName": "*太郎"], differs: groups),
    Query(.patient, ["PatientName": "やまだ^たろう"], differs: groups),
    Query(.patient, ["PatientName": "yamada^tarou"], differs: groups), Query(.patient, ["PatientName": "Yamada*"]),
    Query(.patient, ["PatientName": "yamada*=山田*"]),
    // Character sets: Cyrillic in ISO_IR 144, Greek in ISO_IR 126, Latin-1, Chinese in GB18030, Japanese by code extensions.
    Query(.patient, ["PatientName": "Люкceмбypг"]), Query(.patient, ["PatientName": "люкce*"]),
    Query(.patient, ["PatientName": "ЛЮКCE*"]), Query(.patient, ["PatientName": "Διονυσιος"]),
    Query(.patient, ["PatientName": "διον*"]), Query(.patient, ["PatientName": "Διονύσ*"], differs: diacritics),
    Query(.patient, ["PatientName": "Buc^Jérôme"]), Query(.patient, ["PatientName": "buc^jerome"], differs: diacritics),
    Query(.patient, ["PatientName": "*jérôme*"]), Query(.patient, ["PatientName": "*小东"]),
    Query(.patient, ["PatientName": "wang*"]), Query(.patient, ["PatientName": "*次郎*"]),
    // Dates and times.
    Query(.study, ["StudyDate": "20180323"]), Query(.study, ["StudyDate": "20180323-"]),
    Query(.study, ["StudyDate": "-20180323"], differs: noDate), Query(.study, ["StudyDate": "20180101-20191231"]),
    Query(.study, ["StudyDate": "20180323\\20190101"]), Query(.study, ["StudyDate": "2018*"], differs: dates),
    Query(.study, ["StudyDate": "20191231-20180101"]), Query(.patient, ["PatientBirthDate": "1970-"]),
    Query(.patient, ["PatientBirthDate": "19700101-19801231"]), Query(.study, ["StudyTime": "100000-110000"]),
    Query(.study, ["StudyTime": "101500"]), Query(.study, ["StudyTime": "101501-"]),
    // Several keys, also of other levels, and attributes that only the files hold.
    Query(.study, ["PatientName": "doe*", "StudyDate": "2019-"]), Query(.study, ["ModalitiesInStudy": "CT"]),
    Query(.study, ["ModalitiesInStudy": "MR\\US"]), Query(.study, ["ModalitiesInStudy": "SR"]),
    Query(.study, ["ModalitiesInStudy": "ct", "PatientSex": "F"]), Query(.series, ["Modality": "ct"]),
    Query(.series, ["StudyInstanceUID": "2.25.1"]), Query(.series, ["PatientID": "S-1", "Modality": "SR"]),
    Query(.series, ["PatientName": "doe*", "StudyDate": "2018*"], differs: dates),
    Query(.series, ["OperatorsName": "op^b"], differs: values),
    Query(.instance, ["StudyInstanceUID": "2.25.1", "Modality": "CT"]), Query(.instance, ["PatientID": "S-2"]),
    Query(.study, ["PatientAge": "042Y"]), Query(.instance, ["Rows": "128"]),
    Query(.instance, ["Rows": "128", "Modality": "MR"]),
  ]

  /// Small instances with what the test files of pydicom lack: dates, scripts, characters that mean something elsewhere.
  static var dataSets: [DataSet] {
    let people:
      [(set: String, id: String, name: String, sex: String, born: String, date: String, modality: String, Int)] = [
        ("ISO_IR 192", "S-1", "Doe^Jane", "F", "19700101", "20180323", "CT", 1),
        ("ISO_IR 192", "S-1", "Doe^Jane", "F", "19700101", "20180323", "SR", 1),
        ("ISO_IR 192", "S-2", "Doe^John", "M", "19801231", "20190101", "MR", 2),
        ("ISO_IR 192", "S-[3]", "Müller^Jürgen", "M", "19550505", "20200229", "US", 3),
        ("ISO_IR 192", "S-4", "Yamada^Tarou=山田^太郎=やまだ^たろう", "M", "", "20191231", "CT", 4),
        ("ISO_IR 192", "", "", "", "", "", "CT", 5),
        ("ISO_IR 144", "S-6", "Люкceмбypг", "", "", "20210101", "CT", 6),
        ("ISO_IR 126", "S-7", "Διονυσιος", "", "", "20210102", "CT", 7),
        ("ISO_IR 100", "S-8", "Buc^Jérôme", "M", "", "20210103", "MR", 8),
        ("GB18030", "S-9", "Wang^XiaoDong=王^小东", "", "", "20210104", "CT", 9),
        ("\\ISO 2022 IR 87", "S-10", "次郎^山本", "", "", "20210105", "CT", 10),
      ]
    return people.enumerated().map { number, person in
      let study = "2.25.\(person.7)"
      var dataSet = DataSet()
      dataSet.setCharacterSet(
        CharacterSet(
          specificCharacterSet: person.set.split(separator: "\\", omittingEmptySubsequences: false).map(String.init),
          default: .latin1))
      dataSet.set(.sopClassUID, UID.ctImageStorage)
      dataSet.set(.studyInstanceUID, UID(study))
      dataSet.set(.seriesInstanceUID, UID("\(study).\(number + 1)"))
      dataSet.set(.sopInstanceUID, UID("\(study).\(number + 1).1"))
      dataSet.set(.patientID, person.id)
      dataSet.set(.patientName, person.name)
      dataSet.set(.patientSex, person.sex)
      dataSet.set(.patientBirthDate, person.born)
      dataSet.set(.studyDate, person.date)
      dataSet.set(.modality, person.modality)
      dataSet.set(.studyTime, "10150\(person.7 % 10)")
      dataSet.set(.accessionNumber, "A-\(person.id)")
      let description =
        switch number {
        case 2: "5*5 (left) [a-z]+ $1.0 {x}|^"
        case 3: "what?"
        case 4: "100_% sure"
        default: "Study of \(person.id)"
        }
      dataSet.set(.studyDescription, description)
      dataSet.set(.referringPhysicianName, number < 2 ? "Referrer^A" : "Other^B")
      dataSet.set(.operatorsName, number == 1 ? "Op^A\\Op^B" : "Op^C")
      dataSet.set(.seriesNumber, "\(number)")
      dataSet.set(.instanceNumber, "1")
      if number == 3 { dataSet.set(.patientAge, "042Y") }
      return dataSet
    }
  }
}
