import NIOCore
import Testing

@testable import Dicom

private func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

struct EncodedText: CustomTestStringConvertible, Sendable {
  var terms: [String]
  var text: String
  var bytes: [UInt8]
  var testDescription: String { "\(terms) \(text)" }
}

/// The examples of PS3.5 Annexes H, I, J and K, and one of each single-byte set.
let encodedTexts: [EncodedText] = [
  EncodedText(terms: ["ISO_IR 100"], text: "Äneas^Rüdiger", bytes: [0xC4] + ascii("neas^R") + [0xFC] + ascii("diger")),
  EncodedText(terms: ["ISO_IR 101"], text: "Wałęsa", bytes: ascii("Wa") + [0xB3, 0xEA] + ascii("sa")),
  EncodedText(
    terms: ["ISO_IR 144"], text: "Люкceмбypг",
    bytes: [0xBB, 0xEE, 0xDA] + ascii("ce") + [0xDC, 0xD1] + ascii("yp") + [0xD3]),
  EncodedText(terms: ["ISO_IR 126"], text: "Διονυσιος", bytes: [0xC4, 0xE9, 0xEF, 0xED, 0xF5, 0xF3, 0xE9, 0xEF, 0xF2]),
  EncodedText(terms: ["ISO_IR 127"], text: "قباني", bytes: [0xE2, 0xC8, 0xC7, 0xE6, 0xEA]),
  EncodedText(terms: ["ISO_IR 138"], text: "שרון", bytes: [0xF9, 0xF8, 0xE5, 0xEF]),
  EncodedText(
    terms: ["ISO_IR 148"], text: "Çavuşoğlu",
    bytes: [0xC7] + ascii("avu") + [0xFE] + ascii("o") + [0xF0] + ascii("lu")),
  EncodedText(terms: ["ISO_IR 166"], text: "นามสกุล", bytes: [0xB9, 0xD2, 0xC1, 0xCA, 0xA1, 0xD8, 0xC5]),
  EncodedText(terms: ["ISO_IR 13"], text: "ﾔﾏﾀﾞ^ﾀﾛｳ", bytes: [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3]),
  EncodedText(terms: ["ISO_IR 192"], text: "Wang^XiaoDong=王^小东", bytes: Array("Wang^XiaoDong=王^小东".utf8)),
  EncodedText(
    terms: ["GB18030"], text: "Wang^XiaoDong=王^小东",
    bytes: ascii("Wang^XiaoDong=") + [0xCD, 0xF5, 0x5E, 0xD0, 0xA1, 0xB6, 0xAB]),
  EncodedText(
    terms: ["GBK"], text: "Wang^XiaoDong=王^小东",
    bytes: ascii("Wang^XiaoDong=") + [0xCD, 0xF5, 0x5E, 0xD0, 0xA1, 0xB6, 0xAB]),
  EncodedText(
    terms: ["", "ISO 2022 IR 87"], text: "Yamada^Tarou=山田^太郎=やまだ^たろう",
    bytes: ascii(
      "Yamada^Tarou=\u{1B}$B;3ED\u{1B}(B^\u{1B}$BB@O:\u{1B}(B=\u{1B}$B$d$^$@\u{1B}(B^\u{1B}$B$?$m$&\u{1B}(B")),
  EncodedText(
    terms: ["ISO 2022 IR 13", "ISO 2022 IR 87"], text: "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
    bytes: [0xD4, 0xCF, 0xC0, 0xDE, 0x5E, 0xC0, 0xDB, 0xB3] + ascii("=\u{1B}$B;3ED\u{1B}(J^\u{1B}$BB@O:\u{1B}(J")),
  EncodedText(
    terms: ["", "ISO 2022 IR 149"], text: "Hong^Gildong=洪^吉洞=홍^길동",
    bytes: ascii("Hong^Gildong=\u{1B}$)C") + [0xFB, 0xF3] + ascii("^\u{1B}$)C") + [0xD1, 0xCE, 0xD4, 0xD7]
      + ascii("=\u{1B}$)C") + [0xC8, 0xAB] + ascii("^\u{1B}$)C") + [0xB1, 0xE6, 0xB5, 0xBF]),
  EncodedText(
    terms: ["", "ISO 2022 IR 58"], text: "Zhang^XiaoDong=张^小东",
    bytes: ascii("Zhang^XiaoDong=\u{1B}$)A") + [0xD5, 0xC5] + ascii("^\u{1B}$)A") + [0xD0, 0xA1, 0xB6, 0xAB]),
  EncodedText(
    terms: ["ISO 2022 IR 100", "ISO 2022 IR 144"], text: "Dionysüs=Люк",
    bytes: ascii("Dionys") + [0xFC] + ascii("s=\u{1B}-L") + [0xBB, 0xEE, 0xDA]),
]

@Suite("Text")
struct CharacterSetTests {
  @Test("is decoded and encoded as the standard's examples have it", arguments: encodedTexts)
  func examples(_ example: EncodedText) {
    let characterSet = CharacterSet(specificCharacterSet: example.terms)
    let value = example.bytes.withUnsafeBytes { characterSet.decode($0, splitting: true, personName: true) }
    #expect(value == [example.text])
    #expect(characterSet.encode(example.text) == example.bytes)
    #expect(characterSet.definedTerms == example.terms)
  }

