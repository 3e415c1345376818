import Foundation
import NIOCore
import Testing

@testable import Dicom

@Suite("The test files inside pydicom")
struct PydicomComparisonTests {
  private let folder: String
  private let files: [String]

  init() throws {
    folder = try Pydicom.dataFolder()
    files = try Pydicom.testFiles()
    #expect(files.count > 150)
  }

  @Test("give the same DICOM JSON as pydicom, but for the differences that are listed")
  func dicomJSON() throws {
    let answers = try Pydicom.run(Self.describe, input: files.map { folder + "/" + $0 })
    try #require(answers.count == files.count)
    var compared = 0
    for (name, answer) in zip(files, answers) {
      let theirs = try JSONDifference.object(answer)
      guard theirs["error"] == nil, KnownDifferences.notRead[name] == nil else { continue }
      let file = try DicomFile(path: folder + "/" + name, reading: .everything)
      let ours = try JSONDifference.object(file.dataSet.dicomJSON())
      let differences = JSONDifference.between(ours, theirs).filter {
        !KnownDifferences.explain($0, in: name, file.transferSyntax)
      }
      #expect(differences.isEmpty, "\(name)")
      compared += 1
    }
    #expect(compared >= 185)
  }

  @Test("are all read that dcmdump or pydicom without force reads")
  func readByOthers() throws {
    let script = """
      import sys, pydicom
      for line in sys.stdin:
          try:
              pydicom.dcmread(line.rstrip('\\n')).walk(lambda ds, e: None)
              print('read')
          except Exception:
              print('not')
      """
    let answers = try Pydicom.run(script, input: files.map { folder + "/" + $0 })
    for (name, answer) in zip(files, answers) {
      let path = folder + "/" + name
      let isReadByDcmdump = try Pydicom.status(of: "/usr/bin/env", ["dcmdump", "-q", path]) == 0
      guard answer == "read" || isReadByDcmdump else { continue }
      #expect(throws: Never.self, "\(name)") { try DicomFile(path) }
      if isReadByDcmdump, KnownDifferences.problems[name] == nil,
        let problem = try DicomFile(path, reading: .everything).problem
      {
        Issue.record("\(name) has a problem that dcmdump does not see: \(problem)")
      }
    }
  }

  @Test("with a stray byte before the data set are read from behind it")
  func strayByte() throws {
    let file = try DicomFile(folder + "/" + KnownDifferences.strayByte, reading: .everything)
    #expect(file.problem == nil)
    #expect(file.dataSetOffset == 1)
    #expect(file.dataSet.modality == "CT")
  }

