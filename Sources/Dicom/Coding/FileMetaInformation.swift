import NIOCore

/// The File Meta Information (PS3.10 §7.1): what a file says about the data set in it.
public struct FileMetaInformation: Sendable {
  /// The elements of group 0002.
  public private(set) var dataSet: DataSet

  public init(
    mediaStorageSOPClassUID: UID, mediaStorageSOPInstanceUID: UID, transferSyntax: UID, sourceAETitle: String? = nil,
    sendingAETitle: String? = nil, receivingAETitle: String? = nil
  ) {
    dataSet = DataSet()
    self.mediaStorageSOPClassUID = mediaStorageSOPClassUID
    self.mediaStorageSOPInstanceUID = mediaStorageSOPInstanceUID
    self.transferSyntax = transferSyntax
    self.sourceAETitle = sourceAETitle
    self.sendingAETitle = sendingAETitle
    self.receivingAETitle = receivingAETitle
  }

  /// What was read from a file.
  init(dataSet: DataSet) { self.dataSet = dataSet }

  public var mediaStorageSOPClassUID: UID {
    get { dataSet.uid(.mediaStorageSOPClassUID) ?? "" }
    set { dataSet.set(.mediaStorageSOPClassUID, newValue) }
  }
  public var mediaStorageSOPInstanceUID: UID {
    get { dataSet.uid(.mediaStorageSOPInstanceUID) ?? "" }
    set { dataSet.set(.mediaStorageSOPInstanceUID, newValue) }
  }
  public var transferSyntax: UID {
    get { dataSet.uid(.transferSyntaxUID) ?? .implicitVRLittleEndian }
    set { dataSet.set(.transferSyntaxUID, newValue) }
  }
  public var implementationClassUID: UID? { dataSet.uid(.implementationClassUID) }
  public var implementationVersionName: String? { dataSet.string(.implementationVersionName) }
  /// (0002,0016): who wrote the file.
  public var sourceAETitle: String? {
    get { dataSet.string(.sourceApplicationEntityTitle) }
    set { set(.sourceApplicationEntityTitle, newValue) }
  }
  /// (0002,0017): who sent the instance.
  public var sendingAETitle: String? {
    get { dataSet.string(.sendingApplicationEntityTitle) }
    set { set(.sendingApplicationEntityTitle, newValue) }
  }
  /// (0002,0018): who received the instance.
  public var receivingAETitle: String? {
    get { dataSet.string(.receivingApplicationEntityTitle) }
    set { set(.receivingApplicationEntityTitle, newValue) }
  }

  private mutating func set(_ tag: Tag, _ title: String?) {
    if let title { dataSet.set(tag, title) } else { dataSet.remove(tag) }
  }

  /// The beginning of a file: 128 bytes of preamble, `DICM`, and group 0002 with our implementation's name.
  public func encoded() -> ByteBuffer {
    var elements = dataSet
    elements.remove(.fileMetaInformationGroupLength)
    elements.set(.fileMetaInformationVersion, vr: .OB, bytes: ByteBuffer(bytes: [0, 1]))
    elements.set(.implementationClassUID, Implementation.classUID)
    elements.set(.implementationVersionName, Implementation.versionName)
    var encoder = DataSetEncoder(form: EncodingForm(.explicitVRLittleEndian))
    encoder.encode(elements)
    let group = encoder.output

    var file = ByteBuffer()
    file.reserveCapacity(144 + group.readableBytes)
    file.writeRepeatingByte(0, count: Self.preambleLength)
    file.writeString(Self.prefix)
    file.writeMultipleIntegers(UInt16(0x0002), UInt16(0x0000), endianness: .little)
    file.writeString("UL")
    file.writeMultipleIntegers(UInt16(4), UInt32(group.readableBytes), endianness: .little)
    file.writeImmutableBuffer(group)
    return file
  }

  static let preambleLength = 128
  static let prefix = "DICM"
}
