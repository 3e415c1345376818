import NIOCore

/// The beginning of a file: where its data set begins and how it is encoded.
struct FileStart {
  var metaInformation: FileMetaInformation?
  var transferSyntax: TransferSyntax
  var dataSetOffset: Int

  /// Nil when nothing looks like DICOM.
  init?(_ bytes: ByteBuffer, fileSize: Int) throws(DataSetReadError) {
    let prefixOffset = FileMetaInformation.preambleLength
    let hasPreamble = bytes.getString(at: prefixOffset, length: 4) == FileMetaInformation.prefix
    var start = hasPreamble ? prefixOffset + 4 : 0
    // A stray byte before a data set in Explicit VR Little Endian has been seen; group 0008 behind it is no accident.
    if !hasPreamble, Self.form(bytes, at: 0) == nil, Self.form(bytes, at: 1)?.isExplicitVR == true,
      bytes.getInteger(at: 1, endianness: .little, as: UInt16.self) == 0x0008
    {
      start = 1
    }
    guard let form = Self.form(bytes, at: start) else {
      // A preamble promises more than there is, except of an empty data set.
      guard hasPreamble, fileSize == start else { return nil }
      self.init(nil, .implicitVRLittleEndian, start)
      return
    }
    guard bytes.getInteger(at: start, endianness: .little, as: UInt16.self) == 0x0002 else {
      let syntax: TransferSyntax =
        form.isBigEndian ? .explicitVRBigEndian : form.isExplicitVR ? .explicitVRLittleEndian : .implicitVRLittleEndian
      self.init(nil, syntax, start)
      return
    }
    let (metaInformation, end) = try Self.readMetaInformation(bytes, at: start, form: form)
    var syntax = TransferSyntax.implicitVRLittleEndian
    if let uid = metaInformation.dataSet.uid(.transferSyntaxUID) {
      syntax = TransferSyntax(uid: uid)
    } else if let form = Self.form(bytes, at: end) {
      syntax = form.isBigEndian ? .explicitVRBigEndian : form.isExplicitVR ? .explicitVRLittleEndian : syntax
    }
    self.init(metaInformation, syntax, end)
  }

  private init(_ metaInformation: FileMetaInformation?, _ syntax: TransferSyntax, _ offset: Int) {
    (self.metaInformation, transferSyntax, dataSetOffset) = (metaInformation, syntax, offset)
  }

  /// How the element at an offset looks to be encoded: a tag of a low group, and two letters that are a VR or a
  /// plausible length.
  private static func form(_ bytes: ByteBuffer, at offset: Int) -> EncodingForm? {
    guard let group = bytes.getInteger(at: offset, endianness: .little, as: UInt16.self),
      let first = bytes.getInteger(at: offset + 4, as: UInt8.self),
      let second = bytes.getInteger(at: offset + 5, as: UInt8.self),
      let length = bytes.getInteger(at: offset + 4, endianness: .little, as: UInt32.self)
    else { return nil }
    if VR(first, second) != nil {
      return EncodingForm(isExplicitVR: true, isBigEndian: group.byteSwapped < group)
    }
    let fits = Int(length) <= 0xFFFF || length == .max
    return group <= 0x0100 && fits ? EncodingForm(isExplicitVR: false, isBigEndian: false) : nil
  }

  /// Group 0002 ends where another group begins; its group length is often wrong.
  private static func readMetaInformation(
    _ bytes: ByteBuffer, at start: Int, form: EncodingForm
  ) throws(DataSetReadError) -> (FileMetaInformation, end: Int) {
    var end = start
    while bytes.getInteger(at: end, endianness: .little, as: UInt16.self) == 0x0002 {
      guard let (headerLength, length) = elementLength(bytes, at: end, form: form) else {
        throw DataSetReadError(reason: .headerCutOff(available: bytes.writerIndex - end), offset: end, tag: nil)
      }
      let left = bytes.writerIndex - end - headerLength
      guard length <= left else {
        let element = bytes.getInteger(at: end + 2, endianness: .little, as: UInt16.self) ?? 0
        throw DataSetReadError(
          reason: .valueCutOff(length: length, available: left), offset: end, tag: Tag(0x0002, element))
      }
      end += headerLength + length
    }
    let slice = bytes.getSlice(at: start, length: end - start) ?? ByteBuffer()
    let (dataSet, problem) = DataSetReader.readTolerantly(
      slice, transferSyntax: form.isExplicitVR ? .explicitVRLittleEndian : .implicitVRLittleEndian)
    if let problem { throw problem }
    return (FileMetaInformation(dataSet: dataSet), end)
  }

  private static func elementLength(
    _ bytes: ByteBuffer, at offset: Int, form: EncodingForm
  ) -> (header: Int, value: Int)? {
    guard form.isExplicitVR else {
      return bytes.getInteger(at: offset + 4, endianness: .little, as: UInt32.self).map { (8, Int($0)) }
    }
    guard let first = bytes.getInteger(at: offset + 4, as: UInt8.self),
      let second = bytes.getInteger(at: offset + 5, as: UInt8.self)
    else { return nil }
    if let vr = VR(first, second), !vr.hasLongLength {
      return bytes.getInteger(at: offset + 6, endianness: .little, as: UInt16.self).map { (8, Int($0)) }
    }
    return bytes.getInteger(at: offset + 8, endianness: .little, as: UInt32.self).map { (12, Int($0)) }
  }
}