  @Test("come back from our DICOM JSON as they were, and pydicom reads what is then written")
  func backFromJSON() throws {
    let temporary = try TemporaryFolder()
    defer { temporary.remove() }
    var written: [(name: String, path: String, json: String)] = []
    for name in files where KnownDifferences.notRead[name] == nil {
      let file = try DicomFile(folder + "/" + name, reading: .everything)
      let json = file.dataSet.dicomJSON()
      let back = try DataSet(dicomJSON: json)
      let differences = JSONDifference.between(
        try JSONDifference.object(back.dicomJSON()), try JSONDifference.object(json)
      ).filter { !KnownDifferences.explainBackFromJSON($0, in: name) }
      #expect(differences.isEmpty, "\(name)")
      guard back[.pixelData]?.fragments == nil, !back.isEmpty else { continue }
      let path = temporary.path + "/\(written.count).dcm"
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: back.uid(.sopClassUID) ?? .secondaryCaptureImageStorage,
        mediaStorageSOPInstanceUID: back.uid(.sopInstanceUID) ?? "1.2.3", transferSyntax: .explicitVRLittleEndian)
      try DicomFile.write(back, meta: meta, to: path)
      written.append((name, path, back.dicomJSON()))
    }
    let answers = try Pydicom.run(Self.describe, input: written.map(\.path))
    for (file, answer) in zip(written, answers) where !answer.hasPrefix("{\"error") {
      let differences = JSONDifference.between(
        try JSONDifference.object(file.json), try JSONDifference.object(answer)
      ).filter { !KnownDifferences.explain($0, in: file.name, .explicitVRLittleEndian) }
      #expect(differences.isEmpty, "\(file.name)")
    }
  }

  @Test("are refused in words where they are no data sets")
  func notRead() throws {
    for name in KnownDifferences.notRead.keys {
      do {
        let file = try DicomFile(path: folder + "/" + name, reading: .everything)
        #expect(file.problem != nil, "\(name)")
      } catch let error as DicomFileError {
        #expect(error.description.contains(name))
      }
    }
  }

  @Test("are written back byte for byte when nothing is changed")
  func unmodified() throws {
    for name in files where KnownDifferences.notRead[name] == nil {
      let file = try DicomFile(path: folder + "/" + name, reading: .everything)
      let written = try DataSetWriter.write(file.dataSet, transferSyntax: file.transferSyntax)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)).dropFirst(file.dataSetOffset)
      #expect(written.readableBytesView.elementsEqual(bytes), "\(name)")
    }
  }

  @Test("keep the bytes of every element that is not changed")
  func oneChange() throws {
    for name in files where KnownDifferences.notRead[name] == nil {
      // It holds (0008,0018) twice; a data set that is changed has each tag once.
      if name == "palettes/winter.dcm" { continue }
      let file = try DicomFile(path: folder + "/" + name, reading: .everything)
      // A changed data set is deflated anew, and group lengths are dropped.
      guard file.problem == nil, !file.transferSyntax.isDeflated, !file.dataSet.tags.contains(where: \.isGroupLength)
      else { continue }
      var changed = file.dataSet
      let tag = Tag(0x0009, 0x0010)
      guard !changed.contains(tag) else { continue }
      changed.set(tag, "FLUORO")
      #expect(changed.string(tag) == "FLUORO")
      changed.remove(tag)
      let before = try DataSetWriter.write(file.dataSet, transferSyntax: file.transferSyntax)
      let after = try DataSetWriter.write(changed, transferSyntax: file.transferSyntax)
      #expect(after == before, "\(name)")
    }
  }

  @Test("have the same elements whether the pixel data is read or left in the file")
  func headers() throws {
    for name in files where KnownDifferences.notRead[name] == nil {
      let header = try DicomFile(path: folder + "/" + name)
      let whole = try DicomFile(path: folder + "/" + name, reading: .everything)
      let pixelData = whole.dataSet.tags.first { $0.isPixelData }
      let expected = whole.dataSet.tags.filter { $0 <= pixelData ?? Tag(rawValue: .max) }
      #expect(header.dataSet.tags == expected, "\(name)")
      #expect((header.pixelData != nil) == (pixelData != nil && !whole.transferSyntax.isDeflated), "\(name)")
      if let length = header.pixelData?.length, whole.problem == nil {
        #expect(length == whole.dataSet[.pixelData]?.bytes?.readableBytes, "\(name)")
      }
    }
  }

  @Test(
    "converted to an uncompressed transfer syntax are the same data set to pydicom, and a data set to dcmdump",
    arguments: [
      TransferSyntax.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian,
    ])
  func conversion(_ syntax: TransferSyntax) throws {
    let temporary = try TemporaryFolder()
    defer { temporary.remove() }
    var pairs: [(name: String, path: String)] = []
    for name in files where KnownDifferences.notRead[name] == nil && name != KnownDifferences.strayByte {
      let file = try DicomFile(path: folder + "/" + name, reading: .everything)
      guard file.problem == nil, file.dataSet[.pixelData]?.fragments == nil else { continue }
      let meta = FileMetaInformation(
        mediaStorageSOPClassUID: file.dataSet.uid(.sopClassUID) ?? .secondaryCaptureImageStorage,
        mediaStorageSOPInstanceUID: file.dataSet.uid(.sopInstanceUID) ?? "1.2.3", transferSyntax: syntax.uid)
      let path = temporary.path + "/\(pairs.count).dcm"
      try DicomFile.write(file.dataSet, meta: meta, to: path)
      pairs.append((name, path))
    }
    #expect(pairs.count > 130)
    let answers = try Pydicom.run(Self.compare, input: pairs.map { "\(folder)/\($0.name)\t\($0.path)" })
    try #require(answers.count == pairs.count)
    for (pair, answer) in zip(pairs, answers) {
      let differences = try JSONDifference.strings(answer)
      #expect(differences.isEmpty, "\(pair.name)")
    }
    let refused = try pairs.filter { pair in
      try Pydicom.status(of: "/usr/bin/env", ["dcmdump", "-q", pair.path]) != 0
    }
    #expect(refused.map(\.name) == [])
  }

  @Test("converted from file to file are what they are when converted in memory")
  func fileConversion() throws {
    let temporary = try TemporaryFolder()
    defer { temporary.remove() }
    let target = temporary.path + "/converted.dcm"
    var converted = 0
    for name in files where KnownDifferences.notRead[name] == nil {
      let file = try DicomFile(folder + "/" + name, reading: .everything)
      let syntaxes: [TransferSyntax] = [.implicitVRLittleEndian, .explicitVRLittleEndian, .explicitVRBigEndian]
      for syntax in syntaxes where file.problem == nil && file.transferSyntax != syntax {
        let isCompressed = file.dataSet[.pixelData]?.fragments != nil
        do {
          try DicomFile.convert(file.path, to: target, transferSyntax: syntax)
          let read = try DicomFile(target, reading: .everything)
          #expect(read.transferSyntax == syntax)
          let expected = try DataSetWriter.write(file.dataSet, transferSyntax: syntax)
          #expect(try DataSetWriter.write(read.dataSet, transferSyntax: syntax) == expected, "\(name) \(syntax.name)")
          converted += 1
        } catch let error as DataSetWriteError {
          #expect(isCompressed && error == .encapsulatedPixelData(syntax), "\(name)")
        }
      }
    }
    #expect(converted > 250)
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path) == ["converted.dcm"])
  }

  @Test("have the frames that pydicom finds, read all at once or one by one")
  func frames() throws {
    let names = files.filter { KnownDifferences.notRead[$0] == nil }
    let answers = try Pydicom.run(Self.frames, input: names.map { folder + "/" + $0 })
    var compared = 0
    for (name, answer) in zip(names, answers) where answer != "null" {
      let whole = try DicomFile(folder + "/" + name, reading: .everything)
      guard whole.problem == nil, let frames = try? whole.dataSet.frames() else { continue }
      #expect(sums(frames) == answer, "\(name)")
      let header = try DicomFile(folder + "/" + name)
      #expect(try frames.indices.map { try header.frame($0) } == frames, "\(name)")
      #expect(throws: FrameError.self) { try header.frame(frames.count) }
      compared += 1
    }
    #expect(compared > 60)
  }

  private func sums(_ frames: [[ByteBuffer]]) -> String {
    let sums = frames.map { frame in
      frame.reduce(0) { $1.readableBytesView.reduce($0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF } }
    }
    return "[" + sums.map { "\($0)" }.joined(separator: ", ") + "]"
  }

  private static let frames = """
    import json, sys, pydicom
    from pydicom.encaps import generate_frames
    def checksum(data):
        total = 0
        for byte in data:
            total = (total * 31 + byte) & 0xFFFFFFFF
        return total
    for line in sys.stdin:
        try:
            ds = pydicom.dcmread(line.rstrip('\\n'), force=True)
            count = int(ds.get('NumberOfFrames') or 1)
            if ds.file_meta.TransferSyntaxUID.is_compressed and not ds.file_meta.TransferSyntaxUID.is_deflated:
                tables = (ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths) if 'ExtendedOffsetTable' in ds else None
                frames = list(generate_frames(ds.PixelData, number_of_frames=count, extended_offsets=tables))
            else:
                bits = ds.Rows * ds.Columns * ds.BitsAllocated
                bits *= 2 if ds.PhotometricInterpretation == 'YBR_FULL_422' else ds.SamplesPerPixel
                length = (bits + 7) // 8
                frames = [ds.PixelData[i * length:(i + 1) * length] for i in range(count)]
            print(json.dumps([checksum(f) for f in frames]))
        except Exception:
            print('null')
    """

  private static let describe = """
    import json, math, sys, pydicom
    def plain(value):
        if isinstance(value, float) and not math.isfinite(value):
            return 'NaN' if math.isnan(value) else ('Infinity' if value > 0 else '-Infinity')
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [plain(v) for v in value]
        return value
    for line in sys.stdin:
        try:
            ds = pydicom.dcmread(line.rstrip('\\n'), force=True)
            print(json.dumps(plain(ds.to_json_dict())))
        except Exception as e:
            print(json.dumps({'error': repr(e)}))
    """

  /// Compares two files element by element and prints a list of what differs.
  private static let compare = """
    import json, sys, pydicom, pydicom.config
    from pydicom.dataelem import DataElement
    def swapped(data, unit):
        return b''.join(data[i:i + unit][::-1] for i in range(0, len(data), unit))
    def differences(a, b, path=''):
        found = []
        little_a, little_b = a.original_encoding[1], b.original_encoding[1]
        tags = lambda ds: {t for t in ds.keys() if t.element != 0}
        for tag in sorted(tags(a) | tags(b)):
            place = path + '/' + str(tag)
            if tag not in a or tag not in b:
                found.append(place + (' lost' if tag in a else ' appeared'))
                continue
            x, y = a[tag], b[tag]
            if x.VR == 'SQ' and y.VR == 'SQ':
                if len(x.value) != len(y.value):
                    found.append(place + ' items')
                for i, (m, n) in enumerate(zip(x.value, y.value)):
                    found += differences(m, n, place + '[' + str(i) + ']')
            else:
                v, w = x.value, y.value
                unit = {'OW': 2, 'OF': 4, 'OL': 4, 'OD': 8, 'OV': 8}.get(x.VR, 1)
                if isinstance(v, bytes) and isinstance(w, bytes):
                    if not little_a: v = swapped(v, unit)
                    if not little_b: w = swapped(w, unit)
                    if len(w) == len(v) + 1: w = w[:-1]
                if x.VR != y.VR and b.original_encoding[0]:
                    pass  # Implicit VR tells no VR: pydicom takes its dictionary's
                elif x.VR != y.VR:
                    found.append(place + ' VR ' + x.VR + ' ' + y.VR)
                elif v != w and repr(v) != repr(w):
                    found.append(place + ' ' + repr(v)[:60] + ' ' + repr(w)[:60])
        return found
    for line in sys.stdin:
        a, b = line.rstrip('\\n').split('\\t')
        try:
            print(json.dumps(differences(pydicom.dcmread(a, force=True), pydicom.dcmread(b))))
        except Exception as e:
            print(json.dumps([repr(e)]))
    """
}
