import Dicom

/// One of the two sides of a comparison.
public enum ComparedSide: Sendable, Hashable {
  /// The studies on this machine.
  case local
  case modality(Modality)

  public var name: String {
    switch self {
    case .local: Self.localName
    case .modality(let modality): modality.name
    }
  }

  /// What this machine is called beside modalities.
  public static let localName = "local"

  /// The side that a person names: a modality, `AET@host:port`, or this machine.
  public init(named name: String, in configuration: Configuration) throws {
    self = name.lowercased() == Self.localName ? .local : .modality(try configuration.modality(named: name))
  }
}

/// An instance that one side has and the other has not.
public struct ComparedInstance: Sendable, Hashable {
  public var studyInstanceUID: String
  public var seriesInstanceUID: String
  public var sopInstanceUID: String
  /// As far as the side that has it says; empty where it does not.
  public var modality = ""
  public var seriesNumber = ""
  public var instanceNumber = ""
  public var isInFirst = false
  public var isInSecond = false

  public init(study: String, series: String, sopInstanceUID: String) {
    studyInstanceUID = study
    seriesInstanceUID = series
    self.sopInstanceUID = sopInstanceUID
  }
}

/// A study that is not the same on both sides.
public struct StudyDifference: Sendable {
  public var studyInstanceUID: String
  public var isInFirst: Bool
  public var isInSecond: Bool
  /// How many instances each has; nil: it has none, or does not say.
  public var firstCount: Int?
  public var secondCount: Int?
  /// Those that only one of them has; nil where instances were not compared, or not listed.
  public var instances: [ComparedInstance]?
  /// What one that has it says of it; with the attributes that were asked for.
  public var match: DataSet?

  public init(
    studyInstanceUID: String, isInFirst: Bool, isInSecond: Bool, firstCount: Int? = nil, secondCount: Int? = nil,
    instances: [ComparedInstance]? = nil
  ) {
    self.studyInstanceUID = studyInstanceUID
    (self.isInFirst, self.isInSecond) = (isInFirst, isInSecond)
    (self.firstCount, self.secondCount) = (firstCount, secondCount)
    self.instances = instances
  }

  /// Of the first that the second has not, where instances were compared.
  public var missingInSecond: [String] { (instances ?? []).filter { !$0.isInSecond }.map(\.sopInstanceUID) }
  public var missingInFirst: [String] { (instances ?? []).filter { !$0.isInFirst }.map(\.sopInstanceUID) }

  var isDifferent: Bool {
    if !isInFirst || !isInSecond { return true }
    if let instances { return !instances.isEmpty }
    guard let firstCount, let secondCount else { return false }
    return firstCount != secondCount
  }

  /// Whether one side lacks something of the other, as far as is known.
  ///
  /// - Parameter second: it is the second of the two that lacks it.
  public func isLacking(inSecond second: Bool) -> Bool {
    guard second ? isInFirst : isInSecond else { return false }
    guard second ? isInSecond : isInFirst else { return true }
    if instances != nil { return !(second ? missingInSecond : missingInFirst).isEmpty }
    let (here, there) = second ? (firstCount, secondCount) : (secondCount, firstCount)
    return (here ?? 0) > (there ?? 0)
  }

  /// How many instances one side lacks of the other; nil: not known.
  public func lacking(inSecond second: Bool) -> Int? {
    guard isLacking(inSecond: second) else { return 0 }
    if instances != nil { return (second ? missingInSecond : missingInFirst).count }
    let (here, there) = second ? (firstCount, secondCount) : (secondCount, firstCount)
    return here.map { $0 - (there ?? 0) }
  }

  /// What is different, of two sides called so.
  public func words(_ first: String, _ second: String) -> String {
    if !isInSecond { return "missing on \(second)" }
    if !isInFirst { return "missing on \(first)" }
    let lacks = [(second, missingInSecond), (first, missingInFirst)].filter { !$0.1.isEmpty }
    if !lacks.isEmpty { return lacks.map { "\($0.1.count) missing on \($0.0)" }.joined(separator: ", ") }
    return "another number of instances"
  }
}

/// What a comparison found.
public struct ComparisonResult: OperationResult {
  public var compared: Int
  public var differences: [StudyDifference]
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([("compared", .integer(compared)), ("different", .integer(differences.count))])
  }
}

/// What comparing the instances of one study found.
public struct InstanceComparison: OperationResult {
  /// Those that only one side has; nil: a side that has the study does not list its instances.
  public var instances: [ComparedInstance]?
  /// How many both have.
  public var common: Int
  public var outcome: Outcome

  public var json: JSONText.Value {
    .object([("common", .integer(common)), ("different", JSONText.Value(instances?.count))])
  }
}
