import NIOCore

/// Whoever uses the upper layer's service (PS3.8 §7): the requestor's or the acceptor's side of an association.
/// Everything is called on the connection's event loop.
protocol UpperLayerUser: AnyObject {
  /// The connection is open, and is being secured by TLS.
  func securing()
  /// The transport connection is open, and secure where it is to be.
  func connected()
  /// A-ASSOCIATE indication: to be answered by `accept` or `reject`.
  func associateIndication(_ request: AssociateRequestPDU)
  /// A-ASSOCIATE confirmation (accept).
  func associateConfirmation(_ accept: AssociateAcceptPDU)
  /// P-DATA indication: a whole command set.
  func received(_ command: consuming CommandSet, contextID: UInt8)
  /// P-DATA indication: bytes of the data set that follows the last command set.
  func received(data: ByteBuffer, isLast: Bool)
  /// A-RELEASE indication: to be answered by `respondToRelease`.
  func releaseIndication()
  /// The association is over, for this reason; nothing else comes. Called once at most.
  func ended(_ end: AssociationEnd)
  /// The transport connection is closed. Always the last call.
  func disconnected()
  /// The peer gave a sign of life: a PDU, or a good part of one.
  func activity()
  /// More may be written now.
  func becameWritable()
  /// The peer is about to send more without a request of ours in between: acknowledge at once.
  var expectsMore: Bool { get }
}

extension UpperLayerUser {
  func securing() {}
  func connected() {}
  func associateIndication(_ request: AssociateRequestPDU) {}
  func associateConfirmation(_ accept: AssociateAcceptPDU) {}
}
