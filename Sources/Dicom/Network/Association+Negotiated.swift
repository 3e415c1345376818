/// What was agreed on beyond the presentation contexts: of what we proposed, what the peer answered.
extension Association {
  /// Our roles for a SOP class, PS3.7 §D.3.3.4: those we proposed and the peer agreed to; without an answer, or where we
  /// proposed none, we are SCU alone.
  public func role(for sopClass: UID) -> RoleSelection {
    guard let proposed = parameters.roleSelections.first(where: { $0.sopClassUID == sopClass }),
      let answered = peer.roleSelections.first(where: { $0.sopClassUID == sopClass })
    else { return RoleSelection(sopClassUID: sopClass, isSCU: true, isSCP: false) }
    return proposed.narrowed(to: answered)
  }

  /// What queries, or retrievals, of an information model can do here beyond the basics, PS3.4 §C.5.1.1.
  public func queryCapabilities(for model: UID) -> QueryCapabilities {
    guard let proposed = parameters.extendedNegotiations.first(where: { $0.sopClassUID == model }),
      let answered = peer.extendedNegotiations.first(where: { $0.sopClassUID == model })
    else { return [] }
    return QueryCapabilities(information: proposed.information).intersection(
      QueryCapabilities(information: answered.information))
  }

  /// How many operations may be outstanding, PS3.7 §D.3.3.3. One each way when it was not proposed or not answered.
  public var operationsWindow: AsynchronousOperationsWindow {
    guard let proposed = parameters.asynchronousOperationsWindow, let answered = peer.asynchronousOperationsWindow
    else { return .synchronous }
    return proposed.narrowed(to: answered)
  }
}
