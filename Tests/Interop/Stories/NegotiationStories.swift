import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import Dicom

extension Interop {
  /// What is negotiated beyond presentation contexts, with pynetdicom on the other side, as both requestor and acceptor.
  @Suite("Negotiation")
  struct NegotiationStories {
    /// pynetdicom's SCP that negotiates all there is, and what each association asked of it.
    final class Peer: Sendable {
      let port: Int
      let process: Subprocess

      init(in workshop: Workshop) async throws {
        port = try Ports.free()
        process = try Subprocess(
          Workshop.python, ["\(Workshop.scripts)/negotiating_scp.py", String(port), "PEER"], in: workshop)
        try await Ports.awaitListening(port, process)
      }

      /// The n-th association, from 0, when it has ended.
      func asked(_ number: Int) async throws -> [String: Any] {
        try await eventually("association \(number) ends") {
          let lines = process.output.split(separator: "\n")
          guard lines.count > number else { return nil }
          return try JSONSerialization.jsonObject(with: Data(lines[number].utf8)) as? [String: Any]
        }
      }
    }

    private func installation(
      _ workshop: Workshop, _ peer: Peer, title: String = "FLUORO", _ keys: [String: Any] = [:]
    ) throws -> Installation {
      let modality = ["AET": "PEER", "Host": "127.0.0.1", "Port": peer.port].merging(keys) { $1 }
      return try Installation(in: workshop, aeTitle: title, settings: ["DicomModalities": ["PEER": modality]])
    }

    @Test("Username and Password go out as the user identity, and the password is in nothing that is printed")
    func password() async throws {
      let workshop = try Workshop()
      let peer = try await Peer(in: workshop)
      let jane = try installation(workshop, peer, ["Username": "jane", "Password": "sesame"])
      let trace = workshop.path("trace.txt")
      let echo = try await jane.run("echo", "PEER", "--trace", trace, "--log-level", "trace")
      #expect(echo.status == 0, "\(echo.errors)")
      let identity = try #require(try await peer.asked(0)["identity"] as? [String: Any])
      #expect(identity["type"] as? Int == 2)
      #expect(identity["primary"] as? String == "jane" && identity["secondary"] as? String == "sesame")
      // pynetdicom checks usernames and does not say so.
      #expect(echo.output.contains("does not say that it checks user jane"))

      let wrong = try installation(workshop, peer, title: "WRONG", ["Username": "jane", "Password": "open sesame"])
      let refused = try await wrong.run("echo", "PEER", "--json", "--trace", trace, "--log-level", "trace")
      #expect(refused.status == 1)
      #expect(refused.output.contains("often it does not accept user jane"), "\(refused.output)")

      let listed = try await wrong.run("modalities", "list", "--json")
      for text in [echo, refused, listed].map({ $0.output + $0.errors }) + [
        try String(contentsOfFile: trace, encoding: .utf8)
      ] {
        #expect(!text.contains("sesame"), "\(text)")
      }

      let guest = try installation(workshop, peer, title: "GUEST", ["Username": "guest"])
      #expect(try await guest.run("echo", "PEER").status == 0)
    }

    @Test(
      "a ticket, an assertion or a token comes from a file, and the peer says that it knows it",
      arguments: [
        ("Kerberos", 3), ("SAML", 4), ("JWT", 5),
      ])
    func tokens(_ kind: String, _ type: Int) async throws {
      let workshop = try Workshop()
      let peer = try await Peer(in: workshop)
      // A text editor adds a line end, which is not part of an assertion or token.
      let file = try workshop.write(kind == "Kerberos" ? "open" : "open\n", to: "token")
      let fluoro = try installation(workshop, peer, ["IdentityType": kind, "IdentityFile": file])
      let known = try await fluoro.run("echo", "PEER", "--json")
      #expect(try known.objects().first?["identityConfirmed"] as? Bool == true, "\(known)")
      let identity = try await peer.asked(0)["identity"] as? [String: Any]
      #expect(identity?["type"] as? Int == type && identity?["primary"] as? String == "open")

      // It is read for each association: a renewed one is used at once.
      try workshop.write("closed", to: "token")
      #expect(try await fluoro.run("echo", "PEER").status == 1)
      try FileManager.default.removeItem(atPath: file)
      let missing = try await fluoro.run("echo", "PEER")
      #expect(missing.status == 1 && missing.errors.contains("IdentityFile \(file) cannot be read"), "\(missing)")
    }

    @Test("a query agrees with the peer on what it can, and says what it cannot")
    func capabilities() async throws {
      let workshop = try Workshop()
      let peer = try await Peer(in: workshop)
      let fluoro = try installation(workshop, peer)
      let find = try await fluoro.run(
        "find", "PEER", "--level", "series", "-q", "Modality=CT", "--relational", "--fuzzy", "--timezone")
      #expect(find.status == 0, "\(find.errors)")
      #expect(find.errors.contains("PEER did not agree to fuzzy matching of names"), "\(find.errors)")
      #expect(!find.errors.contains("relational queries"))
      let extended = try #require(try await peer.asked(0)["extended"] as? [String: [Int]])
      #expect(extended == [UID.studyRootFind.rawValue: [1, 0, 1, 1], UID.patientRootFind.rawValue: [1, 0, 1, 1]])

      let plain = try await fluoro.run("find", "PEER", "-q", "PatientID=1")
      #expect(plain.status == 0 && !plain.errors.contains("agree"))
      #expect(try await peer.asked(1)["extended"] as? [String: [Int]] == [:])
    }

