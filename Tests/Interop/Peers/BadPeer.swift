import Dispatch
import Foundation

/// A listener that behaves as no DICOM peer should.
final class BadPeer {
  enum Behaviour: Sendable {
    /// Takes the connection and never says a word.
    case silent
    /// Breaks the connection off as soon as it is there.
    case resetting
    /// Answers with bytes that are no PDU.
    case garbage
  }

  let port: Int
  private let source: any DispatchSourceRead

  init(_ behaviour: Behaviour) throws {
    let (listener, port) = try Ports.open()
    self.port = port
    guard listen(listener, 16) == 0 else { throw PeerProblem("cannot listen on \(port)") }
    source = DispatchSource.makeReadSource(fileDescriptor: listener, queue: DispatchQueue(label: "bad peer"))
    source.setEventHandler {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { return }
      switch behaviour {
      case .silent:
        break  // open until the test process ends
      case .resetting:
        // Closing with a zero linger sends RST instead of FIN.
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        close(connection)
      case .garbage:
        let page = Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8)
        _ = write(connection, page, page.count)
      }
    }
    source.setCancelHandler { close(listener) }
    source.resume()
  }

  deinit {
    source.cancel()
  }
}
