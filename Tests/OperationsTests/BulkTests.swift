import Foundation
import Testing

@testable import Operations

@Suite("Many operations by the rows of a file")
struct BulkTests {
  @Test("a table: quotes, other separators, short rows, a mark of the byte order")
  func tables() throws {
    let table = try CSVTable(parsing: "\u{FEFF}AccessionNumber,Note\r\nA1,\"one, \"\"two\"\"\r\nthree\"\r\n\r\nA2\r\n")
    #expect(table.header == ["AccessionNumber", "Note"])
    #expect(table.rows == [["A1", "one, \"two\"\r\nthree"], ["A2", ""]])
    #expect(try CSVTable(parsing: "PatientID;Note\n7;a,b").rows == [["7", "a,b"]])
    #expect(throws: OperationError.self) { try CSVTable(parsing: "PatientID\n\"7") }
    #expect(throws: OperationError.self) { try CSVTable(parsing: "") }
    #expect(CSVTable.line(["a", "b,c", "d\"e"]) == "a,\"b,c\",\"d\"\"e\"")
  }

  @Test("rows are keys; a file without keywords, or a row without values, is refused")
  func rows() throws {
    let rows = try BulkRow.rows(of: CSVTable(parsing: "Department,AccessionNumber,PatientID\nXR, A1 ,\nCT,A2,7"))
    #expect(rows.map(\.words) == ["AccessionNumber=A1", "AccessionNumber=A2 PatientID=7"])
    let dated = try BulkRow.rows(of: CSVTable(parsing: "PatientID,StudyDate\n7,2024-06-11"))
    #expect(dated.first?.words == "PatientID=7 StudyDate=20240611")
    #expect(throws: OperationError.self) { try BulkRow.rows(of: CSVTable(parsing: "StudyDate\nlast week")) }
    #expect(throws: OperationError.self) { try BulkRow.rows(of: CSVTable(parsing: "One,Two\n1,2")) }
    #expect(throws: OperationError.self) { try BulkRow.rows(of: CSVTable(parsing: "PatientID,Note\n,x")) }
  }

  @Test("the pace: so many an hour, and only at night")
  func pace() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    func time(_ text: String) throws -> Date { try Date("2026-03-04T\(text):00Z", strategy: .iso8601) }
    var pace = BulkPace()
    #expect(pace.next(after: try time("12:00"), now: try time("12:00"), calendar) == (try time("12:00")))
    pace.perHour = BulkPace.perHour(parsing: "120/h")
    #expect(pace.next(after: try time("12:00"), now: try time("12:00"), calendar) == (try time("12:00")) + 30)
    #expect(pace.next(after: try time("12:00"), now: try time("12:05"), calendar) == (try time("12:05")))
    pace.window = BulkPace.window(parsing: "19:00-06:00")
    #expect(pace.next(after: nil, now: try time("12:00"), calendar) == (try time("19:00")))
    #expect(pace.next(after: nil, now: try time("23:00"), calendar) == (try time("23:00")))
    #expect(pace.next(after: nil, now: try time("05:59"), calendar) == (try time("05:59")))
    #expect(pace.next(after: nil, now: try time("06:00"), calendar) == (try time("19:00")))
    for bad in ["120", "/h", "0/h", "x/h", "1/y"] { #expect(BulkPace.perHour(parsing: bad) == nil) }
    for bad in ["19-6", "19:00", "25:00-01:00", "10:00-10:00"] { #expect(BulkPace.window(parsing: bad) == nil) }
  }

  @Test("results: what is done is left out the next time, what failed is not")
  func results() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/result.csv"
    let table = try CSVTable(parsing: "AccessionNumber,Note\nA1,x\n\"A,2\",y")
    let rows = try BulkRow.rows(of: table)
    do {
      let results = try BulkResults(path, header: table.header)
      try results.add(rows[0], BulkOutcome(.failed, "no answer"))
      try results.add(rows[1], BulkOutcome(.done, "3 instances", instances: 3))
    }
    let again = try BulkResults(path, header: table.header)
    #expect(!again.isDone(rows[0]) && again.isDone(rows[1]))
    try again.add(rows[0], BulkOutcome(.done, "", instances: 1))
    #expect(try BulkResults(path, header: table.header).isDone(rows[0]))
    #expect(throws: OperationError.self) { try BulkResults(path, header: ["PatientID"]) }
  }
}
