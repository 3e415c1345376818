import Dicom

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The part of `datasets.py` that is written in Swift: it uses the library as a program outside would.
///
///   headers FOLDER COUNT   reads so many files up to their pixel data and decodes what an index wants of them
///   header FILE            reads one file's header a hundred times
@main
enum DataSetsBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments
    switch arguments.count > 2 ? arguments[1] : "" {
    case "headers": try headers(arguments[2], count: arguments.count > 3 ? Int(arguments[3]) ?? 0 : .max)
    case "header": try header(arguments[2])
    default:
      print("usage: headers FOLDER [COUNT] | header FILE")
      exit(2)
    }
  }

  private static func headers(_ folder: String, count: Int) throws {
    let paths = names(in: folder).sorted().prefix(count).map { folder + "/" + $0 }
    let clock = ContinuousClock()
    var elements = 0
    var characters = 0
    let time = try clock.measure {
      for path in paths {
        let dataSet = try DicomFile(path).dataSet
        elements += dataSet.count
        for tag: Tag in [
          .patientName, .patientID, .patientBirthDate, .patientSex, .studyInstanceUID, .studyDate, .studyTime,
          .studyDescription, .accessionNumber, .referringPhysicianName, .seriesInstanceUID, .modality,
          .seriesDescription, .seriesNumber, .sopInstanceUID, .sopClassUID, .instanceNumber,
        ] {
          characters += dataSet.string(tag)?.utf8.count ?? 0
        }
      }
    }
    print(paths.count, elements, characters, time / .seconds(1))
  }

  private static func header(_ path: String) throws {
    let before = bytesRead()
    let first = try DicomFile(path)
    let read = bytesRead() - before
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<100 {
      times.append(try clock.measure { _ = try DicomFile(path) } / .milliseconds(1))
    }
    print(first.dataSet.count, read, times.sorted()[50])
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(".dcm") { names.append(name) }
    }
    return names
  }

  /// What this process has read by system calls so far.
  private static func bytesRead() -> Int {
    guard let file = fopen("/proc/self/io", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Int(text.filter(\.isNumber)) ?? 0
  }
}
