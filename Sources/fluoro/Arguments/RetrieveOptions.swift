import ArgumentParser
import Operations

/// What `move` and `get` have in common.
struct RetrieveOptions: ParsableArguments, Sendable {
  @Flag(
    help:
      "Fetch only what the modality lists and is not here: by whole series where they are missing, else by instance.")
  var missing = false
  @Flag(help: "Where the modality refuses C-MOVE for good, use C-GET, and the other way round; it is said.")
  var anyMethod = false

  func apply(to request: inout RetrieveRequest) {
    request.isOnlyMissing = missing
    request.mayChangeMethod = anyMethod && request.target == nil
  }
}
