/// Rows of what is spoken between others: event logs, checks of treatment machines, relevant patients, inventories.
extension StatusBook {
  private static let logging = "PS3.4 §P.2.2.4"
  private static let administration = "PS3.4 §P.3"

  static let eventLogging: [Entry] = [
    Entry(
      0xB101, [.eventLogging], "Warning: the synchronization frame of reference is not the log's own", logging,
      cause: "the clocks of the two sides are not synchronized with each other"),
    Entry(
      0xB102, [.eventLogging], "Warning: study instance UID coercion, the event is logged under another", logging),
    Entry(0xB104, [.eventLogging], "Warning: IDs inconsistent in matching a current study; event logged", logging),
    Entry(
      0xC101, [.eventLogging], "Failure: procedural logging is not available for the study instance UID", logging),
    Entry(0xC102, [.eventLogging], "Failure: the event information does not match the template", logging),
    Entry(0xC103, [.eventLogging], "Failure: cannot match the event to a current study", logging),
    Entry(
      0xC104, [.eventLogging], "Failure: IDs inconsistent in matching a current study; event not logged", logging),
    Entry(
      0xC10E, [.eventLogging], "Failure: operator not authorized to add to the medication administration record",
      administration),
    Entry(
      0xC110, [.eventLogging], "Failure: the patient cannot be identified from patient ID or admission ID",
      administration),
    Entry(0xC111, [.eventLogging], "Failure: update of the medication administration record failed", administration),
  ]

  private static let machine = "PS3.4 §DD.3.2"

  static let machineVerification: [Entry] = [
    Entry(0xC112, [.machineVerification], "Failure: machine verification instance not found", machine),
    Entry(
      0xC221, [.machineVerification], "Failure: the referenced fraction group does not exist in the plan", machine),
    Entry(0xC222, [.machineVerification], "Failure: no beams exist within the referenced fraction group", machine),
    Entry(
      0xC223, [.machineVerification], "Failure: already verifying, this request cannot be processed now", machine,
      remedy: "ask again when the verification under way has ended"),
    Entry(
      0xC224, [.machineVerification], "Failure: referenced beam number not found within the fraction group", machine),
    Entry(0xC225, [.machineVerification], "Failure: referenced device or accessory not supported", machine),
    Entry(
      0xC226, [.machineVerification], "Failure: referenced device or accessory not found within the beam", machine),
    Entry(0xC227, [.machineVerification], "Failure: referenced RT plan not found", machine),
  ]

  private static let patient = "PS3.4 §Q.2.1.1.4"

  static let relevantPatient: [Entry] = [
    Entry(0xFF00, [.relevantPatient], "Pending: the current match is supplied", patient),
    Entry(
      0xC100, [.relevantPatient], "Failure: more than one match found", patient,
      cause: "the keys fit more than one patient", remedy: "ask by the patient ID and its issuer"),
    Entry(0xC200, [.relevantPatient], "Failure: unable to support the requested template", patient),
    Entry(0xC000...0xCFFF, [.relevantPatient], "Failure: unable to process", patient),
  ]

  static let inventory: [Entry] = [
    Entry(
      0xB010, [.inventory], "Warning: attribute list error, key attributes are not supported for matching",
      "PS3.4 §KK.2.2.3")
  ]
}
