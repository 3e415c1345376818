import NIOCore

/// Puts the fragments of DIMSE messages together, PS3.8 Annex E and PS3.7 §6.3: a command set as a whole, its data set
/// as a stream of slices.
struct MessageAssembler {
  enum Part {
    /// More bytes are needed for anything to say.
    case incomplete
    /// A whole command set; when `hasDataSet`, data parts of the same context follow.
    case command(CommandSet, contextID: UInt8)
    /// Some bytes of the data set, `isLast` with the last of them.
    case data(ByteBuffer, isLast: Bool)
  }

  private enum State {
    case command(contextID: UInt8?)
    case dataSet(contextID: UInt8)
  }

  private var state: State = .command(contextID: nil)
  private var command = ByteBuffer()

  /// A message has begun and not ended.
  var isAmidMessage: Bool {
    if case .command(nil) = state { return false }
    return true
  }

  mutating func add(_ fragment: PDUStream.Fragment) throws(MessageError) -> Part {
    switch state {
    case .command(let contextID):
      guard fragment.isCommand else { throw .dataWithoutCommand(contextID: fragment.contextID) }
      if let contextID, contextID != fragment.contextID {
        throw .contextChanged(from: contextID, to: fragment.contextID)
      }
      guard command.readableBytes + fragment.bytes.readableBytes <= CommandSet.maximumLength else {
        throw .commandTooLong(command.readableBytes + fragment.bytes.readableBytes)
      }
      guard fragment.isLast else {
        command.writeImmutableBuffer(fragment.bytes)
        state = .command(contextID: fragment.contextID)
        return .incomplete
      }
      let set: CommandSet
      do throws(CommandSetError) {
        if command.readableBytes == 0 {
          set = try CommandSet(decoding: fragment.bytes)
        } else {
          command.writeImmutableBuffer(fragment.bytes)
          set = try CommandSet(decoding: command)
          command.clear()
        }
      } catch { throw .command(error) }
      state = set.hasDataSet ? .dataSet(contextID: fragment.contextID) : .command(contextID: nil)
      return .command(set, contextID: fragment.contextID)

    case .dataSet(let contextID):
      guard !fragment.isCommand else { throw .commandAmidData(contextID: fragment.contextID) }
      guard contextID == fragment.contextID else { throw .contextChanged(from: contextID, to: fragment.contextID) }
      if fragment.isLast { state = .command(contextID: nil) }
      return .data(fragment.bytes, isLast: fragment.isLast)
    }
  }
}

/// How fragments can fail to make a message.
public enum MessageError: Error, Hashable, Sendable, CustomStringConvertible {
  case dataWithoutCommand(contextID: UInt8)
  case commandAmidData(contextID: UInt8)
  case contextChanged(from: UInt8, to: UInt8)
  case commandTooLong(Int)
  case dataSetTooLong(limit: Int)
  case command(CommandSetError)
  case unknownContext(UInt8)

  public var description: String {
    switch self {
    case .dataWithoutCommand(let id): "data in presentation context \(id) without a command before it"
    case .commandAmidData(let id): "a command in presentation context \(id) amid the data set of another"
    case .contextChanged(let from, let to): "a message changed from presentation context \(from) to \(to)"
    case .commandTooLong(let length): "a command set of \(length) bytes; at most \(CommandSet.maximumLength) are taken"
    case .dataSetTooLong(let limit): "a data set of more than \(limit) bytes where a small one was expected"
    case .command(let error): error.description
    case .unknownContext(let id): "a message in presentation context \(id), which was not accepted"
    }
  }
}
