import Testing

@testable import Operations

@Suite("Configuration: what cannot be used is said with its place")
struct BadConfigurationTests {
  /// The text of a file, and what is said about it after its name.
  static let table: [(String, String)] = [
    ("", "1:1: expected a value, such as { ... }, found the end of the file"),
    (
      "{\n  \"DicomAet\": \"A\"\n  \"DicomPort\": 1\n}",
      "3:3: expected \",\" or \"}\" after the value of \"DicomAet\", found \"\"DicomPort\""
    ),
    ("{ \"DicomAet\" \"A\" }", "1:14: expected \":\" after \"DicomAet\", found \"\"A\""),
    ("{ DicomAet: \"A\" }", "1:3: expected a name in double quotes, or }, found \"DicomAet\""),
    ("{ \"DicomAet\": }", "1:15: expected a value for \"DicomAet\", found \"}\""),
    ("{ \"DicomAet\": \"A\n\" }", "1:17: expected \" to end the text that begins at 1:15, found the end of the line"),
    (
      "{ \"DicomAet\": \"A\"",
      "1:18: expected \",\" or \"}\" after the value of \"DicomAet\", found the end of the file"
    ),
    ("{ /* \"DicomAet\"", "1:16: expected */ to end the comment that begins at 1:3, found the end of the file"),
    ("{ \"DicomAet\": \"A\", \"DicomAet\": \"B\" }", "1:20: \"DicomAet\" is given twice, first in line 1"),
    ("{ \"Mouse\": True }", "1:12: expected a value for \"Mouse\", found \"True\""),
    ("{ \"QueryLimit\": 012x }", "1:17: expected a value for \"QueryLimit\", found \"012x\""),
    ("{} {}", "1:4: expected the end of the file, found \"{\""),
    ("{ \"DicomAet\": \"\\q\" }", "1:17: expected one of \" \\ / b f n r t u after a backslash, found \"q\""),
    ("[1]", "1:1: expected { at the beginning of a configuration, found an array"),
    ("{ \"DicomAet\": 5 }", "1:15: DicomAet: expected an AE title in double quotes, found the number 5"),
    (
      "{ \"DicomAet\": \"ABCDEFGHIJKLMNOPQRS\" }",
      "1:15: DicomAet: AE title \"ABCDEFGHIJKLMNOPQRS\" has 19 characters; at most 16"
    ),
    ("{ \"DicomAet\": \"  \" }", "1:15: DicomAet: an AE title of only spaces; expected 1 to 16 characters"),
    (
      "{ \"DicomAet\": \"A\\\\B\" }",
      "1:15: DicomAet: AE title \"A\\B\" contains \"\\\"; expected ASCII letters, digits and signs other than \\"
    ),
    (
      "{ \"DicomModalities\": { \"A\": { \"AET\": \"A\", \"Host\": \"a\", \"Port\": 1, \"Password\": \"p\" } } }",
      "1:29: DicomModalities.A: \"Password\" needs a \"Username\""
    ),
    (
      "{ \"DicomModalities\": { \"A\": { \"AET\": \"A\", \"Host\": \"a\", \"Port\": 1, \"IdentityType\": \"JWT\" } } }",
      "1:29: DicomModalities.A: \"IdentityType\" needs an \"IdentityFile\""
    ),
    (
      "{ \"DicomUsers\": { \"jane\": 5 } }",
      "1:27: DicomUsers.jane: expected a password in double quotes, found the number 5"
    ),
    ("{ \"DicomPort\": 0 }", "1:16: DicomPort: 0 is out of range; expected a port, 1 to 65535"),
    ("{ \"DicomPort\": 65536 }", "1:16: DicomPort: 65536 is out of range; expected a port, 1 to 65535"),
    ("{ \"DicomPort\": \"4242\" }", "1:16: DicomPort: expected a port, found the text \"4242\""),
    (
      "{ \"DicomModalities\": { \"A\": [\"A\", \"h\", \"42 42\"] } }",
      "1:40: DicomModalities.A[2]: expected a port, 1 to 65535, found the text \"42 42\""
    ),
    ("{ \"DicomScuTimeout\": -1 }", "1:22: DicomScuTimeout: -1 is out of range; expected seconds, 0 for none"),
    ("{ \"Mouse\": \"yes\" }", "1:12: Mouse: expected true or false, found the text \"yes\""),
    ("{ \"Durability\": \"fsnyc\" }", "1:17: Durability: \"fsnyc\" is not known; did you mean \"fsync\"?"),
    (
      "{ \"DefaultEncoding\": \"Latin9x\" }",
      "1:22: DefaultEncoding: \"Latin9x\" is not known; did you mean \"Latin1\" or \"Latin2\" or \"Latin3\"?"
    ),
    ("{ \"MaximumPduLength\": 100 }", "1:23: MaximumPduLength: 100 is out of range; expected bytes, 4096 to 131072"),
    (
      "{ \"DicomModalities\": [] }",
      "1:22: DicomModalities: expected an object of modalities, { \"NAME\": [\"AET\", \"host\", port] }, found an array"
    ),
    (
      "{ \"DicomModalities\": { \"PACS1\": [\"ABCDEFGHIJKLMNOPQRS\", \"h\", 104] } }",
      "1:34: DicomModalities.PACS1[0]: AE title \"ABCDEFGHIJKLMNOPQRS\" has 19 characters; at most 16"
    ),
    (
      "{ \"DicomModalities\": { \"PACS1\": [\"A\", \"h\", 70000] } }",
      "1:44: DicomModalities.PACS1[2]: 70000 is out of range; expected a port, 1 to 65535"
    ),
    (
      "{ \"DicomModalities\": { \"PACS1\": [\"A\", \"h\"] } }",
      "1:33: DicomModalities.PACS1: expected [\"AET\", \"host\", port] or [\"AET\", \"host\", port, \"manufacturer\"], found 2 values"
    ),
    (
      "{ \"DicomModalities\": { \"PACS1\": { \"AET\": \"A\", \"Host\": \"h\" } } }",
      "1:33: DicomModalities.PACS1: \"Port\" is missing"
    ),
    (
      "{ \"DicomModalities\": { \"P\": { \"AET\": \"A\", \"Host\": \"h\", \"Port\": 1, \"AllowFind\": 1 } } }",
      "1:80: DicomModalities.P.AllowFind: expected true or false, found the number 1"
    ),
    (
      "{ \"DicomModalities\": { \"P\": [\"A\", \"h\", 1, \"Genric\"] } }",
      "1:43: DicomModalities.P[3]: \"Genric\" is not known; did you mean \"Generic\"?"
    ),
    (
      "{ \"AcceptedTransferSyntaxes\": [\"1.2\", \"jpeg\"] }",
      "1:39: AcceptedTransferSyntaxes[1]: \"jpeg\" is not a UID; expected digits and points, * and ? as wildcards"
    ),
    (
      "{ \"DicomTlsEnabled\": true, \"DicomTlsCertificate\": \"a\", \"DicomTlsPrivateKey\": \"b\" }",
      "1:22: DicomTlsEnabled: DicomTlsTrustedCertificates is missing; those that connect to us are known by it, unless "
        + "DicomTlsRemoteCertificateRequired is false"
    ),
    ("{ \"DicomTlsEnabled\": true }", "1:22: DicomTlsEnabled: DicomTlsCertificate is missing; TLS needs it"),
  ]

  @Test("one file, one complaint", arguments: table)
  func complaint(text: String, expected: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("fluoro.json", text)
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration.load(path: file, environment: ["HOME": "/home/x"])
    }
    #expect(error?.description == "\(file):\(expected)")
  }

  @Test("bytes that are not UTF-8, and nesting without end")
  func hostileBytes() throws {
    #expect(
      throws: JSONSyntaxError(
        position: TextPosition(line: 2, column: 2), message: "expected UTF-8 text, found a byte that is not")
    ) {
      try JSONParser.parse(Array("{\n ".utf8) + [0xFF], environment: [:])
    }
    #expect(throws: JSONSyntaxError.self) {
      try JSONParser.parse(Array(String(repeating: "[", count: 100_000).utf8), environment: [:])
    }
  }

  @Test("a file that is not there")
  func missing() {
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration.load(path: "/nonexistent/fluoro.json", environment: ["HOME": "/home/x"])
    }
    #expect(error?.description == "/nonexistent/fluoro.json: there is no such file or folder")
  }
}
