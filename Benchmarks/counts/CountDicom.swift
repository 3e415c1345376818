import NIOCore

/// What `counts.py` counts in `Dicom`: `pdus COUNT` cuts so many small C-STORE requests out of the bytes of a connection,
/// `headers COUNT FILE...` reads so many headers, taking the files in turn, and decodes what an index wants of them.
@main
enum DicomCounts {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 2, let count = Int(arguments[2]) else {
      return print("usage: pdus COUNT | headers COUNT FILE...")
    }
    if arguments[1] == "pdus" { try pdus(count) } else { try headers(count, Array(arguments[3...])) }
  }

  /// Reads of 64 KB, each with fifteen messages and a half: a command of 120 bytes, a data set of 4 KB.
  private static func pdus(_ count: Int) throws {
    var message = ByteBuffer()
    for (control, length) in [(UInt8(3), 120), (2, 4096)] {
      message.writeBytes([4, 0])
      message.writeInteger(UInt32(length + 6))
      message.writeInteger(UInt32(length + 2))
      message.writeBytes([1, control])
      message.writeRepeatingByte(7, count: length)
    }
    var stream = PDUStream(maximumDataLength: 131072)
    var rest = count * message.readableBytes
    var at = 0
    var fragments = 0
    while rest > 0 {
      var read = ByteBuffer()
      read.reserveCapacity(65536)
      while read.readableBytes < min(65536, rest) {
        let length = min(message.readableBytes - at, min(65536, rest) - read.readableBytes)
        read.writeImmutableBuffer(message.getSlice(at: at, length: length) ?? ByteBuffer())
        at = (at + length) % message.readableBytes
      }
      rest -= read.readableBytes
      stream.append(read)
      while let frame = try stream.next() {
        if case .fragment(let fragment) = frame, fragment.isLast { fragments += 1 }
      }
      stream.releaseInput()
    }
    print(fragments / 2)
  }

  private static func headers(_ count: Int, _ paths: [String]) throws {
    var characters = 0
    for index in 0..<count {
      let dataSet = try DicomFile(paths[index % paths.count]).dataSet
      for tag: Tag in [
        .patientName, .patientID, .patientBirthDate, .patientSex, .studyInstanceUID, .studyDate, .studyTime,
        .studyDescription, .accessionNumber, .referringPhysicianName, .seriesInstanceUID, .modality,
        .seriesDescription, .seriesNumber, .sopInstanceUID, .sopClassUID, .instanceNumber,
      ] {
        characters += dataSet.string(tag)?.utf8.count ?? 0
      }
    }
    print(count, characters)
  }
}
