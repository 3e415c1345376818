import Testing

@testable import Operations

@Suite("Dates as people type them")
struct DateInputTests {
  /// 2024-03-15 12:00 UTC
  private let noon = 1_710_504_000

  @Test(
    arguments: [
      ("", ""), ("today", "20240315"), ("yesterday", "20240314"), ("-7d", "20240308-"), ("2024-01-15", "20240115"),
      ("2024-2", "20240201-20240229"), ("2023", "20230101-20231231"), ("2024-01..2024-03", "20240101-20240331"),
      ("..2024", "-20241231"), ("-20240131", "-20240131"), ("20240101-", "20240101-"),
      ("20240101-20240131", "20240101-20240131"),
      ("2019-", "20190101-"), ("-2019", "-20191231"),
      ("2019-2020", "20190101-20201231"),
    ])
  func dateInput(text: String, range: String) { #expect(DateInput.range(text, today: noon) == range) }

  @Test(arguments: [
    "tomorow", "2024-13", "2024-02-30", "..", "12", "-", "2024-03..2024-01", "20240131-20240101", "20240230-",
    "+2024011", "٢٠٢٤",
  ])
  func noDate(text: String) { #expect(DateInput.range(text, today: noon) == nil) }

  @Test(
    "a key takes them too, and what DICOM itself writes as it is",
    arguments: [
      ("2024-06-11", "20240611"), ("Today", "20240315"), ("2024-01..2024-03", "20240101-20240331"), ("", ""),
      ("\"\"", "\"\""), ("2018*", "2018*"), ("2024????", "2024????"), ("20240101\\20240102", "20240101\\20240102"),
      ("2024-01-15\\yesterday", "20240115\\20240314"), ("2024.01.15", "2024.01.15"), ("-20240131", "-20240131"),
    ])
  func key(text: String, value: String) throws {
    #expect(try QueryKey(parsing: "StudyDate=\(text)", today: noon) == QueryKey(.studyDate, value))
  }

  @Test("of an attribute that is no date, the words stay words")
  func otherAttributes() throws {
    #expect(try QueryKey(parsing: "StudyDescription=today", today: noon).value == "today")
    #expect(try QueryKey(parsing: "00400002=today", today: noon).value == "20240315")
  }

  @Test("what is no date is named, with what is", arguments: ["lastweek", "2024-13", "11.06.2024", "20240101\\x"])
  func nonsense(text: String) {
    let error = #expect(throws: OperationError.self) { try QueryKey(parsing: "PatientBirthDate=\(text)", today: noon) }
    #expect(error?.description.contains("PatientBirthDate: \"\(text)\" is not a date") == true)
    #expect(error?.description.contains("2024-01..2024-03") == true)
  }
}