  @Test("that cannot be decoded is shown by its bytes, and kept")
  func undecodable() throws {
    #expect(CharacterSet.utf8.decode([0x41, 0xC3, 0x42]) == "A\\303B")
    #expect(CharacterSet.ascii.decode([0x41, 0xE4]) == "A\\344")
    #expect(CharacterSet.latin1.decode([0x41, 0x9B, 0x42]) == "A\\233B")
    var dataSet = DataSet()
    dataSet.setCharacterSet(.utf8)
    dataSet.set(.patientName, vr: .PN, bytes: ByteBuffer(bytes: [0x41, 0xC3]))
    #expect(dataSet.string(.patientName) == "A\\303")
    #expect(dataSet[.patientName]?.bytes == ByteBuffer(bytes: [0x41, 0xC3]))
  }

  @Test(
    "of any length is decoded to its end, damaged or not",
    arguments: ["", "ISO 2022 IR 87", "ISO 2022 IR 149", "ISO_IR 192", "GB18030"])
  func long(_ term: String) throws {
    let terms = term.hasPrefix("ISO 2022") ? ["", term] : [term.isEmpty ? "ISO_IR 100" : term]
    let set = CharacterSet(specificCharacterSet: terms)
    for count in [1, 340, 341, 342, 1000, 20_000] {
      let text = String(repeating: term.isEmpty ? "é" : "山", count: count)
      let bytes = try #require(set.encode(text))
      #expect(set.decode(bytes) == text)
    }
    let damaged = [UInt8](repeating: 0xC3, count: 100_000)
    #expect(CharacterSet.utf8.decode(damaged) == String(repeating: "\\303", count: 100_000))
  }

  @Test("splits values at backslashes, not within a character of several bytes")
  func splitting() {
    let kanji = CharacterSet(specificCharacterSet: ["", "ISO 2022 IR 87"])
    // 施 is 3B5CH in JIS X 0208: its second byte is a backslash.
    let bytes = ascii("\u{1B}$B;\\\u{1B}(B\\B")
    #expect(bytes.withUnsafeBytes { kanji.decode($0, splitting: true) } == ["施", "B"])
    let gbk = CharacterSet(specificCharacterSet: ["GBK"])
    let chinese: [UInt8] = [0x81, 0x5C, 0x5C, 0x42]
    #expect(chinese.withUnsafeBytes { gbk.decode($0, splitting: true) }.map(\.count) == [1, 1])
  }

  @Test("that a character set does not hold is not encoded")
  func notHeld() {
    #expect(CharacterSet.latin1.encode("王") == nil)
    #expect(CharacterSet.ascii.encode("é") == nil)
    #expect(CharacterSet.latin1.holds("é"))
    var dataSet = DataSet()
    dataSet.setCharacterSet(.latin1)
    dataSet.set(.patientName, "王^é")
    #expect(dataSet.string(.patientName) == "?^é")
  }

  @Test("of an item is in the character set of the data set around it")
  func inherited() throws {
    var item = DataSet(characterSet: .utf8)
    item.set(.patientName, "小东")
    var dataSet = DataSet()
    dataSet.setCharacterSet(.utf8)
    dataSet.set(.scheduledProcedureStepSequence, items: [item])
    let bytes = try DataSetWriter.write(dataSet, transferSyntax: .implicitVRLittleEndian)
    let read = try DataSetReader.read(bytes, transferSyntax: .implicitVRLittleEndian, defaultCharacterSet: .ascii)
    #expect(read.items(.scheduledProcedureStepSequence).first?.string(.patientName) == "小东")
  }

  @Test(
    "has names in Orthanc's words",
    arguments: [
      ("Latin1", "ISO_IR 100"), ("utf8", "ISO_IR 192"), ("Ascii", ""), ("Greek", "ISO_IR 126"),
      ("Hebrew", "ISO_IR 138"),
      ("Korean", "\\ISO 2022 IR 149"), ("Chinese", "GB18030"), ("Thai", "ISO_IR 166"), ("Japanese", "ISO_IR 13"),
    ])
  func orthancNames(_ name: String, _ terms: String) {
    #expect(CharacterSet(orthancName: name)?.definedTerms.joined(separator: "\\") == terms)
  }

  @Test("Windows-1251 is read where nothing is named, and never written: no term names it")
  func windows1251() throws {
    let set = try #require(CharacterSet(orthancName: "Windows1251"))
    #expect(set.decode([0xCF, 0xE5, 0xF2, 0xF0]) == "Петр")
    #expect(set.encode("PETR") == Array("PETR".utf8))
    #expect(set.encode("Петр") == nil)
    var dataSet = DataSet()
    dataSet.set(.patientName, vr: .PN, bytes: ByteBuffer(bytes: [0xCF, 0xE5, 0xF2, 0xF0]))
    let bytes = try DataSetWriter.write(dataSet, transferSyntax: .explicitVRLittleEndian)
    let read = try DataSetReader.read(bytes, transferSyntax: .explicitVRLittleEndian, defaultCharacterSet: set)
    #expect(read.string(.patientName) == "Петр")
  }

  @Test("reaches a terminal without control characters")
  func visible() {
    #expect(VisibleText.of("a\u{1B}[31mb\u{9B}c\u{202E}d\n") == "a\u{241B}[31mb\\233cd\u{240A}")
    var dataSet = DataSet()
    dataSet.set(.patientName, vr: .PN, bytes: ByteBuffer(string: "A\u{1B}]0;x\u{07}B\u{7F}"))
    for text in Dump.text(dataSet) + [dataSet.dicomJSON(), dataSet.keywordJSON()] {
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
    }
  }

}
