import Dicom
import Foundation
import LocalIndex
import Operations

/// Files that a person names, and what is kept for them. On a thread of its own: the disk takes its time.
extension Effects {
  func visitFiles(_ effect: Effect) {
    switch effect {
    case .save(let text, let path): save(text, path)
    case .completePath(let text): mailbox.post(.completions(for: text, Self.completions(text)))
    case .preview(let order): mailbox.post(.preview(token: order.token, preview(order)))
    case .convert(let source, let target, let syntax): convert(source, target, syntax)
    case .keep(let kind, let name, let text): keep(kind, name, text)
    case .allow(let title): allow(title)
    case .forbid(let title): forbid(title)
    default: break
    }
  }

  /// Never over a file that is there; readable by its owner only, since lists name patients.
  private func save(_ text: SavedText, _ path: String) {
    let path = Views.expandTilde(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      let reason =
        errno == EEXIST ? "there is such a file already; choose another name" : String(cString: strerror(errno))
      return say("\(path): \(reason)", .warning)
    }
    let bytes = Data((text.lines.joined(separator: "\n") + "\n").utf8)
    do {
      let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      try file.write(contentsOf: bytes)
      try file.close()
      say("Saved \(text.what) to \(path).", .good)
    } catch {
      say("\(path): \(error.localizedDescription)", .bad)
    }
  }

  private func convert(_ source: String, _ target: String, _ syntax: TransferSyntax) {
    do {
      try Conversion.write(Views.expandTilde(source), to: Views.expandTilde(target), syntax)
      say("Wrote \(target), \(syntax.name).", .good)
    } catch {
      say("\(error)", .warning)
    }
  }

  /// What is in the folder that is typed, as far as it begins with what is typed; folders end with a slash.
  static func completions(_ text: String) -> [String] {
    let typed = text.isEmpty ? "./" : text == "~" ? "~/" : text
    let slash = typed.lastIndex(of: "/")
    let folder = slash.map { String(typed[...$0]) } ?? ""
    let beginning = slash.map { String(typed[typed.index(after: $0)...]) } ?? typed
    let place = folder.isEmpty ? "." : Views.expandTilde(folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
    return names.filter { $0.hasPrefix(beginning) && (beginning.hasPrefix(".") || !$0.hasPrefix(".")) }.sorted()
      .prefix(200).map { name in
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: "\(place)/\(name)", isDirectory: &isFolder)
        return folder + name + (isFolder.boolValue ? "/" : "")
      }
  }

  private func preview(_ order: PreviewOrder) -> Result<PreviewImage, Message.Failure> {
    do {
      let instances = try station.index.instances(under: order.id)
      guard !instances.isEmpty else { return .failure(Message.Failure(words: "It is not here any more.")) }
      let image = max(0, min(order.image, instances.count - 1))
      let gray = try GrayFrame(path: instances[image].path, frame: order.frame)
      return .success(
        PreviewImage(
          id: instances[image].identity.instance, width: gray.width, height: gray.height, pixels: gray.pixels,
          image: image, images: instances.count, frame: gray.frame, frames: gray.frames, words: gray.words))
    } catch {
      return .failure(Message.Failure(words: "\(error)"))
    }
  }

  // MARK: What is kept

  /// Everything that is kept, read once at the start.
  func loadKept() {
    for kind in Kept.allCases {
      guard let texts = try? station.index.keptTexts(kind.rawValue), !texts.isEmpty else { continue }
      mailbox.post(.kept(kind, Dictionary(texts.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })))
    }
  }

  private func keep(_ kind: Kept, _ name: String, _ text: String?) {
    do {
      if let text {
        try station.index.keep(text, kind: kind.rawValue, name: name)
      } else {
        try station.index.forget(kind: kind.rawValue, name: name)
      }
    } catch {
      say("\(error)", .bad)
    }
  }

  private func allow(_ title: String) {
    do {
      try station.allowStore(from: title)
      say("\(title) may store here from now on; :forbid \(title) takes it back.", .good)
    } catch {
      say("\(error)", .bad)
    }
  }

  private func forbid(_ title: String) {
    do {
      let isForbidden = try station.forbidStore(from: title)
      say(
        isForbidden ? "\(title) may not store here any more." : "\(title) was not allowed from here.",
        isForbidden ? .good : .warning)
    } catch {
      say("\(error)", .bad)
    }
  }
}
