/// What `ReadOnly` and a modality's `Production` keep from happening by mistake. Every front end asks; the operations
/// refuse, so that none can forget to.
extension Station {
  /// The name a person must have typed before something is stored there; nil: none.
  public func nameToConfirm(storingTo modality: Modality) -> String? {
    modality.isProduction ? modality.name : nil
  }

  /// The name a person must have typed before a modality sends to another station; nil: none. Where both are in
  /// production it is the destination's.
  public func nameToConfirm(movingFrom modality: Modality, to target: String?) -> String? {
    let configuration = configuration
    guard let target,
      !(configuration.ownAETitles + scp.titles).contains(where: { configuration.isSameAETitle($0, target) })
    else { return nil }
    let destination = configuration.modalities.first {
      $0.isProduction && configuration.isSameAETitle($0.aeTitle, target)
    }
    return destination?.name ?? nameToConfirm(storingTo: modality)
  }

  func check(_ confirmation: String?, against name: String?) throws(OperationError) {
    guard let name, confirmation != name else { return }
    throw OperationError("\(name) is marked as Production: its name must be typed to confirm; nothing was sent")
  }

  /// Keeps `MaximumStorageMode: Recycle` from deleting a local study, or lets it again.
  ///
  /// - Throws: ``OperationError`` when there is no such study here, nor one protected, `StorageError` when it cannot be kept.
  public func protect(_ study: String, _ isProtected: Bool = true) throws {
    // One that is protected may be gone from here.
    if try !isProtected && index.unprotect(study: study) { return }
    guard try index.lookup(study)?.level == .study else {
      throw OperationError("\(study): there is no local study with this identifier")
    }
    if isProtected { try index.protect(study: study) }
  }
}
