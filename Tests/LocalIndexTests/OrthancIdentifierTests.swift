import Testing

@testable import LocalIndex

/// Values that Orthanc 1.10.1 gives to the test files of pydicom.
@Suite struct OrthancIdentifierTests {
  struct Known: Sendable {
    let patientID: String
    let study: String
    let series: String
    let instance: String
    let ids: [String]
  }

  static let known = [
    Known(
      patientID: "1CT1", study: "1.3.6.1.4.1.5962.1.2.1.20040119072730.12322",
      series: "1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322",
      instance: "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322",
      ids: [
        "fa558bce-587a86d3-ad0da9b3-9d043d9d-4f5c5718", "8a8cf898-ca27c490-d0c7058c-929d0581-2bbf104d",
        "93034833-163e42c3-bc9a428b-194620cf-2c5799e5", "f689ddd2-662f8fe1-8b18180d-ec2a2cee-937917af",
      ]),
    Known(
      patientID: "4MR1", study: "1.3.6.1.4.1.5962.1.2.4.20040826185059.5457",
      series: "1.3.6.1.4.1.5962.1.3.4.1.20040826185059.5457",
      instance: "1.3.6.1.4.1.5962.1.1.4.1.1.20040826185059.5457",
      ids: [
        "23755877-c2ffb60d-d0df4093-e1f071a3-68b19506", "7b5f82d7-011e7118-ffac48a8-9204a296-775e6f54",
        "211fb9b0-46831f91-29422fb0-3d1353fd-1a2228a9", "2f859814-2cf8fe4f-c7963e7d-d32c018d-66fc8cfa",
      ]),
  ]

  @Test("are Orthanc's", arguments: known) func areOrthancs(_ known: Known) {
    let identity = InstanceIdentity(
      patientID: known.patientID, studyInstanceUID: known.study, seriesInstanceUID: known.series,
      sopInstanceUID: known.instance)
    #expect([identity.patient, identity.study, identity.series, identity.instance] == known.ids)
  }

  @Test("ignore padding") func ignorePadding() {
    #expect(OrthancIdentifier.patient(patientID: " 1CT1 \0") == Self.known[0].ids[0])
  }

  @Test("white space of every script is padding, and what is in the middle is not") func padding() {
    let plain = OrthancIdentifier.patient(patientID: "山 田")
    for padded in ["\u{3000}山 田\u{A0}", "\t山 田\n\0"] { #expect(OrthancIdentifier.patient(patientID: padded) == plain) }
    #expect(OrthancIdentifier.patient(patientID: "山田") != plain)
    #expect(OrthancIdentifier.patient(patientID: "\u{1C}1CT1") != Self.known[0].ids[0])
    #expect(OrthancIdentifier.patient(patientID: " \0") == OrthancIdentifier.patient(patientID: ""))
    // The divider between nothing and something counts.
    let study = OrthancIdentifier.study(patientID: " ", studyInstanceUID: "1.2")
    #expect(study == OrthancIdentifier.patient(patientID: "|1.2"))
  }

  @Test("are the same for those that come mixed, of more series than are remembered") func recent() throws {
    let recent = RecentArrivals()
    for number in [1, 2, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2, 11] {
      // The last two are the same text in other bytes, and it is bytes that are hashed.
      for patientID in ["P1", "P2", "\u{E9}", "e\u{301}"] {
        let dataSet = makeDataSet(
          patientID: patientID, series: "1.2.3.\(number)", instance: "1.2.3.\(number).\(number)")
        #expect(try InstanceHeader(dataSet, recent).identity == InstanceHeader(dataSet).identity)
      }
    }
  }

  @Test("an absent PatientID counts as empty") func emptyPatient() {
    #expect(OrthancIdentifier.patient(patientID: "") == "da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709")
  }

  @Test("text and bytes are one") func roundTrip() throws {
    let id = Self.known[0].ids[0]
    let bytes = try #require(OrthancIdentifier.bytes(of: id))
    #expect(bytes.count == 20)
    #expect(OrthancIdentifier.text(of: bytes) == id)
    #expect(OrthancIdentifier.bytes(of: String(id.dropLast())) == nil)
    #expect(OrthancIdentifier.bytes(of: id.replacing("-", with: "_")) == nil)
    #expect(OrthancIdentifier.bytes(of: id.uppercased()) == nil)
  }
}
