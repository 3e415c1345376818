import Dicom
import Operations

/// Modalities that a person adds, changes, tries or removes. On a thread of its own: the file is written through to the disk.
extension Effects {
  func changeModalities(_ effect: Effect) {
    do {
      switch effect {
      case .saveModality(let draft):
        let isKnown = station.configuration.modalities.contains { $0.name == draft.name }
        let modality = modality(from: draft)
        try station.add(modality)
        say("\(isKnown ? "Saved" : "Added") \(draft.name) (\(modality.address)).", .good)
      case .importModalities(let path):
        let found = try ModalityImport.read(Views.expandTilde(path))
        for modality in found.modalities { try station.add(modality) }
        let names = found.modalities.map(\.name).joined(separator: ", ")
        let words = found.modalities.isEmpty ? "\(path) names no modality." : "Added \(names)."
        say(([words] + found.notes).joined(separator: "\n"), found.notes.isEmpty ? .good : .warning)
      case .removeModality(let name):
        try station.remove(modality: name)
        say("Removed \(name).", .good)
      default: return
      }
      let configuration = station.configuration
      mailbox.post(.modalities(configuration.modalities.map { Views.modality($0, configuration) }))
    } catch {
      say("\(error)", .bad)
    }
  }

  /// What the form does not ask for stays as it is.
  private func modality(from draft: ModalityDraft) -> Modality {
    let known = station.configuration.modalities.first { $0.name == draft.name }
    var modality = known ?? Modality(name: draft.name, aeTitle: draft.aeTitle, host: draft.host, port: draft.port)
    modality.aeTitle = draft.aeTitle
    modality.host = draft.host
    modality.port = draft.port
    modality.useDicomTLS = draft.usesTLS
    modality.retrieveMethod = draft.retrieveMethod.flatMap(RetrieveMethod.init)
    modality.timeout = draft.timeout.map { .seconds($0) }
    modality.localAET = draft.localAETitle
    modality.isProduction = draft.isProduction
    return modality
  }

  /// An echo to what stands in the form.
  func tryModality(_ draft: ModalityDraft, _ token: Int) {
    let operation = station.echo(modality(from: draft))
    know(operation, "test C-ECHO", ["try-\(token)"])
    follow(operation) { [mailbox] result in
      mailbox.post(.tried(token: token, Views.echo(result)))
    }
  }
}
