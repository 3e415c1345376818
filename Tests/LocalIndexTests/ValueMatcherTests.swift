import Dicom
import Testing

@testable import LocalIndex

/// The matching of PS3.4 C.2.2.2, value by value; that SQL answers alike is in FindTests.
@Suite struct ValueMatcherTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let tag: Tag
    let key: String
    let value: String?
    let matches: Bool
    init(_ tag: Tag, _ key: String, _ value: String?, _ matches: Bool) {
      (self.tag, self.key, self.value, self.matches) = (tag, key, value, matches)
    }
    var testDescription: String { "\(tag.keyword ?? "") \(key) ~ \(value ?? "absent")" }
  }

  static let cases: [Case] = [
    Case(.patientID, "", "anything", true), Case(.patientID, "", nil, true), Case(.patientID, "*", nil, true),
    Case(.patientID, "P1", "P1", true), Case(.patientID, "p1", "P1", true), Case(.patientID, "P", "P1", false),
    Case(.patientID, "P?", "P1", true), Case(.patientID, "P?", "P12", false), Case(.patientID, "*1*", "P12", true),
    Case(.patientID, "P[1]", "P1", false), Case(.patientID, "P[1]", "P[1]", true),
    Case(.patientID, "*[1*", "P[1]", true),
    Case(.patientID, "P1\\P2", "P2", true), Case(.patientID, "P1\\X*", "XYZ", true), Case(.patientID, "P1", nil, false),
    Case(.patientID, "P1 ", "P1", true),
    Case(.patientName, "muller*", "Müller^Jürgen", true), Case(.patientName, "MÜLLER^JÜRGEN", "Müller^Jürgen", true),
    Case(.patientName, "lodz", "Łódź", true), Case(.patientName, "strasse*", "Straße^Otto", true),
    Case(.patientName, "Doe^Jane", "Doe^Jane^^^", true), Case(.patientName, "doe", "Doe^Jane", false),
    Case(.patientName, "山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", true),
    Case(.patientName, "やまだ*", "Yamada^Tarou=山田^太郎=やまだ^たろう", true),
    Case(.patientName, "yamada*=山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", true),
    Case(.patientName, "yamada*=鈴木*", "Yamada^Tarou=山田^太郎=やまだ^たろう", false),
    Case(.patientName, "=山田*", "Yamada^Tarou=山田^太郎", true),
    Case(.patientName, "かとう*", "Gatou^X==がとう^X", false),
    Case(.patientName, "παπαδοπουλοσ*", "Παπαδόπουλος^Νίκος", true),
    Case(.patientName, "иванов*", "Иванов^Пётр", true), Case(.patientName, "*петр", "Иванов^Пётр", true),
    Case(.patientName, "김*", "Kim^Hong=金^吉洞=김^길동", true), Case(.patientName, "احمد*", "أحمد^علي", true),
    Case(.studyDate, "20180323", "20180323", true), Case(.studyDate, "20180323", "2018.03.23", true),
    Case(.studyDate, "20180323-", "20180324", true), Case(.studyDate, "20180323-", "20180322", false),
    Case(.studyDate, "-20180323", "20180323", true), Case(.studyDate, "-20180323", "20180324", false),
    Case(.studyDate, "20180101-20181231", "20180323", true), Case(.studyDate, "20180101-20181231", "", false),
    Case(.studyDate, "20180101\\20190101", "20190101", true), Case(.studyDate, "2018*", "20180323", true),
    Case(.studyTime, "0800-1200", "120030.5", true), Case(.studyTime, "0800-1200", "120100", false),
    Case(.studyTime, "08-", "080000", true), Case(.studyTime, "1015", "101500.000000", true),
    Case(.studyInstanceUID, "1.2.3", "1.2.3", true), Case(.studyInstanceUID, "1.2.3\\1.2.4", "1.2.4", true),
    Case(.studyInstanceUID, "1.2", "1.2.3", false),
    Case(.seriesNumber, "1", "01", true), Case(.seriesNumber, "1", "10", false),
    Case(.operatorsName, "doe*", "Smith^A\\Doe^B", true),
    Case(.imageComments, "a\\b", "a\\b", true), Case(.imageComments, "a\\b", "a", false),
  ]

  @Test(arguments: cases) func matches(_ row: Case) {
    #expect(ValueMatcher(row.tag, row.key).matches(row.value) == row.matches)
  }

  /// A key and a value of VR DT, each with what its data set says of the time zone, in minutes.
  struct Moment: Sendable, CustomTestStringConvertible {
    let key: String
    let value: String
    let zones: (key: Int?, value: Int?)
    let matches: Bool
    init(_ key: String, _ value: String, _ matches: Bool) { self.init(key, value, (nil, nil), matches) }
    init(_ key: String, _ value: String, _ zones: (key: Int?, value: Int?), _ matches: Bool) {
      (self.key, self.value, self.zones, self.matches) = (key, value, zones, matches)
    }
    var testDescription: String {
      let said = [(key, zones.key), (value, zones.value)].map { text, zone in
        text + (zone.map { " at \($0)" } ?? "")
      }
      return said.joined(separator: " ~ ")
    }
  }

  static let moments: [Moment] = [
    Moment("20180323101500", "20180323101500.000000", true), Moment("20180323101500", "20180323101500.5", false),
    Moment("2018032310", "20180323100000", true), Moment("20180323", "20180323101500", false),
    Moment("20180323101500+0100", "20180323091500+0000", true),
    Moment("20180323101500+0100", "20180323041500-0500", true),
    Moment("20180323101500+0100", "20180323101500-0500", false),
    Moment("20180323003000+0100", "20180322233000+0000", true),
    Moment("20180101003000+0530", "20171231190000+0000", true),
    // Without an offset: what the data set says, else this machine's zone, for both the same.
    Moment("20180323101500+0100", "20180323091500", (nil, 0), true),
    Moment("20180323101500", "20180323091500", (60, 0), true),
    Moment("20180323101500", "20180323101500", (60, 0), false),
    Moment("20180323101500", "20180323101500+0100", (60, -300), true), Moment("2018", "2018", true),
    // From the first moment that is said through the last.
    Moment("20180323-20180324", "20180324235959.999999", true), Moment("20180323-20180324", "20180325", false),
    Moment("20180323-20180324", "20180322235959.999999", false), Moment("-2018", "20181231235959", true),
    Moment("-2018", "2019", false), Moment("2018-", "20180101", true), Moment("2018-", "2017", false),
    Moment("-201802", "20180228", true), Moment("-201802", "20180301", false),
    Moment("-20180323101500.5", "20180323101500.599", true), Moment("-20180323101500.5", "20180323101500.6", false),
    Moment("20180323+0100-20180323+0100", "20180322233000+0000", true),
    Moment("20180323+0100-20180323+0100", "20180323233000+0000", false),
    Moment("20180323-0500-20180324-0500", "20180325043000+0000", true),
    Moment("20180323-0500-20180324-0500", "20180323043000+0000", false),
    Moment("20180323-0500-", "20180323045959+0000", false), Moment("20180323-0500-", "20180323050000+0000", true),
    Moment("20180323-0500", "20180323050000+0000", true), Moment("20180323-0500", "20180324050000+0000", false),
    Moment("20180323-20180323", "20180323233000", (60, 0), false),
    Moment("20180323-20180323", "20180322233000", (60, 0), true),
    Moment("1955-1956", "19561231", true), Moment("201803*", "20180323101500+0100", true),
    Moment("2018\\2019", "20190101", true), Moment("20180323-", "", false), Moment("20180323-", "unknown", false),
    Moment("20180230-", "20180323", false),
  ]

  @Test("dates and times with their offsets from UTC are moments", arguments: moments) func isAt(_ row: Moment) {
    let matcher = ValueMatcher(.acquisitionDateTime, row.key, zone: row.zones.key)
    #expect(matcher.matches(row.value, zone: row.zones.value) == row.matches)
  }

  @Test(
    "patterns",
    arguments: [
      ("1.2.3", "1.2.3", true), ("1.2.3", "1.2.*", true), ("1.2.3", "*", true), ("1.2.3", "1.?.3", true),
      ("1.22.3", "1.?.3", false), ("1.2.3", "*.4", false), ("1.2.3.4", "1*3*4", true), ("", "*", true),
      ("", "?", false),
    ])
  func patterns(text: String, pattern: String, matches: Bool) {
    #expect(ValueMatcher.matches(text, pattern: pattern) == matches)
  }
}