    @Test("as requestor: roles, the operations window, common negotiation and no limit, all in one association")
    func requestor() async throws {
      let workshop = try Workshop()
      let peer = try await Peer(in: workshop)
      let privateClass: UID = "1.2.826.0.1.3680043.8.498.99"
      var parameters = AssociationParameters(
        host: "127.0.0.1", port: peer.port, callingAETitle: "FLUORO", calledAETitle: "PEER",
        presentationContexts: [.verification, .ctImageStorage, privateClass].map {
          PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: [.implicitVRLittleEndian])
        })
      parameters.maximumPDULength = 0
      parameters.roleSelections = [RoleSelection(sopClassUID: .ctImageStorage, isSCU: true, isSCP: true)]
      parameters.asynchronousOperationsWindow = AsynchronousOperationsWindow(invoked: 4, performed: 2)
      parameters.commonExtendedNegotiations = [
        CommonExtendedNegotiation(
          sopClassUID: privateClass, serviceClassUID: "1.2.840.10008.4.2", relatedGeneralSOPClassUIDs: [.ctImageStorage]
        )
      ]
      let association = try await Association.request(parameters, deadlines: Deadlines(Timeouts(all: .seconds(10))))
      #expect(
        association.role(for: .ctImageStorage) == RoleSelection(sopClassUID: .ctImageStorage, isSCU: true, isSCP: true))
      // It answers 1, 1: one after the other, as if nothing had been proposed.
      #expect(association.peer.asynchronousOperationsWindow == .synchronous)
      #expect(association.operationsWindow == .synchronous)
      #expect(association.peer.maximumPDULength == 0)
      for _ in 0..<3 { #expect(try await association.echo().isSuccess) }
      await association.release()

      let asked = try await peer.asked(0)
      #expect(asked["roles"] as? [String: [Bool]] == [UID.ctImageStorage.rawValue: [true, true]])
      #expect(asked["window"] as? [Int] == [4, 2])
      #expect(
        asked["common"] as? [String: [String]] == [
          privateClass.rawValue: ["1.2.840.10008.4.2", UID.ctImageStorage.rawValue]
        ])
      #expect(asked["implementation"] as? [String] == [Implementation.classUID.rawValue, Implementation.versionName])
      #expect(asked["maximum"] as? Int == 0)
    }

    @Test(
      "150 SOP classes go over as many associations as their contexts need, at most three at once, and come back by C-GET"
    )
    func manyContexts() async throws {
      let workshop = try Workshop()
      let classes = (1...150).map { "1.2.826.0.1.3680043.10.9999.2.\($0)" }
      let files = try workshop.studies(150) { number, dataSet in
        dataSet.set(.sopClassUID, UID(classes[number - 1]))
        dataSet.set(.studyInstanceUID, "2.25.4714")
        dataSet.set(.patientID, "MANY")
      }
      let pacs = try await PynetdicomPACS(in: workshop, classes.flatMap { ["--take-class", $0] })
      let entry: [String: Any] = [
        "AET": pacs.aeTitle, "Host": "127.0.0.1", "Port": pacs.port, "MaximumAssociations": 3,
      ]
      let fluoro = try Installation(in: workshop, settings: ["DicomModalities": ["PACS": entry]])
      func calls() -> Int { pacs.process.output.components(separatedBy: "called by").count - 1 }
      let sent = try await fluoro.start(["store", "PACS", "--associations", "8", "--json"] + files).finished()
      #expect(sent.status == 0, "\(sent.errors)")
      #expect(try sent.objects().last?["completed"] as? Int == 150)
      #expect(try sent.objects().last?["associations"] as? Int == 3)
      #expect(calls() >= 3)

      let before = calls()
      let got = try await fluoro.run("get", "PACS", "-q", "StudyInstanceUID=2.25.4714", "--json")
      #expect(got.status == 0, "\(got.output)\(got.errors)")
      #expect(try got.objects().last?["received"] as? Int == 150)
      #expect(calls() > before + 1, "one association has room for 128 contexts")
      #expect(try await Python.differences(between: files, and: fluoro, in: workshop) == [])
    }

    /// What pynetdicom, as requestor, was answered.
    private func proposal(_ proposal: String, to port: Int, in workshop: Workshop) async throws -> [String: Any] {
      let ended = try await Python.run("negotiating_scu.py", [String(port), "FLUORO", proposal], in: workshop)
      guard let answer = try ended.objects().first else { throw PeerProblem(ended.errors) }
      return answer
    }

    @Test("with DicomUsers only who knows the passcode gets in, and hears so; the log names the user")
    func users() async throws {
      let workshop = try Workshop()
      let fluoro = try Installation(in: workshop, settings: ["DicomUsers": ["jane": "sesame"]])
      let server = try await fluoro.serve()
      func comes(_ identity: String) async throws -> [String: Any] {
        try await proposal("{\(identity)}", to: fluoro.port, in: workshop)
      }
      let jane = try await comes(#""identity": [2, "jane", "sesame"]"#)
      #expect(jane["established"] as? Bool == true && jane["echoes"] as? [Int] == [0], "\(jane)")
      // PS3.7 §D.3.3.7.2: there is nothing to be said to a username beside that it is known.
      #expect(jane["identity"] as? String == "", "\(jane)")
      for other in [
        #""identity": [2, "jane", "open"]"#, #""identity": [2, "joe", "sesame"]"#, #""identity": [1, "jane"]"#,
        #""identity": [5, "sesame"]"#, "",
      ] {
        let refused = try await comes(other)
        #expect(refused["rejected"] as? Bool == true, "\(other): \(refused)")
      }
      let log = try await eventually("all are logged") {
        let said = server.output + server.errors
        return said.contains("gave no user identity") ? said : nil
      }
      #expect(log.contains("as user jane"), "\(log)")
      #expect(log.contains("with a wrong passcode") && log.contains("who is not among DicomUsers"))
      #expect(!log.contains("sesame"), "\(log)")
    }

    @Test(
      "as acceptor: relational queries, dates with times, storage level, window and limits are answered; no more than that"
    )
    func acceptor() async throws {
      let workshop = try Workshop()
      let fluoro = try Installation(in: workshop)
      let server = try await fluoro.serve()
      let find = UID.studyRootFind.rawValue
      let ct = UID.ctImageStorage.rawValue
      let answer = try await proposal(
        """
        {"extended": {"\(find)": [1, 1, 1, 1], "\(ct)": [2, 0, 0, 0, 0, 0]}, "window": [0, 0], "repeat": 3,
         "contexts": ["\(find)", "\(ct)", "1.2.826.0.1.3680043.8.498.98", "1.2.826.0.1.3680043.8.498.99"],
         "common": {"1.2.826.0.1.3680043.8.498.98": ["1.2.840.10008.4.1"],
                    "1.2.826.0.1.3680043.8.498.99": ["1.2.840.10008.4.2", "\(ct)"]}, "maximum": 0}
        """, to: fluoro.port, in: workshop)
      #expect(answer["extended"] as? [String: [Int]] == [find: [1, 1, 0, 0], ct: [2, 0, 3, 0, 0, 0]], "\(answer)")
      #expect(answer["window"] as? [Int] == [8, 1])
      #expect(answer["echoes"] as? [Int] == [0, 0, 0])
      #expect(answer["maximum"] as? Int == 131072)
      // The private class that says it is something else than storage is not taken for it.
      #expect(
        answer["contexts"] as? [String]
          == ["1.2.826.0.1.3680043.8.498.99", UID.verification.rawValue, ct, find].sorted())

      let plain = try await proposal(#"{"identity": [1, "guest"]}"#, to: fluoro.port, in: workshop)
      #expect(plain["extended"] as? [String: [Int]] == [:] && plain["window"] as? [Int] == [1, 1])
      #expect(plain["identity"] is NSNull, "nobody has checked, so nobody says so")
      _ = try await eventually("the guest is logged") {
        (server.output + server.errors).contains("as user guest, not checked") ? true : nil
      }
    }

    /// Answers identities with a response, and agrees to roles.
    final class Checking: AcceptorDelegate {
      let heard = NIOLockedValueBox<[UserIdentity?]>([])

      func evaluate(_ request: AssociateRequest) -> AssociateDecision {
        let identity = request.userInformation.userIdentity
        heard.withLockedValue { $0.append(identity) }
        return request.accepting(
          abstractSyntax: { _ in true }, transferSyntax: { _, _ in true },
          roles: request.userInformation.roleSelections,
          answers: NegotiationAnswers(userIdentityResponse: identity.map { Array("for \($0)".utf8) }))
      }
    }

    @Test(
      "as acceptor: every kind of identity reaches the delegate, its response the requestor, and roles are agreed to")
    func responses() async throws {
      let workshop = try Workshop()
      let delegate = Checking()
      let acceptor = try await Acceptor.listen(host: "127.0.0.1", port: 0, delegate: delegate)
      let ct = UID.ctImageStorage.rawValue
      for (type, words) in [(3, "a Kerberos service ticket"), (4, "a SAML assertion"), (5, "a JSON Web Token")] {
        let answer = try await proposal(
          #"{"identity": [\#(type), "token"], "contexts": ["\#(ct)"], "roles": {"\#(ct)": [1, 1]}}"#,
          to: acceptor.port, in: workshop)
        #expect(answer["identity"] as? String == "for \(words)", "\(answer)")
        #expect(answer["roles"] as? [String: [Bool]] == [ct: [true, true]])
      }
      #expect(
        delegate.heard.withLockedValue { $0 }.map { $0?.primaryField }
          == Array(repeating: Array("token".utf8), count: 3))
      await acceptor.close(grace: .zero)
    }
  }
}
