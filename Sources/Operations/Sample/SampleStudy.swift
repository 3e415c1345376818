import Dicom

/// Someone who does not exist.
struct SamplePatient: Sendable {
  var id: String
  var name: String
  var birthDate: String
  var sex: String
  /// As `DefaultEncoding` names it; nil where the name is plain ASCII.
  var characterSet: String?
}

/// What a series shows.
enum SamplePicture: Sendable {
  case headCT(lesion: Bool)
  case abdomenCT
  case brainT1
  case brainT2(lesion: Bool)
  case chest
  case hand
  case ultrasound

  var modality: String {
    switch self {
    case .headCT, .abdomenCT: "CT"
    case .brainT1, .brainT2: "MR"
    case .chest, .hand: "CR"
    case .ultrasound: "US"
    }
  }

  var sopClassUID: UID {
    switch self {
    case .headCT, .abdomenCT: .ctImageStorage
    case .brainT1, .brainT2: .mrImageStorage
    case .chest, .hand: .computedRadiographyImageStorage
    case .ultrasound: .ultrasoundImageStorage
    }
  }

  var bodyPart: String {
    switch self {
    case .headCT: "HEAD"
    case .brainT1, .brainT2: "BRAIN"
    case .abdomenCT: "ABDOMEN"
    case .chest: "CHEST"
    case .hand: "HAND"
    case .ultrasound: "UTERUS"
    }
  }
}

struct SampleSeries: Sendable {
  var description: String
  var picture: SamplePicture
  var images: Int
}

struct SampleStudy: Sendable {
  var patient: SamplePatient
  var accessionNumber: String
  var date: String
  var time: String
  var description: String
  var referringPhysician: String
  var series: [SampleSeries]
}

extension SampleStudy {
  /// A dozen studies of eight people, in the scripts that people's names are written in.
  static let all: [SampleStudy] = {
    let jane = SamplePatient(id: "DEMO-0001", name: "DOE^JANE", birthDate: "19780412", sex: "F", characterSet: nil)
    let juergen = SamplePatient(
      id: "DEMO-0002", name: "MÜLLER^JÜRGEN^^Dr.", birthDate: "19550930", sex: "M", characterSet: "Latin1")
    let eleni = SamplePatient(
      id: "DEMO-0003", name: "Παπαδοπούλου^Ελένη", birthDate: "19901105", sex: "F", characterSet: "Greek")
    let sergei = SamplePatient(
      id: "DEMO-0004", name: "Иванов^Сергей^Петрович", birthDate: "19660221", sex: "M", characterSet: "Cyrillic")
    let taro = SamplePatient(
      id: "DEMO-0005", name: "Yamada^Taro=山田^太郎=やまだ^たろう", birthDate: "19480103", sex: "M", characterSet: "Utf8")
    let gildong = SamplePatient(
      id: "DEMO-0006", name: "Hong^Gildong=洪^吉洞=홍^길동", birthDate: "20010715", sex: "M", characterSet: "Utf8")
    let layla = SamplePatient(
      id: "DEMO-0007", name: "الحداد^ليلى", birthDate: "19940528", sex: "F", characterSet: "Arabic")
    let zofia = SamplePatient(
      id: "DEMO-0008", name: "WIŚNIEWSKA^ZOFIA", birthDate: "19870819", sex: "F", characterSet: "Latin2")
    let head = { (lesion: Bool) in
      SampleSeries(description: "Head axial 5 mm", picture: .headCT(lesion: lesion), images: 24)
    }
    return [
      SampleStudy(
        patient: jane, accessionNumber: "A2024001", date: "20240611", time: "081502",
        description: "CT head without contrast",
        referringPhysician: "WARD^EMERGENCY", series: [head(true)]),
      SampleStudy(
        patient: jane, accessionNumber: "A2024017", date: "20240618", time: "102233", description: "CT head, follow-up",
        referringPhysician: "WARD^EMERGENCY", series: [head(false)]),
      SampleStudy(
        patient: jane, accessionNumber: "A2024002", date: "20240611", time: "074410", description: "Chest PA",
        referringPhysician: "WARD^EMERGENCY", series: [SampleSeries(description: "PA", picture: .chest, images: 1)]),
      SampleStudy(
        patient: juergen, accessionNumber: "A2024003", date: "20240610", time: "143000",
        description: "CT abdomen with contrast", referringPhysician: "HAUSARZT^ERIKA",
        series: [SampleSeries(description: "Abdomen portal venous", picture: .abdomenCT, images: 20)]),
      SampleStudy(
        patient: juergen, accessionNumber: "A2023944", date: "20231204", time: "091855", description: "Chest PA",
        referringPhysician: "HAUSARZT^ERIKA", series: [SampleSeries(description: "PA", picture: .chest, images: 1)]),
      SampleStudy(
        patient: eleni, accessionNumber: "A2024005", date: "20240520", time: "120100", description: "MR brain",
        referringPhysician: "IATROS^NIKOS",
        series: [
          SampleSeries(description: "T1 axial", picture: .brainT1, images: 16),
          SampleSeries(description: "T2 axial", picture: .brainT2(lesion: true), images: 16),
        ]),
      SampleStudy(
        patient: sergei, accessionNumber: "A2024006", date: "20240305", time: "164520", description: "Hand left",
        referringPhysician: "VRACH^OLGA", series: [SampleSeries(description: "Hand PA", picture: .hand, images: 1)]),
      SampleStudy(
        patient: taro, accessionNumber: "A2024007", date: "20240214", time: "093000", description: "CT head",
        referringPhysician: "SATO^HANA", series: [head(true)]),
      SampleStudy(
        patient: taro, accessionNumber: "A2024008", date: "20240215", time: "111500", description: "MR brain",
        referringPhysician: "SATO^HANA",
        series: [SampleSeries(description: "T2 axial", picture: .brainT2(lesion: true), images: 16)]),
      SampleStudy(
        patient: gildong, accessionNumber: "A2024009", date: "20240118", time: "175940", description: "Hand left",
        referringPhysician: "KIM^MINSU", series: [SampleSeries(description: "Hand PA", picture: .hand, images: 1)]),
      SampleStudy(
        patient: layla, accessionNumber: "A2024010", date: "20240422", time: "101010",
        description: "Obstetric ultrasound",
        referringPhysician: "TABIB^OMAR",
        series: [SampleSeries(description: "Second trimester", picture: .ultrasound, images: 4)]),
      SampleStudy(
        patient: zofia, accessionNumber: "A2023801", date: "20230911", time: "083045", description: "CT abdomen",
        referringPhysician: "LEKARZ^ADAM",
        series: [SampleSeries(description: "Abdomen native", picture: .abdomenCT, images: 20)]),
    ]
  }()
}
