import Glibc

/// Copies by what the terminal offers: inside tmux through its buffer (which reaches the outer terminal by `-w`), else
/// by OSC 52. Neither says whether it worked, hence the text is always shown as well.
enum Clipboard {
  static func copy(_ text: String, to terminal: Terminal) {
    if getenv("TMUX") != nil, loadIntoTmux(text) { return }
    terminal.write("\u{1b}]52;c;\(base64(Array(text.utf8)))\u{07}")
  }

  private static func loadIntoTmux(_ text: String) -> Bool {
    // tmux reads at once and everything: a pipe takes this much without a reader.
    guard text.utf8.count < 60_000, let pipe = popen("tmux load-buffer -w - 2>/dev/null", "w") else { return false }
    fputs(text, pipe)
    return pclose(pipe) == 0
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
      for place in 0..<4 {
        text.append(place <= group.count ? digits[value >> (6 * (3 - place)) & 63] : "=")
      }
    }
    return text
  }
}
