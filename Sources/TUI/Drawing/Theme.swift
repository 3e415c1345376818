import Glibc

/// How roles look, in the terminal's own sixteen colours so that they fit whatever the person has chosen.
struct Theme: Sendable, Equatable {
  enum Name: String, Sendable, CaseIterable {
    case dark, light, monochrome

    /// As the terminal says its background is: `COLORFGBG` ends with the palette's number of it (rxvt, Konsole, iTerm2).
    /// nil: it does not say.
    static var ofTerminal: Name? { getenv("COLORFGBG").flatMap { of(String(cString: $0)) } }

    static func of(_ colors: String) -> Name? {
      guard let background = colors.split(separator: ";").last.flatMap({ Int($0) }) else { return nil }
      return background == 7 || (9...15).contains(background) ? .light : .dark
    }
  }

  struct Look: Sendable, Equatable {
    /// A colour of the terminal's palette; -1 is its default.
    var foreground: Int16 = -1
    var background: Int16 = -1
    var bold = false
    var dim = false
    var reverse = false
    var underline = false
  }

  let name: Name

  /// The look of a style on a terminal of so many colours.
  func look(_ style: Style, colors: Int) -> Look {
    if name == .monochrome || colors < 8 { return monochrome(style) }
    if let shade = style.shade {
      return Look(foreground: Shade.color(shade.lower), background: Shade.color(shade.upper))
    }
    var look = color(style.role, bright: colors >= 16)
    // Green and yellow of the sixteen are hard to read on white.
    if name == .light, colors >= 256, look.background == -1 {
      if look.foreground == 2 { look.foreground = 28 }
      if look.foreground == 3 { look.foreground = 130 }
    }
    guard style.selected else { return look }
    // One look for whatever stands in it, the bar before it too: each change of it is sent with every step of the cursor.
    // Reversed, since that can be read on any background, whatever the theme believes it to be.
    return style.role == .match ? look : Look(foreground: color(.accent, bright: true).foreground, reverse: true)
  }

  private func color(_ role: Role, bright: Bool) -> Look {
    let dark = name == .dark
    let grey: Int16 = bright ? 8 : -1
    switch role {
    case .text: return Look()
    case .dim: return Look(foreground: grey, dim: !bright)
    case .strong: return Look(bold: true)
    case .heading: return Look(foreground: dark ? 6 : 4, bold: true)
    case .accent: return Look(foreground: dark ? 6 : 4)
    case .good: return Look(foreground: 2)
    case .warning: return Look(foreground: 3)
    case .bad: return Look(foreground: 1, bold: true)
    case .busy: return Look(foreground: dark ? 5 : 5)
    case .key: return Look(foreground: dark ? 3 : 4, bold: true)
    case .rule: return Look(foreground: grey, dim: !bright)
    case .tab: return Look(foreground: dark ? 0 : 7, background: dark ? 6 : 4, bold: !dark)
    case .field: return Look(underline: true)
    case .bar: return Look(foreground: 2)
    case .match: return Look(foreground: 0, background: 3)
    }
  }

  private func monochrome(_ style: Style) -> Look {
    var look = Look()
    switch style.role {
    case .strong, .heading, .bad, .key, .accent: look.bold = true
    case .dim, .rule: look.dim = true
    case .tab, .match: look.reverse = true
    case .field: look.underline = true
    case .text, .good, .warning, .busy, .bar: break
    }
    if style.selected {
      look.reverse.toggle()
      look.dim = false
    }
    return look
  }
}
