import Dispatch
import NIOCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A short way for thousands of small instances: a thread of its own sends them and reads their answers, with three calls
/// to the system each and nothing in between. What the event loop and its channel take for the same are processors that a
/// peer on the same machine wants too.
///
/// It does what nearly all instances are: one that waits in memory, sent at once, answered as a whole and without remarks.
/// Whatever is odd, it hands back with the instance under way, and the event loop does what it always does. The end of the
/// association, by a deadline too, and the last instance are the event loop's in any case.
final class StoreLane: Sendable {
  /// What the event loop goes on with.
  struct Return: Sendable {
    /// It has no answer yet.
    var store: LoadedStore
    /// Bytes of it that the system did not take.
    var unsent: ByteBuffer
    /// What came instead of a whole and usual answer.
    var received = ByteBuffer()
    /// The one after it, where it was taken already, and whether there are no more.
    var next: StoreLoader.Loaded?
    var isExhausted = false
    /// How many were answered.
    var answers = 0
    /// The answer came in pieces.
    var isInPieces = false
    /// What the system said; it says so once.
    var error: IOError?
  }

  /// A peer that has not answered when it was looked at so often is better waited for by the event loop.
  private static let patience = 10
  /// More than any usual answer.
  private static let answerLength = 512

  #if canImport(Glibc)
    private static let sendFlags = CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
  #else
    // The channel has told the system already to send no SIGPIPE.
    private static let sendFlags = MSG_DONTWAIT
  #endif

  private let socket: CInt
  private let loader: StoreLoader
  private let deadlines: Deadlines
  /// To wait with a limit instead would set a timer each time, which takes much longer than to look at a second descriptor.
  private let pipe: WakePipe
  private let isStopped = Atomic(false)
  private let answers = Atomic(0)
  /// How many there were when it was last looked at.
  private let seen = Atomic(-1)

  /// - Parameter socket: a descriptor of its own, which is closed with it.
  init(_ socket: CInt, _ loader: StoreLoader, _ deadlines: Deadlines, _ pipe: WakePipe) {
    self.socket = socket
    self.loader = loader
    self.deadlines = deadlines
    self.pipe = pipe
  }

  deinit { _ = close(socket) }

  /// Sends from this one on; `done` is called on the thread that did.
  func start(
    with store: LoadedStore, _ bytes: ByteBuffer, done: @escaping @Sendable (Return) -> Void
  ) {
    DispatchQueue(label: "fluoro.store").async { done(self.run(store, bytes)) }
  }

  /// The one under way is handed back at once.
  func stop() {
    isStopped.store(true, ordering: .relaxed)
    pipe.wake()
  }

  /// Has whoever waits look for an answer of which only some has come; to be called now and then.
  func lookAgain() {
    let answers = answers.load(ordering: .relaxed)
    if seen.exchange(answers, ordering: .relaxed) == answers { pipe.wake() }
  }

  private func run(_ first: LoadedStore, _ bytes: ByteBuffer) -> Return {
    var bytes = bytes
    var result = Return(store: first, unsent: ByteBuffer())
    var peer = NearPeer()
    // The one before, which nobody has been told of: its peer need not wait for that.
    var answered: (store: LoadedStore, status: Status)?
    AnswerThreshold.set(AnswerThreshold.wanted, of: socket)
    defer {
      peer.end()
      AnswerThreshold.set(1, of: socket)
    }
    while true {
      let isSent = !isStopped.load(ordering: .relaxed) && transmit(&bytes, &result)
      deadlines.restart(isAnother: true)
      if let (store, status) = answered { store.completion(.success(status)) }
      guard isSent else {
        result.unsent = bytes
        return result
      }
      let mustWatch = peer.begin()
      loader.recycle(bytes)
      bytes = ByteBuffer()
      (result.next, result.isExhausted) = loader.loadFromMemory() ?? (nil, false)
      guard case .success(let next)? = result.next, next.store.isSmall else { return result }
      if mustWatch { peer.watch(socket) }
      guard let status = receive(&result) else { return result }
      peer.end()
      answered = (result.store, status)
      result.answers += 1
      answers.store(result.answers, ordering: .relaxed)
      result.store = next.store
      bytes = next.first.bytes
      result.next = nil
    }
  }

  /// - Returns: false when the system did not take all of it; the rest is left.
  private func transmit(_ bytes: inout ByteBuffer, _ result: inout Return) -> Bool {
    bytes.readWithUnsafeReadableBytes { bytes in
      let count = send(socket, bytes.baseAddress, bytes.count, Self.sendFlags)
      if count < 0 { result.error = Self.error("send") }
      return max(0, count)
    }
    return bytes.readableBytes == 0
  }

  /// Nil: it is only just now that it cannot be.
  private static func error(_ call: String) -> IOError? {
    switch errno {
    case EAGAIN, EINTR, ENOBUFS, ENOMEM: nil
    case let code: IOError(errnoCode: code, reason: call)
    }
  }

  /// The status of a usual answer to the one under way; nil: there is none, and what came instead is noted.
  private func receive(_ result: inout Return) -> Status? {
    withUnsafeTemporaryAllocation(byteCount: Self.answerLength, alignment: 16) { memory in
      var looks = 0
      while true {
        let isReadable = wait()
        let count = recv(socket, memory.baseAddress, memory.count, CInt(MSG_DONTWAIT))
        if count > 0 {
          let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
          if let answer = StoreAnswer(bytes), answer.isTo(result.store) { return answer.status }
          result.received.writeBytes(bytes)
          result.isInPieces = !isReadable && count < AnswerThreshold.wanted
          return nil
        }
        if count < 0 { result.error = Self.error("recv") }
        looks += 1
        if isReadable || looks == Self.patience || isStopped.load(ordering: .relaxed) { return nil }
      }
    }
  }

  /// - Returns: false when something else woke us than the connection.
  private func wait() -> Bool {
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { either in
      either[0] = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      either[1] = pollfd(fd: pipe.descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(either.baseAddress, 2, -1) > 0 else { return false }
      if either[1].revents != 0 { pipe.clear() }
      return either[0].revents != 0
    }
  }
}
