import NIOCore

extension DicomFile {
  /// Writes a file again in another transfer syntax. Uncompressed pixel data goes from file to file without passing
  /// through memory as a whole, so that a large file takes little more than copying it.
  ///
  /// The target appears when it is complete; an existing file is replaced, and may be the source itself. A damaged file
  /// is not converted, not even one with bytes behind its data set that make no sense: nothing is dropped unsaid.
  ///
  /// - Parameters:
  ///   - source: the path of the file to read.
  ///   - target: the path of the file to write.
  ///   - transferSyntax: one of the uncompressed ones, the deflated one, or the one that the file has.
  /// - Throws: ``DicomFileError``, ``DataSetWriteError``.
  public static func convert(_ source: String, to target: String, transferSyntax: TransferSyntax) throws {
    let header = try DicomFile(source)
    if let problem = header.problem { throw DicomFileError(path: source, reason: .dataSet(problem)) }
    if let pixelData = header.pixelData, let length = pixelData.length, !transferSyntax.isEncapsulated,
      !transferSyntax.isDeflated, length % 2 == 0
    {
      try header.convert(to: target, transferSyntax, from: pixelData.offset, length: length)
      return
    }
    let file = try DicomFile(source, reading: .everything)
    if let problem = file.problem { throw DicomFileError(path: source, reason: .dataSet(problem)) }
    let isSame = transferSyntax == file.transferSyntax
    if transferSyntax.isEncapsulated, !isSame || file.dataSet[.pixelData]?.fragments == nil {
      throw DataSetWriteError.uncompressedPixelData(transferSyntax)
    }
    let encoded = try DataSetWriter.write(file.dataSet, transferSyntax: transferSyntax)
    try FileOutput.replace(target) { output in
      try output.write(file.metaInformation(for: transferSyntax).encoded())
      try output.write(encoded)
    }
  }

  private func convert(to target: String, _ syntax: TransferSyntax, from offset: Int, length: Int) throws {
    let input = try FileBytes(path: path)
    defer { input.close() }
    guard let element = dataSet.elements.last else { return }
    let form = EncodingForm(syntax)
    var encoder = DataSetEncoder(form: form)
    var head = dataSet
    head.remove(element.tag)
    encoder.encode(head)
    encoder.encodeHeader(element.tag, element.vr, length: length)
    let mustSwap = element.isBigEndian != form.isBigEndian
    let unit = mustSwap ? element.vr.unitSize : 1
    let (behind, _, problem) = try elementsBehindPixelData()
    if let problem { throw DicomFileError(path: path, reason: .dataSet(problem)) }
    let rest = try DataSetWriter.write(behind, transferSyntax: syntax)
    let meta = metaInformation(for: syntax).encoded()
    let encoded = encoder.output
    try FileOutput.replace(target) { output in
      try output.write(meta)
      try output.write(encoded)
      try output.copy(from: input, at: offset, count: length, swapping: unit)
      try output.write(rest)
    }
  }

  /// The meta information of this file for another transfer syntax, made up from the data set where there is none.
  private func metaInformation(for syntax: TransferSyntax) -> FileMetaInformation {
    guard var meta = metaInformation else {
      return FileMetaInformation(
        mediaStorageSOPClassUID: dataSet.uid(.sopClassUID) ?? "",
        mediaStorageSOPInstanceUID: dataSet.uid(.sopInstanceUID) ?? "", transferSyntax: syntax.uid)
    }
    meta.transferSyntax = syntax.uid
    return meta
  }
}
