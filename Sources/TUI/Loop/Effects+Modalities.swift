import Operations

/// Modalities that a person adds, changes or removes. On a thread of its own: the file is written through to the disk.
extension Effects {
  func changeModalities(_ effect: Effect) {
    do {
      switch effect {
      case .saveModality(let draft):
        // What the form does not ask for stays as it is.
        let known = station.configuration.modalities.first { $0.name == draft.name }
        var modality = Modality(name: draft.name, aeTitle: draft.aeTitle, host: draft.host, port: draft.port)
        if var kept = known {
          kept.aeTitle = draft.aeTitle
          kept.host = draft.host
          kept.port = draft.port
          modality = kept
        }
        try station.add(modality)
        say("\(known == nil ? "Added" : "Saved") \(draft.name) (\(modality.address)).", .good)
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
}
