import Testing

@testable import TUI

@Suite("Keys from bytes")
struct KeyDecoderTests {
  private let start = ContinuousClock.now

  private func decode(_ text: String) -> [Input] {
    var decoder = KeyDecoder()
    let inputs = decoder.feed(Array(text.utf8), at: start)
    return inputs + decoder.expire(at: start + .seconds(1))
  }

  @Test("The mouse's press and wheel are events, its releases, movements and other buttons nobody's")
  func mouse() {
    var decoder = KeyDecoder()
    func read(_ text: String) -> [Input] { decoder.feed(Array(text.utf8), at: .now) }
    #expect(read("\u{1b}[<0;12;5M") == [.mouse(MouseEvent(kind: .press, row: 4, column: 11))])
    #expect(read("\u{1b}[<64;1;1M") == [.mouse(MouseEvent(kind: .wheelUp, row: 0, column: 0))])
    #expect(read("\u{1b}[<81;1;1M") == [.mouse(MouseEvent(kind: .wheelDown, row: 0, column: 0))])
    #expect(read("\u{1b}[<0;12;5m\u{1b}[<35;12;5M\u{1b}[<2;12;5M\u{1b}[<0;0;5M").isEmpty)
    #expect(read("j") == [.key("j")])
  }

  @Test(
    "A key is what the terminal sends for it",
    arguments: [
      ("j", "j"), ("G", "G"), (" ", "Space"), ("\r", "Enter"), ("\n", "Enter"), ("\t", "Tab"), ("\u{7f}", "Backspace"),
      ("\u{8}", "Backspace"), ("\u{4}", "Ctrl-D"), ("\u{3}", "Ctrl-C"), ("\u{1a}", "Ctrl-Z"), ("\0", "Ctrl-Space"),
      ("\u{1f}", "Ctrl-_"), ("\u{1b}", "Esc"), ("\u{1b}[A", "Up"), ("\u{1b}OA", "Up"), ("\u{1b}[B", "Down"),
      ("\u{1b}OC", "Right"), ("\u{1b}[D", "Left"), ("\u{1b}[H", "Home"), ("\u{1b}OF", "End"), ("\u{1b}[1~", "Home"),
      ("\u{1b}[4~", "End"), ("\u{1b}[7~", "Home"), ("\u{1b}[5~", "PgUp"), ("\u{1b}[6~", "PgDn"), ("\u{1b}[3~", "Del"),
      ("\u{1b}[2~", "Ins"), ("\u{1b}OP", "F1"), ("\u{1b}[11~", "F1"), ("\u{1b}[[A", "F1"), ("\u{1b}[24~", "F12"),
      ("\u{1b}[Z", "Shift-Tab"), ("\u{1b}[1;5C", "Ctrl-Right"), ("\u{1b}[1;3A", "Alt-Up"), ("\u{1b}1", "Alt-1"),
      ("\u{1b}é", "Alt-é"), ("\u{1b}[49;3u", "Alt-1"), ("\u{1b}[27;5;99~", "Ctrl-C"), ("\u{1b}OM", "Enter"),
      ("é", "é"), ("山", "山"), ("🩻", "🩻"), ("\u{1b}[5^", "Ctrl-PgUp"),
    ])
  func table(bytes: String, key: String) {
    #expect(decode(bytes).map(\.words) == [key])
  }

  @Test(
    "What is nobody's key is swallowed whole",
    arguments: [
      "\u{1b}[?62;22c", "\u{1b}[<35;10;10M", "\u{1b}[M !!", "\u{1b}]52;c;abc\u{7}", "\u{1b}]11;rgb:0/0/x\u{1b}\\",
      "\u{1b}]10;rgb:0/0/0\u{7}", "\u{1b}]11;rgb:0/0/00000\u{7}",
      "\u{1b}P1$r0m\u{1b}\\", "\u{1b}[I", "\u{1b}[999999999999999999999~", "\u{9b}",
    ])
  func swallowed(bytes: String) {
    #expect(decode(bytes + "x").map(\.words) == ["x"])
  }

  @Test(
    "The terminal's answer about its background says whether it is light, however it is written",
    arguments: [
      ("rgb:ffff/ffff/ffff", true), ("rgb:0000/0000/0000", false), ("rgb:fd/f6/e3", true), ("rgb:0/2/3", false),
      ("rgba:ffff/ffff/dddd/ffff", true), ("rgb:0000/0000/ffff", false), ("rgb:0000/ffff/0000", true),
    ])
  func background(color: String, isLight: Bool) {
    for end in ["\u{7}", "\u{1b}\\"] {
      #expect(decode("\u{1b}]11;\(color)\(end)j") == [.background(isLight: isLight), .key("j")])
    }
  }

