/// Why the bytes are not a data set, and where reading stopped.
public struct DataSetReadError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// The bytes end within an element's header.
    case headerCutOff(available: Int)
    /// A value is longer than what is left of the bytes or of the item or sequence around it.
    case valueCutOff(length: Int, available: Int)
    /// An undefined length without its delimiter.
    case delimiterMissing
    /// Something else than an item where only items can be.
    case notAnItem(found: Tag)
    /// An undefined length where the VR does not allow it.
    case undefinedLength(VR)
    /// More than 4 GB cannot be read into memory.
    case tooLarge(bytes: Int)
    /// The deflated bytes are damaged or cut off; the offset counts in them.
    case damagedDeflate
    /// The deflated bytes stand for more than is believed.
    case inflatesTooMuch(limit: Int)
  }

  public let reason: Reason
  /// In bytes from the start of the data set; in a ``DicomFile`` from the start of the file.
  public let offset: Int
  /// The element in which it happened.
  public let tag: Tag?

  /// The same problem in a data set that begins at an offset.
  func moved(by start: Int) -> DataSetReadError {
    DataSetReadError(reason: reason, offset: offset + start, tag: tag)
  }

  public var description: String {
    let place = tag.map { "element \($0) at byte \(offset)" } ?? "byte \(offset)"
    switch reason {
    case .headerCutOff(let available):
      return
        "The data set ends within an element's header at byte \(offset): \(available) bytes are left, "
        + "\(available < 8 ? 8 : 12) are needed."
    case .valueCutOff(let length, let available):
      return "The value of \(place) is \(length) bytes long, but only \(available) are left."
    case .delimiterMissing:
      return "The \(place) has an undefined length, and its delimiter is missing."
    case .notAnItem(let found):
      return "The sequence of \(place) holds \(found) where an item was expected."
    case .undefinedLength(let vr):
      return "The \(place) has an undefined length, which VR \(vr) does not allow."
    case .tooLarge(let bytes):
      return "The data set is \(bytes) bytes long; more than 4 GB cannot be read into memory at once."
    case .damagedDeflate:
      return "The deflated data set is damaged or cut off at its byte \(offset)."
    case .inflatesTooMuch(let limit):
      return "The deflated data set is longer than \(limit >> 20) MB."
    }
  }
}
