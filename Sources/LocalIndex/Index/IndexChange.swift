/// What changed in the index with one transaction: identifiers of the patients, studies and series that now look
/// different or are gone, and how many instances came or went.
public struct IndexChange: Hashable, Sendable {
  public internal(set) var patients: Set<String> = []
  public internal(set) var studies: Set<String> = []
  public internal(set) var series: Set<String> = []
  public internal(set) var instances = 0
  /// The index was rebuilt: anything may look different.
  public internal(set) var isEverything = false

  public var isEmpty: Bool { !isEverything && instances == 0 && studies.isEmpty }

  mutating func merge(_ other: IndexChange) {
    patients.formUnion(other.patients)
    studies.formUnion(other.studies)
    series.formUnion(other.series)
    instances += other.instances
    isEverything = isEverything || other.isEverything
  }
}