  @Test("An answer that comes in pieces, as over a slow line, is no keys")
  func slowAnswer() {
    var decoder = KeyDecoder()
    var now = start
    for byte in "\u{1b}]11;rgb:ffff/ffff/ffff".utf8 {
      #expect(decoder.feed([byte], at: now).isEmpty)
      // The lead-in comes at once; Esc alone has its own delay.
      now += byte == 0x1b || byte == 0x5d ? .milliseconds(1) : .milliseconds(200)
      #expect(decoder.expire(at: now).isEmpty)
    }
    #expect(decoder.feed([0x07, 0x6a], at: now) == [.background(isLight: true), .key("j")])
    #expect(decoder.feed(Array("\u{1b}]11;rgb".utf8), at: now).isEmpty)
    #expect(decoder.expire(at: now + .seconds(1)).isEmpty)
    #expect(decoder.feed([0x6b], at: now + .seconds(1)) == [.key("k")], "one that never ends is forgotten")
  }

  @Test("Who leaves waits for all pieces of the answer, and for no more than comes")
  func lastAnswer() {
    var decoder = KeyDecoder()
    var pieces = ["q", "\u{1b}]11;rgb:00", "00/0000/0000", "\u{7}", "of the shell"].map { Array($0.utf8) }
    decoder.awaitBackground { pieces.removeFirst() }
    #expect(pieces == [Array("of the shell".utf8)])
    decoder.awaitBackground { pieces.popLast() }
    #expect(pieces.isEmpty, "none came, and nothing more is waited for")
  }

  @Test(
    "Bytes that are no text are dropped, what follows is not",
    arguments: [[0xff], [0xc3], [0x80, 0x80], [0xf0, 0x9f]])
  func garbage(bytes: [UInt8]) {
    var decoder = KeyDecoder()
    #expect(decoder.feed(bytes + [0x78], at: start).map(\.words) == ["x"])
  }

  @Test("A lone Esc waits for its delay and no longer")
  func loneEscape() {
    var decoder = KeyDecoder()
    #expect(decoder.deadline == nil)
    #expect(decoder.feed([0x1b], at: start).isEmpty)
    #expect(decoder.deadline == start + KeyDecoder.escapeDelay)
    #expect(decoder.expire(at: start + .milliseconds(10)).isEmpty)
    #expect(decoder.expire(at: start + KeyDecoder.escapeDelay) == [.key(.escape)])
    #expect(decoder.deadline == nil)
  }

  @Test("Esc Esc is two of them")
  func twoEscapes() { #expect(decode("\u{1b}\u{1b}").map(\.words) == ["Esc", "Esc"]) }

  @Test("Everything survives being read byte by byte")
  func split() {
    let text = "a\u{1b}[Bé山\u{1b}[200~DOE^\u{1b}[201~\u{1b}[0nq"
    var decoder = KeyDecoder()
    var inputs: [Input] = []
    for (index, byte) in text.utf8.enumerated() {
      inputs += decoder.feed([byte], at: start + .milliseconds(index))
    }
    #expect(inputs == [.key("a"), .key(.down), .key("é"), .key("山"), .paste("DOE^"), .ready, .key("q")])
  }

  @Test("A paste is one event, without line ends and controls, never keys")
  func paste() {
    #expect(decode("\u{1b}[200~1.2.840\r\nq\u{3}\u{1b}[A\u{1b}[201~j") == [.paste("1.2.840q[A"), .key("j")])
  }

  @Test("A paste whose end got lost is delivered after a silence")
  func endlessPaste() {
    var decoder = KeyDecoder()
    #expect(decoder.feed(Array("\u{1b}[200~DOE".utf8), at: start).isEmpty)
    #expect(decoder.expire(at: start + KeyDecoder.pasteDelay) == [.paste("DOE")])
    #expect(decoder.feed([0x6a], at: start + .seconds(1)) == [.key("j")])
  }

  @Test("Any bytes at all leave a decoder that still decodes")
  func anything() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var decoder = KeyDecoder()
      let noise = (0..<64).map { _ in UInt8.random(in: 0...255, using: &generator) }
      _ = decoder.feed(noise, at: start)
      _ = decoder.expire(at: start + .seconds(1))
      // A string sequence ends at BEL; what began as mouse report takes at most three more bytes.
      _ = decoder.feed([0x07, 0x07, 0x07, 0x07], at: start + .seconds(2))
      _ = decoder.expire(at: start + .seconds(3))
      #expect(decoder.feed([0x78], at: start + .seconds(4)).last == .key("x"), "after \(noise)")
    }
  }
}

extension Input {
  fileprivate var words: String {
    switch self {
    case .key(let key): key.description
    case .paste(let text): "paste \(text)"
    case .ready: "ready"
    case .mouse(let event): "mouse \(event.kind)"
    case .background(let isLight): "background \(isLight)"
    }
  }
}
