/// The rows for the services that fluoro speaks.
extension StatusBook {
  static let storage: [Entry] = [
    Entry(
      0xA700...0xA7FF, [.storage], "Refused: out of resources", "PS3.4 §B.2.3",
      cause: "the receiver's disk, quota or database is full, or it takes no more at the moment",
      remedy: "free space at the receiver, then send again"),
    Entry(
      0xA900...0xA9FF, [.storage], "Error: data set does not match SOP class", "PS3.4 §B.2.3",
      cause: "a required identifier is missing or the SOP class in the file is not the one announced",
      remedy: "look at the file with fluoro dump: Patient ID, the three instance UIDs and SOP Class UID must be there"),
    Entry(
      0xB000, [.storage], "Warning: coercion of data elements", "PS3.4 §B.2.3", cause: "stored, with values changed",
      remedy: "if the values matter, compare what the receiver holds with what was sent"),
    Entry(
      0xB006, [.storage], "Warning: elements discarded", "PS3.4 §B.2.3", cause: "stored, with elements left out",
      remedy: "often private elements: the receiver's configuration says which it keeps"),
    Entry(
      0xB007, [.storage], "Warning: data set does not match SOP class", "PS3.4 §B.2.3", cause: "stored all the same"),
    Entry(
      0xC210...0xC211, [.storage], "Error: cannot understand", "PS3.4 §B.2.3; pynetdicom's own code",
      cause: "a receiver made with pynetdicom could not decode the instance, or its program failed while storing it",
      remedy: "its log has the exception"),
    Entry(
      0xC000...0xCFFF, [.storage], "Error: cannot understand", "PS3.4 §B.2.3",
      cause: "the receiver could not parse or store the instance",
      remedy: "its log says why; try another transfer syntax, and check the file with fluoro dump"),
  ]

  /// What is asked by C-FIND, of whatever information model.
  private static let anyQuery: [Service] = [.find, .worklist, .procedureStep, .relevantPatient]
  private static let queries = "PS3.4 §C.4.1.1.4, §K.4.1.1.4, §Q.2.1.1.4, §CC.2.8.4"

  static let find: [Entry] = [
    Entry(
      0xA700, anyQuery, "Refused: out of resources", queries,
      cause: "too many matches, or the peer is busy", remedy: "narrow the query, by a date for example"),
    Entry(
      0xA710, [.find], "Refused: invalid prior record key", "PS3.4 §C.6.4.5.3",
      cause: "a query in pages went on from a record that is gone", remedy: "begin the query again"),
    Entry(
      0xA900, anyQuery, "Error: identifier does not match SOP class", queries,
      cause: "the level or a key does not belong to the query model",
      remedy: "give the UIDs of the levels above, or query relationally if the peer can"),
    Entry(
      0xB001, [.find], "Warning: matching reached response limit, subsequent request may return additional matches",
      "PS3.4 §C.4.1.1.4", cause: "the peer gives no more than so many matches", remedy: "narrow the query"),
    Entry(
      0xC310...0xC312, [.find, .worklist], "Error: unable to process", "PS3.4 §C.4.1.1.4; pynetdicom's own code",
      cause:
        "a peer made with pynetdicom could not decode the query, failed while answering, or could not encode a match",
      remedy: "its log has the exception"),
    Entry(
      0xC000...0xCFFF, [.find, .worklist], "Error: unable to process", "PS3.4 §C.4.1.1.4",
      cause: "the peer could not run this query; a key it does not support, or an error in its database",
      remedy: "leave out keys until it answers; its log says more"),
    Entry(0xFE00, anyQuery, "Matching terminated due to a cancel request", queries),
    Entry(0xFF00, [.find, .worklist, .procedureStep], "Pending: matches are continuing", queries),
    Entry(
      0xFF01, [.find, .worklist, .procedureStep],
      "Pending: matches are continuing, one or more optional keys were not supported", queries,
      cause: "keys the peer does not know were taken as if they had not been given"),
  ]

  private static let retrieves = "PS3.4 §C.4.2.1.5, §C.4.3.1.4"

