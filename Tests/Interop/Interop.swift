import Testing

/// The stories with real peers. One at a time: each starts servers.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum Interop {}
