import Dicom
import Foundation
import LocalIndex
import Testing

@testable import Operations

@Suite("The sample studies")
struct SampleStudiesTests {
  @Test("A dozen studies of eight people, every instance with an identity of its own")
  func identities() {
    var patients: Set<String> = []
    var studies: Set<String> = []
    var instances: [String] = []
    SampleStudies.each { instance in
      patients.insert(instance.dataSet.string(.patientID) ?? "")
      studies.insert(instance.dataSet.string(.studyInstanceUID) ?? "")
      instances.append(instance.metaInformation.mediaStorageSOPInstanceUID.rawValue)
      #expect(instance.metaInformation.mediaStorageSOPInstanceUID.isWellFormed)
    }
    #expect(patients.count == 8)
    #expect(studies.count == 12 && SampleStudies.count == 12)
    #expect(Set(instances).count == instances.count)
  }

  @Test("Names in every script come back from the file as they went in, and the pixels fill the picture")
  func namesAndPixels() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let expected = Dictionary(
      uniqueKeysWithValues: Set(SampleStudy.all.map(\.patient.id)).map { id in
        (id, SampleStudy.all.first { $0.patient.id == id }?.patient.name)
      })
    var number = 0
    try SampleStudies.each { instance in
      number += 1
      let path = folder.appendingPathComponent("\(number).dcm").path
      try DicomFile.write(instance.dataSet, meta: instance.metaInformation, to: path)
      let read = try DicomFile(path: path).dataSet
      let id = try #require(read.string(.patientID))
      #expect(read.string(.patientName) == expected[id])
      let rows = try #require(read.integer(.rows))
      let columns = try #require(read.integer(.columns))
      let size = rows * columns * (read.integer(.bitsAllocated) ?? 0) / 8
      #expect(read[.pixelData]?.length == size)
    }
  }

  @Test("Installed twice, they are there once")
  func install() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fluoro-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let index = try LocalIndex(storage: folder.path, options: StorageOptions(durability: .none))
    let count = try SampleStudies.install(into: index)
    #expect(try SampleStudies.install(into: index) == count)
    let statistics = try index.statistics()
    #expect(statistics.studies == 12 && statistics.instances == count)
    try index.close()
  }
}
