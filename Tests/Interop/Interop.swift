import Testing

/// The stories with real peers. One at a time: each starts servers and measures what a person would wait for.
@Suite(.serialized, .timeLimit(.minutes(3)))
enum Interop {}
