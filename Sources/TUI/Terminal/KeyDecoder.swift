/// Bytes and time in, keys out: our own decoder, because `getch` blocks on a lone Esc, loses a UTF-8 character split
/// across two reads, and lets terminal replies through as letters.
///
/// A pure value. Feed it what was read; when `deadline` passes with nothing more read, call `expire`.
struct KeyDecoder: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// How long an Esc may still become the start of a sequence.
  static let escapeDelay = Duration.milliseconds(40)
  /// A paste whose end never comes is delivered after this silence.
  static let pasteDelay = Duration.milliseconds(500)
  /// A string (OSC and the like) whose end never comes is forgotten after this silence: on a slow line an answer comes in
  /// pieces, and what is left of it must not be read as keys.
  static let stringDelay = Duration.milliseconds(500)
  static let longestPaste = 1 << 20
  static let longestSequence = 64

  private enum State: Equatable {
    case ground
    case escape
    case csi([UInt8])
    case ss3
    case linuxFunction
    case mouse(Int)
    /// OSC, DCS, APC, PM, SOS: swallowed until ST or BEL; true after an Esc that may begin ST.
    case string(afterEscape: Bool, length: Int)
    /// What an OSC has said so far, as long as it may be an answer to a question of ours.
    case osc([UInt8])
    case paste([UInt8])
  }

  private var state = State.ground
  private var partial: [UInt8] = []
  private var partialModifiers: Key.Modifiers = []
  private var lastByte: Instant?

  /// When `expire` wants to be called; nil when nothing is pending.
  var deadline: Instant? {
    guard let lastByte else { return nil }
    switch state {
    case .ground: return nil
    case .paste: return lastByte + Self.pasteDelay
    case .osc(let bytes) where !bytes.isEmpty: return lastByte + Self.stringDelay
    case .string(_, let length) where length > 0: return lastByte + Self.stringDelay
    default: return lastByte + Self.escapeDelay
    }
  }

  mutating func feed(_ bytes: some Sequence<UInt8>, at now: Instant) -> [Input] {
    var out: [Input] = []
    for byte in bytes { take(byte, &out) }
    lastByte = now
    return out
  }

  /// Ends what was pending: a lone Esc, Alt with a bracket, an unfinished sequence, a paste without an end.
  mutating func expire(at now: Instant) -> [Input] {
    guard let deadline, now >= deadline else { return [] }
    defer { state = .ground }
    switch state {
    case .escape: return [.key(.escape)]
    case .csi(let bytes) where bytes.isEmpty: return [.key(.alt("["))]
    case .ss3: return [.key(.alt("O"))]
    case .paste(let bytes): return [.paste(Self.clean(bytes))]
    default: return []
    }
  }

  /// Reads on until the answer about the background is whole, in however many pieces it comes, or nothing more does. Keys
  /// among them are nobody's any more.
  mutating func awaitBackground(_ read: () -> [UInt8]?) {
    while let bytes = read() {
      let inputs = feed(bytes, at: .now)
      if inputs.contains(where: { if case .background = $0 { true } else { false } }) { return }
    }
  }

  private mutating func take(_ byte: UInt8, _ out: inout [Input]) {
    switch state {
    case .ground: ground(byte, [], &out)
    case .escape: escape(byte, &out)
    case .csi(let bytes): csi(bytes, byte, &out)
    case .ss3:
      state = .ground
      if let code = Self.ss3[byte] {
        out.append(.key(Key(code)))
      } else if byte == 0x1b {
        state = .escape
      }
    case .linuxFunction:
      state = .ground
      if (0x41...0x45).contains(byte) { out.append(.key(Key(.function(Int(byte) - 0x40)))) }
    case .mouse(let left): state = left > 1 ? .mouse(left - 1) : .ground
    case .string(let afterEscape, let length):
      if byte == 0x07 || (afterEscape && byte == 0x5c) || length > 4096 {
        state = .ground
      } else {
        state = .string(afterEscape: byte == 0x1b, length: length + 1)
      }
    case .osc(let bytes):
      switch byte {
      case 0x07: end(osc: bytes, &out)
      case 0x5c where bytes.last == 0x1b: end(osc: bytes.dropLast(), &out)
      case _ where bytes.count < Self.longestSequence: state = .osc(bytes + [byte])
      default: state = .string(afterEscape: byte == 0x1b, length: bytes.count + 1)
      }
    case .paste(var bytes):
      state = .ground
      if bytes.count < Self.longestPaste || byte == 0x7e || byte == 0x1b || bytes.suffix(6).contains(0x1b) {
        bytes.append(byte)
      }
      if byte == 0x7e, bytes.suffix(6).elementsEqual(Self.pasteEnd) {
        out.append(.paste(Self.clean(bytes.dropLast(6))))
      } else {
        state = .paste(bytes)
      }
    }
  }

  private mutating func ground(_ byte: UInt8, _ modifiers: Key.Modifiers, _ out: inout [Input]) {
    if !partial.isEmpty || byte >= 0x80 {
      utf8(byte, modifiers, &out)
      return
    }
    switch byte {
    case 0x1b: state = .escape
    case 0x0d, 0x0a: out.append(.key(Key(.enter, modifiers)))
    case 0x09: out.append(.key(Key(.tab, modifiers)))
    case 0x7f, 0x08: out.append(.key(Key(.backspace, modifiers)))
    case 0x00: out.append(.key(Key(.character(" "), modifiers.union(.control))))
    case 0x01...0x1a: out.append(.key(Key(Self.letter(byte | 0x60), modifiers.union(.control))))
    case 0x1c...0x1f: out.append(.key(Key(Self.letter(byte | 0x40), modifiers.union(.control))))
    default: out.append(.key(Key(Self.letter(byte), modifiers)))
    }
  }

  private mutating func utf8(_ byte: UInt8, _ modifiers: Key.Modifiers, _ out: inout [Input]) {
    if partial.isEmpty {
      // Continuation bytes alone and the never valid leads are noise.
      if (0xc2...0xf4).contains(byte) {
        partial = [byte]
        partialModifiers = modifiers
      }
      return
    }
    guard byte & 0xc0 == 0x80 else {
      partial = []
      ground(byte, modifiers, &out)
      return
    }
    partial.append(byte)
    let expected = partial[0] >= 0xf0 ? 4 : partial[0] >= 0xe0 ? 3 : 2
    guard partial.count == expected else { return }
    let bytes = partial
    partial = []
    guard let text = String(validating: bytes, as: UTF8.self), let character = text.first,
      !(0x80...0x9f).contains(text.unicodeScalars.first?.value ?? 0)
    else { return }
    out.append(.key(Key(.character(character), partialModifiers)))
  }

  private mutating func escape(_ byte: UInt8, _ out: inout [Input]) {
    state = .ground
    switch byte {
    case 0x1b:
      out.append(.key(.escape))
      state = .escape
    case 0x5b: state = .csi([])
    case 0x4f: state = .ss3
    case 0x5d: state = .osc([])
    case 0x50, 0x58, 0x5e, 0x5f: state = .string(afterEscape: false, length: 0)
    default: ground(byte, .alt, &out)
    }
  }

  private mutating func csi(_ bytes: [UInt8], _ byte: UInt8, _ out: inout [Input]) {
    switch byte {
    case 0x1b: state = .escape
    case 0x5b where bytes.isEmpty: state = .linuxFunction
    case 0x4d where bytes.isEmpty: state = .mouse(3)
    case 0x20...0x3f where bytes.count < Self.longestSequence: state = .csi(bytes + [byte])
    // rxvt ends a shifted key with $, which elsewhere is an intermediate byte; handled in `final`.
    case 0x40...0x7e:
      state = .ground
      final(byte, bytes, &out)
    default: state = .ground
    }
  }

  private mutating func final(_ byte: UInt8, _ bytes: [UInt8], _ out: inout [Input]) {
    if bytes.first == 0x3c, byte == 0x4d || byte == 0x6d {
      mouse(bytes.dropFirst(), isPress: byte == 0x4d, &out)
      return
    }
    // Other private replies (=, >, ?) are nobody's key.
    guard bytes.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x3b || $0 == 0x3a }) else { return }
    let fields = bytes.split(separator: 0x3b, omittingEmptySubsequences: false).map { field in
      field.prefix { $0 != 0x3a }.reduce(0) { min($0 * 10 + Int($1 - 0x30), 0x11_0000) }
    }
    let first = fields.first ?? 0
    let modifiers = Self.modifiers(fields.count > 1 ? fields[1] : 1)
    switch byte {
    case 0x7e where first == 200: state = .paste([])
    case 0x7e where first == 27 && fields.count > 2: character(fields[2], modifiers, &out)
    case 0x7e, 0x5e, 0x40:
      if let code = Self.tilde[first] { out.append(.key(Key(code, byte == 0x5e ? .control : modifiers))) }
    case 0x75: character(first, modifiers, &out)
    case 0x6e: if first == 0 { out.append(.ready) }
    case 0x5a: out.append(.key(.backTab))
    default: if let code = Self.ss3[byte] { out.append(.key(Key(code, modifiers))) }
    }
  }

  /// `11;rgb:ffff/ffff/ffff`, or `rgba:`; one to four hex digits each (XParseColor).
  private mutating func end(osc bytes: some Collection<UInt8>, _ out: inout [Input]) {
    state = .ground
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.hasPrefix("11;rgb"), let colon = text.firstIndex(of: ":") else { return }
    let parts = text[text.index(after: colon)...].split(separator: "/", omittingEmptySubsequences: false).prefix(3)
    let shares = parts.compactMap { part -> Double? in
      guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit), let value = Int(part, radix: 16) else {
        return nil
      }
      return Double(value) / Double(1 << (4 * part.utf8.count) - 1)
    }
    guard shares.count == 3 else { return }
    // As bright as it looks (ITU-R BT.601).
    out.append(.background(isLight: 0.299 * shares[0] + 0.587 * shares[1] + 0.114 * shares[2] > 0.5))
  }

  /// An SGR report, `CSI < button ; column ; row M`: the left button's press and the wheel; releases and movements are
  /// nobody's.
  private func mouse(_ bytes: some Collection<UInt8>, isPress: Bool, _ out: inout [Input]) {
    let fields = bytes.split(separator: 0x3b).map { Int(String(decoding: $0, as: UTF8.self)) ?? -1 }
    guard isPress, fields.count == 3, (1...9999).contains(fields[1]), (1...9999).contains(fields[2]) else { return }
    // Shift, Alt and Ctrl held with it change nothing.
    let kinds: [Int: MouseEvent.Kind] = [0: .press, 64: .wheelUp, 65: .wheelDown]
    guard let kind = kinds[fields[0] & ~0b11100] else { return }
    out.append(.mouse(MouseEvent(kind: kind, row: fields[2] - 1, column: fields[1] - 1)))
  }

  /// A key given by its code point: `CSI code ; modifiers u`, xterm's `CSI 27 ; modifiers ; code ~`.
  private func character(_ code: Int, _ modifiers: Key.Modifiers, _ out: inout [Input]) {
    switch code {
    case 13: out.append(.key(Key(.enter, modifiers)))
    case 9: out.append(.key(Key(.tab, modifiers)))
    case 27: out.append(.key(Key(.escape, modifiers)))
    case 8, 127: out.append(.key(Key(.backspace, modifiers)))
    default:
      guard code >= 32, let scalar = Unicode.Scalar(UInt32(code)) else { return }
      out.append(.key(Key(.character(Character(scalar)), modifiers.subtracting(.shift))))
    }
  }

  private static func letter(_ byte: UInt8) -> Key.Code { .character(Character(Unicode.Scalar(byte))) }

  /// xterm's modifier parameter: one more than a mask of shift 1, alt 2, control 4, meta 8.
  private static func modifiers(_ parameter: Int) -> Key.Modifiers {
    let mask = max(0, parameter - 1)
    var modifiers = Key.Modifiers(rawValue: UInt8(mask & 7))
    if mask & 8 != 0 { modifiers.insert(.alt) }
    return modifiers
  }

  private static let pasteEnd: [UInt8] = [0x1b, 0x5b, 0x32, 0x30, 0x31, 0x7e]

  private static let ss3: [UInt8: Key.Code] = [
    0x41: .up, 0x42: .down, 0x43: .right, 0x44: .left, 0x46: .end, 0x48: .home, 0x4d: .enter,
    0x50: .function(1), 0x51: .function(2), 0x52: .function(3), 0x53: .function(4),
  ]

  private static let tilde: [Int: Key.Code] = [
    1: .home, 2: .insert, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
    11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4), 15: .function(5), 17: .function(6),
    18: .function(7), 19: .function(8), 20: .function(9), 21: .function(10), 23: .function(11), 24: .function(12),
  ]

  private static func clean(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    return String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.properties.generalCategory != .control }))
  }
}
