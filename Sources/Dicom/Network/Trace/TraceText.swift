import NIOCore

/// Makes lines of trace events, in the words of PS3.8 and PS3.7.
public struct TraceText: Sendable {
  /// The values of all data elements, patients' too. Without it only UIDs are shown, and what describes a query or an
  /// image and no patient.
  public var showsValues: Bool
  private let clock = WallClock()

  public init(showsValues: Bool = false) { self.showsValues = showsValues }

  /// A line, and indented behind it what it holds; none for bytes. All is safe to print.
  public func lines(_ event: TraceEvent) -> [String] {
    guard let (summary, details) = words(event.content, event.direction) else { return [] }
    let arrow = event.direction == .sent ? "->" : "<-"
    return ["\(clock.text(event.time)) #\(event.connection) \(arrow) \(event.peer) \(VisibleText.of(summary))"]
      + details.map { "    " + VisibleText.of($0) }
  }

  private func words(
    _ content: TraceEvent.Content, _ direction: TraceEvent.Direction
  ) -> (String, [String])? {
    switch content {
    case .opened(let local, _):
      let ours = local.map(ConnectionTracer.words) ?? "?"
      return (direction == .sent ? "connection made from \(ours)" : "connection taken at \(ours)", [])
    case .secured(let tls): return ("secured by \(tls)", [])
    case .pdu(let pdu): return (Self.summary(pdu), details(pdu))
    case .bytes: return nil
    case .ended(let words): return ("the association ended: \(words)", [])
    case .closed: return ("connection closed", [])
    }
  }

  // MARK: One line

  /// `P-DATA-TF, 126 bytes: context 1 C-ECHO-RQ, message 1, Verification SOP Class`; names no patient.
  public static func summary(_ pdu: TracedPDU) -> String {
    let size = "\(pdu.type), \(pdu.size) bytes"
    switch pdu.content {
    case .data(let values): return "\(size): " + values.map(summary).joined(separator: "; ")
    case .control(let pdu):
      switch pdu {
      case .associateRequest(let request):
        return "\(size): \(request.callingAETitle) calls \(request.calledAETitle), "
          + Self.contexts(request.presentationContexts.count)
      case .associateAccept(let accept):
        return "\(size): \(accept.presentationContexts.count { $0.result == .acceptance }) of "
          + Self.contexts(accept.presentationContexts.count) + " accepted"
      case .associateReject(let rejection): return "\(size): \(rejection)"
      case .abort(let abort): return "\(size): \(abort)"
      case .data, .releaseRequest, .releaseResponse: return size
      }
    }
  }

  private static func summary(_ value: TracedValue) -> String {
    let context = "context \(value.contextID)"
    guard value.isCommand else {
      return "\(context) data set, \(value.length) bytes\(value.isLast ? ", last fragment" : "")"
    }
    guard let bytes = value.command else { return "\(context) command, \(value.length) bytes, more follow" }
    guard let command = try? CommandSet(decoding: bytes) else { return "\(context) command that cannot be read" }
    var parts = [command.field?.description ?? "command \(hexadecimal(command.commandField))"]
    if let id = command.messageID { parts.append("message \(id)") }
    if let id = command.messageIDBeingRespondedTo { parts.append("to message \(id)") }
    if let status = command.responseStatus { parts.append(status.description) }
    if let uid = command.affectedSOPClassUID ?? command.requestedSOPClassUID { parts.append(uid.name ?? uid.rawValue) }
    return "\(context) " + parts.joined(separator: ", ")
  }

  private static func contexts(_ count: Int) -> String {
    count == 1 ? "1 presentation context" : "\(count) presentation contexts"
  }

  // MARK: What it holds

  private func details(_ pdu: TracedPDU) -> [String] {
    switch pdu.content {
    case .control(.associateRequest(let request)):
      request.presentationContexts.map { context in
        "presentation context \(context.id): \(Self.name(context.abstractSyntax)) in "
          + context.transferSyntaxes.map(Self.name).joined(separator: ", ")
      } + Self.lines(request.userInformation)
    case .control(.associateAccept(let accept)):
      accept.presentationContexts.map { context in
        "presentation context \(context.id): \(context.result)"
          + (context.result == .acceptance ? " in \(Self.name(context.transferSyntax))" : "")
      } + Self.lines(accept.userInformation)
    case .control: []
    case .data(let values): values.flatMap(lines)
    }
  }

  private static func name(_ uid: UID) -> String { uid.name.map { "\($0) (\(uid.rawValue))" } ?? uid.rawValue }

