/// Rows of services that fluoro does not speak and that its users meet in the logs of others.
extension StatusBook {
  private static let ups = "PS3.4 §CC.2"

  /// Procedure steps and media creation.
  static let workflow: [Entry] = [
    Entry(
      0x0110, [.procedureStep], "Processing failure", "PS3.4 §F.7.2.2.4; PS3.7 §C.5.21",
      cause: "an error inside the peer, or a performed procedure step that is completed or discontinued already",
      remedy: "its comment says which; a step that has ended may no longer be updated"),
    Entry(0xB300, [.procedureStep], "Warning: the UPS was created with modifications", ups),
    Entry(0xB301, [.procedureStep], "Warning: deletion lock not granted", ups),
    Entry(0xB304, [.procedureStep], "Warning: the UPS is already in the requested state of CANCELED", ups),
    Entry(0xB305, [.procedureStep], "Warning: coerced invalid values to valid values", ups),
    Entry(0xB306, [.procedureStep], "Warning: the UPS is already in the requested state of COMPLETED", ups),
    Entry(0xC300, [.procedureStep], "Failure: the UPS may no longer be updated", ups),
    Entry(0xC301, [.procedureStep], "Failure: the correct transaction UID was not provided", ups),
    Entry(0xC302, [.procedureStep], "Failure: the UPS is already IN PROGRESS", ups),
    Entry(0xC303, [.procedureStep], "Failure: the UPS may only become SCHEDULED via N-CREATE", ups),
    Entry(
      0xC304, [.procedureStep], "Failure: the UPS has not met final state requirements for the requested change", ups),
    Entry(
      0xC307, [.procedureStep], "Failure: the SOP instance UID does not exist or is not a UPS managed here", ups),
    Entry(0xC308, [.procedureStep], "Failure: the receiving AE title is unknown to this SCP", ups),
    Entry(0xC309, [.procedureStep], "Failure: the provided value of UPS state was not SCHEDULED", ups),
    Entry(0xC310, [.procedureStep], "Failure: the UPS is not yet in the IN PROGRESS state", ups),
    Entry(0xC311, [.procedureStep], "Failure: the UPS is already COMPLETED", ups),
    Entry(0xC312, [.procedureStep], "Failure: the performer cannot be contacted", ups),
    Entry(0xC313, [.procedureStep], "Failure: the performer chooses not to cancel", ups),
    Entry(0xC314, [.procedureStep], "Failure: the action is not appropriate for the instance", ups),
    Entry(0xC315, [.procedureStep], "Failure: the SCP does not support event reports", ups),
    Entry(0xC000...0xCFFF, [.procedureStep], "Failure: unable to process", "PS3.4 §CC.2.8.4"),
    Entry(
      0xA510, [.mediaCreation], "Failure: an initiate media creation action has already been received", "PS3.4 §S.3.2"),
    Entry(0xC201, [.mediaCreation], "Failure: the media creation request is already completed", "PS3.4 §S.3.2"),
    Entry(
      0xC202, [.mediaCreation], "Failure: the media creation request is in progress and cannot be interrupted",
      "PS3.4 §S.3.2"),
    Entry(0xC203, [.mediaCreation], "Failure: cancellation denied for an unspecified reason", "PS3.4 §S.3.2"),
  ]

  private static let print = "PS3.4 §H.4"

  static let printing: [Entry] = [
    Entry(0xB600, [.printing], "Warning: memory allocation is not supported", print),
    Entry(0xB601, [.printing], "Warning: film session printing (collation) is not supported", print),
    Entry(0xB602, [.printing], "Warning: the film session holds no image boxes (an empty page)", print),
    Entry(0xB603, [.printing], "Warning: the film box holds no image boxes (an empty page)", print),
    Entry(0xB604, [.printing], "Warning: the image was larger than its box and has been demagnified", print),
    Entry(0xB605, [.printing], "Warning: the requested densities are outside the printer's range", print),
    Entry(0xB609, [.printing], "Warning: the image was larger than its box and has been cropped", print),
    Entry(0xB60A, [.printing], "Warning: the image was larger than its box and has been decimated", print),
    Entry(0xC600, [.printing], "Failure: the film session holds no film boxes", print),
    Entry(
      0xC601...0xC602, [.printing], "Failure: unable to create the print job", print, cause: "the print queue is full",
      remedy: "print again when the printer has caught up"),
    Entry(0xC603, [.printing], "Failure: the image is larger than its box", print),
    Entry(0xC605, [.printing], "Failure: insufficient memory in the printer to store the image", print),
    Entry(0xC613, [.printing], "Failure: the combined print image is larger than its box", print),
    Entry(0xC616, [.printing], "Failure: an existing film box has not been printed", print),
  ]
}