  static let move: [Entry] = [
    Entry(
      0xA701, [.move, .get], "Refused: out of resources, unable to calculate number of matches", retrieves,
      cause: "the peer could not look up what was asked for", remedy: "ask for less at once; its log says more"),
    Entry(
      0xA702, [.move, .get], "Refused: out of resources, unable to perform sub-operations", retrieves,
      cause: "the peer could not send to the destination: its address and port there, a firewall, or its disk",
      remedy: "check host and port that the peer has for the destination, and that the destination listens there"),
    Entry(
      0xA801, [.move], "Refused: move destination unknown", "PS3.4 §C.4.2.1.5",
      cause: "the peer has no entry for the destination's AE title",
      remedy: "have the title added there, with the destination's host and port (fluoro whoami tells ours)"),
    Entry(
      0xA900, [.move, .get], "Error: identifier does not match SOP class", retrieves,
      cause: "the level or a UID is missing", remedy: "give the UIDs of the levels above too"),
    Entry(
      0xAA00, [.move, .get], "None of the frames requested were found in the SOP instance", "PS3.4 §Y.4.1.3"),
    Entry(0xAA01, [.move, .get], "Unable to create new object for this SOP class", "PS3.4 §Y.4.1.3"),
    Entry(0xAA02, [.move, .get], "Unable to extract frames", "PS3.4 §Y.4.1.3"),
    Entry(
      0xAA03, [.move, .get], "Time-based request received for a non-time-based original SOP instance", "PS3.4 §Y.4.1.3"),
    Entry(0xAA04, [.move, .get], "Invalid request", "PS3.4 §Y.4.1.3"),
    Entry(
      0xB000, [.move, .get], "Warning: sub-operations complete, one or more failures or warnings", retrieves,
      cause: "some instances were not transferred",
      remedy: "retrieve again: what is here already is not needed twice; the peer's log names the failed ones"),
    Entry(
      0xC410...0xC416, [.get], "Error: unable to process", "PS3.4 §C.4.3.1.4; pynetdicom's own code",
      cause: "a peer made with pynetdicom failed while looking up or sending the instances",
      remedy: "its log has the exception"),
    Entry(
      0xC510...0xC515, [.move], "Error: unable to process", "PS3.4 §C.4.2.1.5; pynetdicom's own code",
      cause: "a peer made with pynetdicom failed while looking up the destination or the instances",
      remedy: "its log has the exception"),
    Entry(
      0xC000...0xCFFF, [.move, .get], "Error: unable to process", retrieves,
      cause: "the peer gave up: often the destination refused an instance or could not be reached",
      remedy: "its log says why; Orthanc stops a whole retrieve at the first instance that is refused"),
    Entry(0xFE00, [.move, .get], "Sub-operations terminated due to a cancel indication", retrieves),
    Entry(0xFF00, [.move, .get], "Pending: sub-operations are continuing", retrieves),
  ]

  /// Failure reasons of single instances too, PS3.3 §C.14.1.1.
  static let commitment: [Entry] = [
    Entry(
      0x0110, [.storageCommitment], "Processing failure", "PS3.3 §C.14.1.1", cause: "an error inside the archive",
      remedy: "ask again later; its log says which"),
    Entry(
      0x0112, [.storageCommitment], "No such object instance", "PS3.3 §C.14.1.1",
      cause: "the archive does not have the instance: it was never stored, or has not been filed yet",
      remedy: "send it again, and ask again"),
    Entry(
      0x0119, [.storageCommitment], "Class-instance conflict", "PS3.3 §C.14.1.1",
      cause: "the archive has the instance under another SOP class",
      remedy: "compare the SOP class of the file with what the archive shows"),
    Entry(
      0x0122, [.storageCommitment], "Referenced SOP class not supported", "PS3.3 §C.14.1.1",
      cause: "the archive does not commit to instances of this class"),
    Entry(
      0x0131, [.storageCommitment], "Duplicate transaction UID", "PS3.3 §C.14.1.1",
      cause: "the transaction is in use", remedy: "ask again: every request has a new one"),
    Entry(
      0x0213, [.storageCommitment], "Resource limitation", "PS3.3 §C.14.1.1",
      cause: "the archive has no room to keep the instance", remedy: "free space there, send it again, ask again"),
  ]
}
