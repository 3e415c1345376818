import NIOCore

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that is being written.
struct FileOutput {
  let path: String
  let descriptor: Int32

  /// Writes a file beside its place and puts it there when it is complete.
  static func replace(_ path: String, _ body: (FileOutput) throws -> Void) throws {
    let partial = "\(path).\(getpid()).partial"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileBytes.error("open", path) }
    do {
      do {
        try body(FileOutput(path: path, descriptor: descriptor))
      } catch {
        _ = FileBytes.closeDescriptor(descriptor)
        throw error
      }
      guard FileBytes.closeDescriptor(descriptor) == 0 else { throw FileBytes.error("close", path) }
      guard rename(partial, path) == 0 else { throw FileBytes.error("rename", path) }
    } catch {
      unlink(partial)
      throw error
    }
  }

  func write(_ bytes: ByteBuffer) throws(DicomFileError) {
    if let failure = bytes.withUnsafeReadableBytes(write) { throw failure }
  }

  private func write(_ source: UnsafeRawBufferPointer) -> DicomFileError? {
    var written = 0
    while written < source.count {
      let start = source.baseAddress.map { $0 + written }
      #if canImport(Glibc)
        let count = Glibc.write(descriptor, start, source.count - written)
      #else
        let count = Darwin.write(descriptor, start, source.count - written)
      #endif
      if count >= 0 { written += count } else if errno != EINTR { return FileBytes.error("write", path) }
    }
    return nil
  }

  /// Copies a part of another file, with the bytes of each unit of a size in reverse order.
  func copy(from input: FileBytes, at offset: Int, count: Int, swapping unit: Int) throws(DicomFileError) {
    // Small enough to stay in the processor's cache, and one for all pieces: fresh memory costs more than copying.
    let piece = 256 * 1024
    let failure = withUnsafeTemporaryAllocation(byteCount: piece, alignment: 8) { buffer -> DicomFileError? in
      var position = offset
      while position < offset + count {
        var filled = 0
        let wanted = min(piece, offset + count - position)
        while filled < wanted {
          let start = buffer.baseAddress.map { $0 + filled }
          let got = pread(input.descriptor, start, wanted - filled, off_t(position + filled))
          if got == 0 {
            let reason = DataSetReadError.Reason.valueCutOff(length: count, available: position + filled - offset)
            let error = DataSetReadError(reason: reason, offset: offset, tag: .pixelData)
            return DicomFileError(path: input.path, reason: .dataSet(error))
          }
          if got > 0 { filled += got } else if errno != EINTR { return FileBytes.error("read", input.path) }
        }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<filled])
        bytes.swapUnits(of: unit)
        if let failure = write(UnsafeRawBufferPointer(bytes)) { return failure }
        position += filled
      }
      return nil
    }
    if let failure { throw failure }
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Reverses the bytes of each unit of a size; what is left over at the end stays.
  func swapUnits(of size: Int) {
    switch size {
    case 2: swap(UInt16.self)
    case 4: swap(UInt32.self)
    case 8: swap(UInt64.self)
    default: break
    }
  }

  private func swap<Unit: FixedWidthInteger>(_ type: Unit.Type) {
    let size = MemoryLayout<Unit>.size
    for offset in stride(from: 0, through: count - size, by: size) {
      let value = loadUnaligned(fromByteOffset: offset, as: type)
      storeBytes(of: value.byteSwapped, toByteOffset: offset, as: type)
    }
  }
}
