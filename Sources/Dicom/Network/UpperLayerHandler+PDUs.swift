import NIOCore

/// What becomes of the bytes that come: framed, given to the state machine, its actions carried out.
extension UpperLayerHandler {
  /// Takes all frames there are, unless told to pause amid them.
  func process() {
    guard !isProcessing else { return }
    isProcessing = true
    defer {
      isProcessing = false
      stream.releaseInput()
      if hasNewData {
        hasNewData = false
        noteActivity()
      }
    }
    do throws(PDUError) {
      while !isPaused, !isDeaf, let frame = try stream.next() { handle(frame) }
    } catch {
      if case .unknownType = error, machine.state == .sta5 || machine.state == .sta2 {
        fail(.notDicom(error.description), error.abortReason)
      } else {
        fail(.violation(error.description), error.abortReason)
      }
    }
  }

  private func handle(_ frame: PDUStream.Frame) {
    switch frame {
    case .pdu(let pdu, _):
      noteActivity()
      handle(pdu)
    case .dataPDU:
      hasNewData = true
      switch machine.handle(.dataReceived) {
      case .dt2, .ar6: break
      case .aa6: isDeaf = true
      case let action: unexpected(action, .data)
      }
    case .fragment(let fragment): handle(fragment)
    }
  }

  private func handle(_ fragment: PDUStream.Fragment) {
    guard machine.state == .sta6 || machine.state == .sta7 else { return }
    do throws(MessageError) {
      switch try assembler.add(fragment) {
      case .incomplete: break
      case .command(let command, let contextID):
        user?.received(command, contextID: contextID)
      case .data(let bytes, let isLast):
        user?.received(data: bytes, isLast: isLast)
      }
    } catch {
      fail(.violation(error.description), .unexpectedPDUParameter)
    }
  }

  private func handle(_ pdu: PDU) {
    switch pdu {
    case .associateRequest(let request):
      // Bit 0 is version 1; a requestor of other versions only cannot be served, PS3.8 §9.3.2.
      let isAcceptable = request.protocolVersion & 1 == 1
      switch machine.handle(.associateRequestReceived(acceptable: isAcceptable)) {
      case .ae6:
        stopArtim()
        if isAcceptable {
          user?.associateIndication(request)
        } else {
          send(.associateReject(.protocolVersionNotSupported))
          startArtim(settings.closingArtim)
          tell(.rejected(.protocolVersionNotSupported))
        }
      case let action: unexpected(action, pdu.type)
      }
    case .associateAccept(let accept):
      switch machine.handle(.associateAcceptReceived) {
      case .ae3: user?.associateConfirmation(accept)
      case let action: unexpected(action, pdu.type)
      }
    case .associateReject(let rejection):
      switch machine.handle(.associateRejectReceived) {
      case .ae4:
        tell(.rejected(rejection))
        close()
      case let action: unexpected(action, pdu.type)
      }
    case .releaseRequest:
      switch machine.handle(.releaseRequestReceived) {
      case .ar2, .ar8: user?.releaseIndication()
      case let action: unexpected(action, pdu.type)
      }
    case .releaseResponse:
      switch machine.handle(.releaseResponseReceived) {
      case .ar3:
        tell(.released)
        if closesWhenReleased || tls != nil { close() }
      // Release collision, acceptor's side: our own response is still due.
      case .ar10: user?.releaseIndication()
      case let action: unexpected(action, pdu.type)
      }
    case .abort(let abort):
      switch machine.handle(.abortReceived) {
      case .aa2: close()
      case .aa3:
        tell(.aborted(abort))
        close()
      default: break
      }
    case .data: break  // never framed as a whole
    }
  }

  /// The actions that all unexpected PDUs lead to.
  private func unexpected(_ action: AssociationStateMachine.Action?, _ type: PDUType) {
    switch action {
    case .aa1, .aa7, .aa8:
      send(.abort(action == .aa1 ? .user : .provider(.unexpectedPDU)))
      startArtim(settings.closingArtim)
      isDeaf = true
      tell(.violation("an \(type) came where none may come"))
    default: break
    }
  }

  /// The peer sent something invalid: Evt19.
  func fail(_ end: AssociationEnd, _ reason: Abort.ProviderReason) {
    let action = machine.handle(.invalidPDUReceived)
    isDeaf = true
    switch action {
    case .aa1: send(.abort(.user))
    case .aa7, .aa8: send(.abort(.provider(reason)))
    default: return
    }
    startArtim(settings.closingArtim)
    tell(end)
  }

  /// The user hears of the end once.
  func tell(_ end: AssociationEnd) {
    guard !hasTold else { return }
    hasTold = true
    tracer?.ended(end.description)
    user?.ended(end)
  }
}
