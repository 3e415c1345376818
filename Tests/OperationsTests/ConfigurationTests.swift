import Dicom
import Foundation
import Testing

@testable import Operations

@Suite("Configuration: what a file says")
struct ConfigurationTests {
  @Test("without a file everything has its default")
  func defaults() throws {
    let home = try TemporaryFolder()
    let configuration = try Configuration.load(environment: ["HOME": home.path])
    #expect(configuration.dicomAET == "FLUORO")
    #expect(configuration.dicomPort == 4242)
    #expect(configuration.dicomBindAddress == "0.0.0.0")
    #expect(configuration.scuTimeout == .seconds(10))
    #expect(configuration.scpTimeout == .seconds(30))
    #expect(configuration.alwaysAllowed == [.echo])
    #expect(configuration.unknownSOPClassAccepted)
    #expect(configuration.maximumPDULength == 131072)
    #expect(configuration.maximumStorageMode == .reject)
    #expect(configuration.durability == .fsync)
    #expect(configuration.queryLimit == 500)
    #expect(!configuration.mouse && !configuration.readOnly && !configuration.rememberQueries)
    #expect(configuration.storageDirectory == home.path + "/.local/share/fluoro")
    #expect(configuration.files.isEmpty)
  }

  @Test("the first start says what a second person on this host needs; later ones, and configured ones, do not")
  func firstStart() throws {
    let home = try TemporaryFolder()
    let environment = ["HOME": home.path]
    let first = try Configuration.load(environment: environment)
    #expect(first.warnings.count == 1)
    let words = try #require(first.warnings.first)
    #expect(words.contains("FLUORO on port 4242") && words.contains("DicomAet") && words.contains("DicomPort"))
    #expect(words.contains("\(home.path)/.config/fluoro/fluoro.json"))
    let file = try home.write("own.json", #"{ "DicomAet": "WARD3", "DicomPort": 11112 }"#)
    #expect(try Configuration.load(path: file, environment: environment).warnings.isEmpty)
    _ = try Station(configuration: first)
    #expect(try Configuration.load(environment: environment).warnings.isEmpty)
  }

  @Test("every key is read, with comments and trailing commas around")
  func everyKey() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "fluoro.json",
      """
      {
        // who we are
        "DicomAet": "READING1", "DicomPort": 11112, "DicomBindAddress": "127.0.0.1",
        "DicomScuTimeout": 2.5, "DicomScpTimeout": 0, "DicomDefaultRetrieveMethod": "C-GET",
        "DicomAlwaysAllowEcho": false, "DicomAlwaysAllowStore": true, "DicomAlwaysAllowFind": true,
        "DicomAlwaysAllowFindWorklist": true, "DicomAlwaysAllowGet": true, "DicomAlwaysAllowMove": true,
        "DicomCheckCalledAet": true, "DicomCheckModalityHost": true, "StrictAetComparison": true,
        "DicomTlsEnabled": true, "DicomTlsCertificate": "tls/own.crt", "DicomTlsPrivateKey": "/keys/own.key",
        "DicomTlsTrustedCertificates": "~/trusted.crt", "DicomTlsRemoteCertificateRequired": false,
        "DefaultEncoding": "Greek", "UnknownSopClassAccepted": false,
        "AcceptedTransferSyntaxes": ["1.2.840.10008.1.2", "1.2.840.10008.1.2.4.*",],
        "AcceptedSopClasses": ["1.2.840.10008.5.1.4.1.1.*"], "RejectedSopClasses": ["1.2.840.10008.5.1.4.1.1.104.?"],
        "OverwriteInstances": true, "MaximumPduLength": 16384, "MaximumStorageSize": 2, "MaximumStorageMode": "Recycle",
        "StorageDirectory": "studies", "StorageGroup": "radiology", "Durability": "none", "ReadOnly": true,
        "RememberQueries": true, "QueryLimit": 0, "Mouse": true, /* the end */
      }
      """)
    let configuration = try Configuration.load(path: file, environment: ["HOME": "/home/x"])
    #expect(configuration.dicomAET == "READING1")
    #expect(configuration.dicomPort == 11112)
    #expect(configuration.dicomBindAddress == "127.0.0.1")
    #expect(configuration.scuTimeout == .milliseconds(2500))
    #expect(configuration.scpTimeout == nil)
    #expect(configuration.defaultRetrieveMethod == .get)
    #expect(configuration.alwaysAllowed == [.store, .find, .findWorklist, .get, .move])
    #expect(configuration.checkCalledAET && configuration.checkModalityHost && configuration.strictAETComparison)
    #expect(configuration.tls.isEnabled && !configuration.tls.remoteCertificateRequired)
    #expect(configuration.tls.certificate == folder.path + "/tls/own.crt")
    #expect(configuration.tls.privateKey == "/keys/own.key")
    #expect(configuration.tls.trustedCertificates == "/home/x/trusted.crt")
    #expect(configuration.defaultEncoding == "Greek")
    #expect(!configuration.unknownSOPClassAccepted)
    #expect(configuration.acceptedTransferSyntaxes == ["1.2.840.10008.1.2", "1.2.840.10008.1.2.4.*"])
    #expect(configuration.acceptedSOPClasses == ["1.2.840.10008.5.1.4.1.1.*"])
    #expect(configuration.rejectedSOPClasses == ["1.2.840.10008.5.1.4.1.1.104.?"])
    #expect(configuration.overwriteInstances)
    #expect(configuration.maximumPDULength == 16384)
    #expect(configuration.maximumStorageSize == 2_097_152)
    #expect(configuration.maximumStorageMode == .recycle)
    #expect(configuration.storageDirectory == folder.path + "/studies")
    #expect(configuration.storageGroup == "radiology")
    #expect(configuration.durability == .none)
    #expect(configuration.readOnly && configuration.rememberQueries && configuration.mouse)
    #expect(configuration.queryLimit == 0)
    #expect(configuration.warnings == [])
  }

  @Test("modalities in both of Orthanc's forms, in their order")
  func modalities() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "fluoro.json",
      """
      { "DicomModalities": {
          "zeta": ["ZETA", "10.0.0.1", "104", "EFilm2"],
          "alpha": ["ALPHA", "pacs.example", 11112, "GenericNoWildcardInDates"],
          "PACS1": { "AET": "PACS1", "Host": "10.0.0.2", "Port": 104, "AllowFind": true, "AllowEcho": false,
            "AllowFindWorklist": true, "AllowGet": true, "AllowMove": true, "AllowStore": false,
            "AllowStorageCommitment": false, "AllowTranscoding": false, "UseDicomTls": true, "LocalAet": "FL1",
            "Timeout": 60, "RetrieveMethod": "C-GET", "DefaultEncoding": "Utf8", "MaximumAssociations": 2,
            "Username": "u", "Password": "p", "TlsVerifyHost": true, "StorageCommitment": true, "Production": true },
          "plain": { "AET": "PLAIN", "Host": "h", "Port": 1, "Timeout": 0, "RetrieveMethod": "SystemDefault" }
      } }
      """)
    let configuration = try Configuration.load(path: file, environment: ["HOME": "/home/x"])
    #expect(configuration.modalities.map(\.name) == ["zeta", "alpha", "PACS1", "plain"])
    #expect(configuration.modalities[0].manufacturer == .generic)
    #expect(configuration.modalities[0].port == 104)
    #expect(configuration.modalities[1].manufacturer == .genericNoWildcardInDates)
    let pacs = try configuration.modality(named: "PACS1")
    #expect(pacs.allowed == [.find, .findWorklist, .get, .move])
    #expect(
      !pacs.allowTranscoding && pacs.useDicomTLS && pacs.tlsVerifyHost && pacs.storageCommitment && pacs.isProduction)
    #expect(pacs.localAET == "FL1" && pacs.timeout == .seconds(60) && pacs.retrieveMethod == .get)
    #expect(pacs.defaultEncoding == "Utf8" && pacs.maximumAssociations == 2)
    #expect(pacs.username == "u" && pacs.password?.value == "p")
    #expect(!"\(pacs)".contains("\"p\""), "a password is never printed")
    let plain = try configuration.modality(named: "plain")
    #expect(plain.allowed == [.echo, .store, .storageCommitment], "unlike Orthanc's, nobody searches us unasked")
    #expect(plain.timeout == nil && plain.retrieveMethod == nil)
    #expect(configuration.ownAETitles == ["FLUORO", "FL1"])
  }

  @Test("the operation's timeout wins over the modality's, and that over the configuration's")
  func timeouts() {
    var configuration = Configuration(storageDirectory: "/nowhere")
    configuration.scuTimeout = .seconds(10)
    var modality = Modality(name: "A", aeTitle: "A", host: "h", port: 1)
    #expect(configuration.responseTimeout(for: modality, .inherited) == .seconds(10))
    modality.timeout = .seconds(60)
    #expect(configuration.responseTimeout(for: modality, .inherited) == .seconds(60))
    #expect(configuration.responseTimeout(for: modality, TimeoutChoice(seconds: 3)) == .seconds(3))
    #expect(configuration.responseTimeout(for: modality, TimeoutChoice(seconds: 0)) == nil)
  }

  @Test("variables of the environment, in texts and as values")
  func variables() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "fluoro.json",
      """
      { "DicomAet": "${WHO:-NOBODY}", "DicomPort": ${PORT}, "QueryLimit": "${LIMIT}",
        "DicomModalities": ${MODALITIES:-{}} }
      """)
    let environment = [
      "HOME": "/home/x", "PORT": "10400", "LIMIT": "7", "MODALITIES": "{\"A\": [\"A\", \"h\", 104]}",
    ]
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration.load(path: file, environment: environment.filter { $0.key != "PORT" })
    }
    #expect(error?.description.contains("PORT is not set") == true)
    let configuration = try Configuration.load(path: file, environment: environment)
    #expect(configuration.dicomAET == "NOBODY")
    #expect(configuration.dicomPort == 10400)
    #expect(configuration.queryLimit == 7)
    #expect(configuration.modalities.map(\.aeTitle) == ["A"])
  }

  @Test("a folder is merged; a key in two files is an error, as in Orthanc")
  func folder() throws {
    let folder = try TemporaryFolder()
    try folder.write("1.json", #"{ "DicomAet": "ONE", "StorageDirectory": "data" }"#)
    try folder.write("2.json", #"{ "DicomModalities": { "A": ["A", "h", 104] } }"#)
    try folder.write("notes.txt", "not read")
    let configuration = try Configuration.load(path: folder.path, environment: ["HOME": "/home/x"])
    #expect(configuration.dicomAET == "ONE")
    #expect(configuration.modalities.count == 1)
    #expect(configuration.storageDirectory == folder.path + "/data")
    try folder.write("3.json", "{\n \"DicomAet\": \"TWO\" }")
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration.load(path: folder.path, environment: ["HOME": "/home/x"])
    }
    #expect(
      error?.description
        == "\(folder.path)/3.json:2:14: DicomAet: is given in two files, also in \(folder.path)/1.json, line 1")
  }

  @Test("--storage wins, and XDG folders are used")
  func overrides() throws {
    let folder = try TemporaryFolder()
    let environment = ["HOME": "/home/x", "XDG_CONFIG_HOME": folder.path, "XDG_DATA_HOME": "/data"]
    try FileManager.default.createDirectory(atPath: folder.path + "/fluoro", withIntermediateDirectories: true)
    try folder.write("fluoro/fluoro.json", #"{ "DicomAet": "XDG" }"#)
    let configuration = try Configuration.load(environment: environment)
    #expect(configuration.dicomAET == "XDG")
    #expect(configuration.storageDirectory == "/data/fluoro")
    #expect(try Configuration.load(storage: "/other", environment: environment).storageDirectory == "/other")
  }

  @Test("keys of Orthanc pass, others are a warning with the nearest")
  func unknownKeys() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "fluoro.json",
      """
      { "DicomAte": "X", "Nonsense12": 1,
        "DicomModalities": { "A": { "AET": "A", "Host": "h", "Port": 1, "AlowFind": true } } }
      """)
    let warnings = try Configuration.load(path: file, environment: ["HOME": "/home/x"]).warnings
    #expect(warnings.count == 4 && warnings[3].hasPrefix("First start"))
    #expect(warnings[0].contains("fluoro.json:1:15: DicomAte") && warnings[0].contains("did you mean \"DicomAet\""))
    #expect(warnings[1].contains("Nonsense12") && !warnings[1].contains("did you mean"))
    #expect(warnings[2].contains("DicomModalities.A.AlowFind") && warnings[2].contains("\"AllowFind\""))
  }

  @Test("an Orthanc's own file gives its modalities, encoding, timeouts and TLS, and nothing else")
  func orthanc() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "orthanc.json",
      """
      {
        "Name": "MyOrthanc", "StorageDirectory": "/var/lib/orthanc/db-v6", "IndexDirectory": "/var/lib/orthanc/db-v6",
        "HttpPort": 8043, "DicomAet": "a title that is much too long for one", "DicomPort": 104,
        "DicomAlwaysAllowStore": true, "OverwriteInstances": "IfChanged",
        "DefaultEncoding": "Utf8", "DicomScuTimeout": 20, "DicomScpTimeout": 60,
        "DicomModalitiesInDatabase": true,
        "DicomModalities": { "pacs": ["PACS", "10.0.0.9", 104, "SomethingNew"] }
      }
      """)
    let configuration = try Configuration.load(path: file, environment: ["HOME": folder.path])
    #expect(configuration.isOrthancs)
    #expect(configuration.dicomAET == "FLUORO" && configuration.dicomPort == 4242)
    #expect(configuration.storageDirectory == folder.path + "/.local/share/fluoro")
    #expect(configuration.defaultEncoding == "Utf8" && configuration.scuTimeout == .seconds(20))
    #expect(configuration.scpTimeout == .seconds(60))
    #expect(!configuration.alwaysAllowed.contains(.store))
    #expect(configuration.modalities.map(\.name) == ["pacs"])
    #expect(configuration.warnings.count == 4 && configuration.warnings[3].hasPrefix("First start"))
    #expect(configuration.warnings[0].contains("DicomAet, DicomPort and StorageDirectory are not"))
    #expect(configuration.warnings[1].contains("http://localhost:8043/modalities?expand"))
    #expect(configuration.warnings[2].contains("SomethingNew"))
    #expect(
      configuration.modalitiesFile == folder.path + "/.config/fluoro/modalities.json",
      "an Orthanc that reads its whole folder must not find a file of ours there")
  }

  @Test("a name that is not known brings the nearest; AET@host:port needs no configuration")
  func lookup() throws {
    var configuration = Configuration(storageDirectory: "/nowhere")
    configuration.modalities = ["PACS1", "PACS2", "archive"].map {
      Modality(name: $0, aeTitle: $0.uppercased(), host: "h", port: 104)
    }
    #expect(try configuration.modality(named: "pacs1").name == "PACS1")
    let adHoc = try configuration.modality(named: "STORESCP@127.0.0.1:11112")
    #expect(adHoc.aeTitle == "STORESCP" && adHoc.host == "127.0.0.1" && adHoc.port == 11112)
    #expect(try configuration.modality(named: "A@[::1]:104").host == "::1")
    func words(_ name: String) -> String {
      do { return try configuration.modality(named: name).name } catch { return error.description }
    }
    #expect(words("PACS3") == "no modality is called \"PACS3\"; did you mean \"PACS1\" or \"PACS2\"?")
    #expect(words("xyzzyplugh") == "no modality is called \"xyzzyplugh\"; there are PACS1, PACS2, archive")
    #expect(words("A@host") == "A@host: a port is missing; written as AET@host:port")
    #expect(words("A@host:99999") == "A@host:99999: \"99999\" is not a port; expected 1 to 65535")
    #expect(words("ABCDEFGHIJKLMNOPQ@h:1").contains("has 17 characters; at most 16"))
  }

  @Test("every DefaultEncoding that may be written is one that can be read", arguments: OrthancKeys.encodings.sorted())
  func encodings(_ name: String) {
    #expect(Dicom.CharacterSet(orthancName: name) != nil)
  }
}
