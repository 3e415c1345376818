import Dicom
import GRDB

/// What `counts.py` counts in `LocalIndex`: `insert STORAGE FILE...` puts so many instances into a new index, a hundred in a
/// transaction.
@main
enum IndexCounts {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 3, arguments[1] == "insert" else { return print("usage: insert STORAGE FILE...") }
    let folder = try StorageFolder(opening: arguments[2], options: StorageOptions())
    let index = try IndexDatabase.openIndex(folder, isForLookup: false).database
    let paths = Array(arguments[3...])
    for start in stride(from: 0, to: paths.count, by: 100) {
      try index.write { db in
        let update = IndexUpdate(db)
        for (number, path) in paths[start..<min(start + 100, paths.count)].enumerated() {
          let record = try InstanceHeader(DicomFile(path).dataSet).record(
            transferSyntaxUID: "1.2.840.10008.1.2.1", bytes: 4096, received: Double(1_700_000_000 + start + number),
            remoteAET: "STORESCU", calledAET: "FLUORO", version: 1)
          try update.add(record)
        }
        try update.finish()
      }
    }
    print(try index.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM instance") ?? 0 })
  }
}
