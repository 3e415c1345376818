import Dicom

extension Tag {
  /// The VR that the dictionary gives this attribute; UN for one it does not know.
  var dictionaryVR: VR { DataDictionary.attribute(for: self)?.vr ?? .UN }
}
