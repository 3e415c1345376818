import Dicom

/// The presentation contexts in which the instances of a C-GET may come: one for each SOP class and transfer syntax, for
/// there is no telling how the peer holds them, and many peers look only for a context of exactly that pair. More than
/// an association takes are spread over several, the likely ones first.
struct GetContexts: Sendable {
  /// Whether our policy takes a class at all, and in a transfer syntax.
  let policy: ContextPolicy

  /// C-FIND and C-GET in both roots, and what is left beside them.
  static let services = 4
  static let perAssociation = AssociationParameters.maximumPresentationContexts - services

  /// Each association's contexts for these classes.
  func batches(_ classes: [UID]) -> [[PresentationContextProposal]] { Self.cut(contexts(classes)) }

  /// Each association's contexts where nobody can say which classes there are: all of the commonest, then the others
  /// uncompressed.
  var batchesOfUnknown: [[PresentationContextProposal]] {
    let common = contexts(Self.commonest)
    let seen = Set(Self.commonest)
    let others = DataDictionary.uids(ofType: "SOP Class")
      .filter { !seen.contains($0) && ContextPolicy.isStorage($0) == true }
    let native = contexts(others).filter { ContextPolicy.native.contains($0.transferSyntaxes[0]) }
    let batches = Self.cut(common)
    return Array(batches.prefix(1)) + Self.cut(native) + batches.dropFirst()
  }

  static func classes(_ contexts: [PresentationContextProposal]) -> [UID] {
    var seen: Set<UID> = []
    return contexts.map(\.abstractSyntax).filter { seen.insert($0).inserted }
  }

  /// The transfer syntaxes from outside in: what is left out, when there is no room, is the least likely.
  private func contexts(_ classes: [UID]) -> [PresentationContextProposal] {
    let classes = classes.filter(policy.isWanted)
    return Self.transferSyntaxes.flatMap { syntax in
      classes.filter { Self.fits(syntax, $0) && policy.isAcceptable(syntax, for: $0) }.map {
        PresentationContextProposal(abstractSyntax: $0, transferSyntaxes: [syntax])
      }
    }
  }

  private static func cut(_ contexts: [PresentationContextProposal]) -> [[PresentationContextProposal]] {
    stride(from: 0, to: contexts.count, by: perAssociation).map {
      Array(contexts[$0..<min($0 + perAssociation, contexts.count)])
    }
  }

  /// Pixels are compressed only where there are some.
  private static func fits(_ syntax: UID, _ sopClass: UID) -> Bool {
    if ContextPolicy.native.contains(syntax) || syntax == .deflatedExplicitVRLittleEndian { return true }
    guard let name = sopClass.name else { return true }
    if video.contains(syntax) { return name.contains("Video") || name.contains("Multi-frame") }
    return ["Image", "Segmentation", "Parametric Map", "Volume", "Map"].contains { name.contains($0) }
  }

  private static let video: [UID] = [
    .mpeg4HP41, .mpeg4HP41BD, .mpeg2MPML, .mpeg2MPHL, .mpeg4HP422D, .mpeg4HP423D, .mpeg4HP42STEREO, .hevcmp51,
    .hevcm10P51,
  ]
  private static let transferSyntaxes: [UID] =
    [
      .explicitVRLittleEndian, .implicitVRLittleEndian, .jpegLosslessSV1, .jpeg2000Lossless, .jpegBaseline8Bit,
      .jpegExtended12Bit, .jpeg2000, .jpeglsLossless, .rleLossless, .jpegLossless, .jpeglsNearLossless,
      .deflatedExplicitVRLittleEndian, .explicitVRBigEndian, .htj2KLossless, .htj2KLosslessRPCL, .htj2K,
    ] + video

  /// What a PACS mostly holds, roughly by how much of it.
  static let commonest: [UID] = [
    .ctImageStorage, .mrImageStorage, .computedRadiographyImageStorage, "1.2.840.10008.5.1.4.1.1.1.1",
    .secondaryCaptureImageStorage, .ultrasoundImageStorage, .ultrasoundMultiFrameImageStorage,
    .positronEmissionTomographyImageStorage, .nuclearMedicineImageStorage, .xRayAngiographicImageStorage,
    .xRayRadiofluoroscopicImageStorage, "1.2.840.10008.5.1.4.1.1.1.2", .breastTomosynthesisImageStorage,
    .enhancedCTImageStorage, .enhancedMRImageStorage, .enhancedPETImageStorage, .enhancedXAImageStorage,
    .enhancedXRFImageStorage, .legacyConvertedEnhancedCTImageStorage, .legacyConvertedEnhancedMRImageStorage,
    .grayscaleSoftcopyPresentationStateStorage, .keyObjectSelectionDocumentStorage, .basicTextSRStorage,
    .enhancedSRStorage, .comprehensiveSRStorage, .xRayRadiationDoseSRStorage, .encapsulatedPDFStorage,
    .rtStructureSetStorage, .rtDoseStorage, .rtPlanStorage, .rtImageStorage, .segmentationStorage,
    .multiFrameTrueColorSecondaryCaptureImageStorage, .multiFrameGrayscaleByteSecondaryCaptureImageStorage,
    .vlPhotographicImageStorage, .videoPhotographicImageStorage, .vlEndoscopicImageStorage,
    .videoEndoscopicImageStorage, .ophthalmicPhotography8BitImageStorage, .ophthalmicTomographyImageStorage,
    .twelveLeadECGWaveformStorage, .rawDataStorage, .spatialRegistrationStorage,
  ]
}
