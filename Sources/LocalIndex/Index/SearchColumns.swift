import Dicom

/// A column beside a main tag that holds its value as it is compared, so that SQLite answers by itself.
struct SearchColumn: Sendable {
  let tag: Tag
  let name: String
  let value: @Sendable (String) -> String

  private init(_ tag: Tag, suffix: String = "_f", _ value: @escaping @Sendable (String) -> String) {
    self.tag = tag
    self.name = MainTags.column(tag) + suffix
    self.value = value
  }

  static let patient: [SearchColumn] = [
    SearchColumn(.patientID) { FoldedText.fold(ValueMatcher.trim($0)) },
    SearchColumn(.patientName, suffix: "_f") { FoldedText.nameGroups($0)[0] },
    SearchColumn(.patientName, suffix: "_i") { FoldedText.nameGroups($0)[1] },
    SearchColumn(.patientName, suffix: "_p") { FoldedText.nameGroups($0)[2] },
    SearchColumn(.patientBirthDate) { DateTimeText.normalise($0, .date) },
  ]

  static let study: [SearchColumn] = [
    SearchColumn(.studyDate) { DateTimeText.normalise($0, .date) },
    SearchColumn(.studyTime) { DateTimeText.normalise($0, .time) },
    SearchColumn(.accessionNumber) { FoldedText.fold(ValueMatcher.trim($0)) },
    SearchColumn(.studyDescription) { FoldedText.fold(ValueMatcher.trim($0)) },
    SearchColumn(.studyID) { FoldedText.fold(ValueMatcher.trim($0)) },
  ]

  static let series: [SearchColumn] = [
    SearchColumn(.modality) { FoldedText.fold(ValueMatcher.trim($0)) },
    SearchColumn(.seriesDescription) { FoldedText.fold(ValueMatcher.trim($0)) },
  ]

  static func columns(of level: Level) -> [SearchColumn] {
    switch level {
    case .patient: patient
    case .study: study
    case .series: series
    case .instance: []
    }
  }
}
