/// The rows of every service, PS3.7 Annex C, and what is known of a code by its class alone.
extension StatusBook {
  static let general: [Entry] = [
    Entry(0x0000, [], "Success", "PS3.7 §C.1.1"),
    Entry(
      0x0001, [], "Warning: requested optional attributes are not supported",
      "PS3.7 §C.4.1; PS3.4 §CC.2.6.4, §CC.2.7.4"),
    Entry(0x0105, [], "No such attribute", "PS3.7 §C.5.17"),
    Entry(0x0106, [], "Invalid attribute value", "PS3.7 §C.5.11"),
    Entry(0x0107, [], "Warning: attribute list error", "PS3.7 §C.4.2"),
    Entry(
      0x0110, [], "Processing failure", "PS3.7 §C.5.21", cause: "an error inside the peer",
      remedy: "its log says which; try again once"),
    Entry(
      0x0111, [], "Duplicate SOP instance", "PS3.7 §C.5.8", cause: "the peer already has an instance of this UID",
      remedy: "nothing, if it is the same instance; otherwise it needs a UID of its own"),
    Entry(0x0112, [], "No such SOP instance", "PS3.7 §C.5.19", cause: "the peer does not have it"),
    Entry(0x0113, [], "No such event type", "PS3.7 §C.5.18"),
    Entry(0x0114, [], "No such argument", "PS3.7 §C.5.16"),
    Entry(0x0115, [], "Invalid argument value", "PS3.7 §C.5.10"),
    Entry(0x0116, [], "Warning: attribute value out of range", "PS3.7 §C.4.3"),
    Entry(
      0x0117, [], "Invalid SOP instance", "PS3.7 §C.5.12", cause: "a UID that is not well formed",
      remedy: "look at the file's SOP Instance UID: digits and points, at most 64, no part with a leading zero"),
    Entry(0x0118, [], "No such SOP class", "PS3.7 §C.5.20"),
    Entry(0x0119, [], "Class-instance conflict", "PS3.7 §C.5.7"),
    Entry(0x0120, [], "Missing attribute", "PS3.7 §C.5.13", cause: "the request lacks something the peer needs"),
    Entry(0x0121, [], "Missing attribute value", "PS3.7 §C.5.14"),
    Entry(
      0x0122, [], "Refused: SOP class not supported", "PS3.7 §C.5.6",
      cause: "the peer does not provide this service for this kind of object",
      remedy: "its conformance statement lists what it takes; often it is a setting there"),
    Entry(0x0123, [], "No such action type", "PS3.7 §C.5.24"),
    Entry(
      0x0124, [], "Refused: not authorized", "PS3.7 §C.5.25",
      cause: "the peer knows us, if at all, without the right to do this",
      remedy: "have our AE title and address allowed there for this service"),
    Entry(0x0210, [], "Duplicate invocation", "PS3.7 §C.5.9", cause: "the message id is in use"),
    Entry(0x0211, [], "Unrecognized operation", "PS3.7 §C.5.23", cause: "the peer does not know this command"),
    Entry(0x0212, [], "Mistyped argument", "PS3.7 §C.5.15", cause: "the request lacks its data set or message id"),
    Entry(
      0x0213, [], "Resource limitation", "PS3.7 §C.5.22", cause: "the peer has too much to do",
      remedy: "try again later, with fewer requests at once"),
    Entry(0xFE00, [], "Cancelled", "PS3.7 §C.3.1"),
    Entry(0xFF00, [], "Pending", "PS3.7 §C.2.1"),
    Entry(0xFF01, [], "Pending, with a warning", "PS3.7 §C.2.1"),
  ]

  private static let ask = "its log or its conformance statement says what it means there"

  /// Where no row knows a code.
  static let classes: [Entry] = [
    Entry(0x0100...0x01FF, [], "Failure of the general class 01xx", "PS3.7 §C.5", remedy: ask),
    Entry(0x0200...0x02FF, [], "Failure of the general class 02xx", "PS3.7 §C.5", remedy: ask),
    Entry(
      0xA000...0xAFFF, [], "Failure: refused or in error, a code of the peer's own", "PS3.7 §C.5", remedy: ask),
    Entry(
      0xB000...0xBFFF, [], "Warning: done, with something to note, a code of the peer's own", "PS3.7 §C.4", remedy: ask),
    Entry(0xC000...0xCFFF, [], "Failure: unable to process, a code of the peer's own", "PS3.7 §C.5", remedy: ask),
  ]

  static let unknown = Entry(
    0...0xFFFF, [], "Failure: a code outside all classes of the standard", "PS3.7 §C", remedy: ask)
}