  private static func lines(_ information: UserInformation) -> [String] {
    var lines: [String] = []
    if let length = information.maximumPDULength {
      lines.append("maximum length: \(length == 0 ? "no limit" : "\(length)")")
    }
    if let uid = information.implementationClassUID {
      lines.append("implementation: \(uid) \(information.implementationVersionName ?? "")")
    }
    if let window = information.asynchronousOperationsWindow {
      lines.append("asynchronous operations: \(window.invoked) invoked, \(window.performed) performed")
    }
    for role in information.roleSelections {
      let roles = [role.isSCU ? "SCU" : nil, role.isSCP ? "SCP" : nil].compactMap { $0 }.joined(separator: " and ")
      lines.append("role: \(name(role.sopClassUID)) as \(roles.isEmpty ? "neither" : roles)")
    }
    for negotiation in information.extendedNegotiations {
      let bytes = negotiation.information.map { hexadecimal($0).dropFirst(2) }.joined(separator: " ")
      lines.append("extended negotiation: \(name(negotiation.sopClassUID)) \(bytes)")
    }
    for negotiation in information.commonExtendedNegotiations {
      lines.append(
        "common extended negotiation: \(name(negotiation.sopClassUID)) of \(name(negotiation.serviceClassUID))")
    }
    if let identity = information.userIdentity { lines.append("user identity: \(identity)") }
    if let response = information.userIdentityResponse {
      lines.append("user identity accepted, response of \(response.count) bytes")
    }
    for item in information.otherItems {
      lines.append("item \(hexadecimal(item.type)), \(item.bytes.count) bytes")
    }
    return lines
  }

  /// The elements of a command set, or those at the beginning of a data set.
  private func lines(_ value: TracedValue) -> [String] {
    if let command = value.command {
      return elements(command, .implicitVRLittleEndian, isCommand: true, isWhole: true)
    }
    guard let beginning = value.beginning, let syntax = value.transferSyntax else { return [] }
    return elements(
      beginning, TransferSyntax(uid: syntax), isCommand: false,
      isWhole: value.isLast && beginning.readableBytes == value.length)
  }

  private func elements(
    _ bytes: ByteBuffer, _ syntax: TransferSyntax, isCommand: Bool, isWhole: Bool
  ) -> [String] {
    let (dataSet, problem) = DataSetReader.readTolerantly(bytes, transferSyntax: syntax)
    var parts = Dump.lines(dataSet)
    // An element that is cut off here goes on in what was not kept.
    if !isWhole, let problem, parts.last?.tag == problem.tag { parts.removeLast() }
    let lines = parts.map { line in
      var text = String(repeating: "  ", count: min(line.depth, 40)) + "\(line.tag) \(line.vr?.code ?? "--") "
      text += (line.length.map(String.init) ?? "u/l") + " " + line.name
      guard showsValues || isCommand || Self.isHarmless(line), !line.value.isEmpty else { return text }
      return text + " " + (Self.codes.contains(line.tag) ? UInt16(line.value).map(hexadecimal) ?? "" : line.value)
    }
    if isWhole { return lines + (problem.map { ["\($0)"] } ?? []) }
    return lines + ["and more\(problem?.tag.map { ", from \($0) on" } ?? ""), not decoded"]
  }

  private static func isHarmless(_ line: Dump.Line) -> Bool { line.vr == .UI || harmless.contains(line.tag) }

  /// Numbers of a command that the standard writes in hexadecimal.
  private static let codes: Set<Tag> = [Tag(0x0000, 0x0100), Tag(0x0000, 0x0800), Tag(0x0000, 0x0900)]

  /// They say how something is asked for or encoded, and on what machine it was made.
  private static let harmless: Set<Tag> = [
    .specificCharacterSet, .queryRetrieveLevel, .retrieveAETitle, .instanceAvailability, .modality, .modalitiesInStudy,
    .imageType, .manufacturer, .manufacturerModelName, .softwareVersions, .numberOfStudyRelatedSeries,
    .numberOfStudyRelatedInstances, .numberOfSeriesRelatedInstances, .numberOfPatientRelatedStudies, .samplesPerPixel,
    .photometricInterpretation, .planarConfiguration, .numberOfFrames, .rows, .columns, .bitsAllocated, .bitsStored,
    .highBit, .pixelRepresentation, .seriesNumber, .instanceNumber, .lossyImageCompression,
  ]
}

/// Writes events as text.
public struct TextTrace: TraceObserver {
  private let text: TraceText
  private let write: @Sendable (String) -> Void

  /// `write` is called with the lines of an event, each with its end, on event loops.
  public init(showsValues: Bool = false, _ write: @escaping @Sendable (String) -> Void) {
    text = TraceText(showsValues: showsValues)
    self.write = write
  }

  public func observe(_ event: TraceEvent) {
    let lines = text.lines(event)
    if !lines.isEmpty { write(lines.joined(separator: "\n") + "\n") }
  }
}
