import Foundation

@testable import Dicom

/// pydicom, asked by running Python: what it reads is what our reader is compared with.
enum Pydicom {
  /// `FLUORO_PYTHON`, else the environment that `make` has set up.
  static var python: String {
    ProcessInfo.processInfo.environment["FLUORO_PYTHON"]
      ?? FileManager.default.currentDirectoryPath + "/.build/venv/bin/python"
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a script with arguments on the lines of its standard input; returns the lines it prints.
  static func run(_ script: String, _ arguments: [String] = [], input: [String] = []) throws -> [String] {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let scriptPath = folder.path + "/script.py"
    let inputPath = folder.path + "/input"
    let outputPath = folder.path + "/output"
    try script.write(toFile: scriptPath, atomically: false, encoding: .utf8)
    try input.joined(separator: "\n").write(toFile: inputPath, atomically: false, encoding: .utf8)
    try "".write(toFile: outputPath, atomically: false, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-W", "ignore", scriptPath] + arguments
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: inputPath))
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(python) ended with status \(process.terminationStatus)")
    }
    return try String(contentsOfFile: outputPath, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// Runs a command and gives its exit status; what it prints is dropped.
  static func status(of command: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// The test files inside the pydicom package, relative to ``dataFolder``.
  static func testFiles() throws -> [String] {
    let folder = try dataFolder()
    guard let all = FileManager.default.enumerator(atPath: folder) else { return [] }
    return all.compactMap { $0 as? String }.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: folder + "/" + name, isDirectory: &isFolder) && !isFolder.boolValue
        && ![".py", ".pyc", ".txt", ".json", ".zip", ".md"].contains { name.hasSuffix($0) }
    }.sorted()
  }

  static func dataFolder() throws -> String {
    try run("import os, pydicom.data; print(os.path.dirname(pydicom.data.__file__))").first ?? ""
  }
}
