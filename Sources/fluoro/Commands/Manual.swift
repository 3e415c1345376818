import ArgumentParser
import Dicom
import TUI

/// The man page: what the argument parser and the keymap say themselves, so that it cannot disagree with them.
struct Manual: NetworkCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Print the man page (roff); `make install` puts it in place.", shouldDisplay: false
  )

  func perform() async throws {
    for line in ManualPage.lines() { try ResultWriter.standard.line(line) }
  }
}

enum ManualPage {
  static func lines() -> [String] {
    var lines = [
      ".TH FLUORO 1 \"\" \"fluoro \(Implementation.version)\" \"User Commands\"", ".SH NAME",
      "fluoro \\- \(escaped(Fluoro.configuration.abstract))", ".SH SYNOPSIS",
    ]
    lines += literal(Fluoro.usageString(for: Fluoro.self))
    for command in Fluoro.configuration.subcommands where command.configuration.shouldDisplay {
      lines += literal(Fluoro.usageString(for: command))
    }
    lines += [".SH DESCRIPTION", escaped(Fluoro.configuration.discussion), ".SH COMMANDS"]
    for command in Fluoro.configuration.subcommands where command.configuration.shouldDisplay {
      let nested = command.configuration.subcommands
      for shown in nested.isEmpty ? [command] : nested {
        lines.append(".SS \"\(escaped(name(shown, in: command)))\"")
        lines += literal(Fluoro.helpMessage(for: shown, columns: 76))
      }
    }
    lines.append(".SH KEYS")
    for section in TUI.keyTable {
      lines.append(".SS \"\(escaped(section.title))\"")
      for (keys, help) in section.keys { lines += [".TP", ".B \(escaped(keys))", escaped(help)] }
    }
    lines += [
      ".SH FILES", ".TP", "$XDG_CONFIG_HOME/fluoro/fluoro.json", "the configuration, in Orthanc's vocabulary", ".TP",
      "$XDG_CONFIG_HOME/fluoro/modalities.json", "modalities added in fluoro", ".TP", "$XDG_DATA_HOME/fluoro",
      "the local studies",
    ]
    return lines
  }

  private static func name(_ command: any ParsableCommand.Type, in parent: any ParsableCommand.Type) -> String {
    parent == command ? command._commandName : "\(parent._commandName) \(command._commandName)"
  }

  private static func literal(_ text: String) -> [String] {
    [".nf"] + text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) } + [".fi"]
  }

  /// Backslashes and hyphens as they are, and no line that begins as a request.
  private static func escaped(_ text: String) -> String {
    let text = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
  }
}
