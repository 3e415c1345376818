import Dicom
import Foundation

/// What a job that outlasts its process was asked to do, as it is written down.
enum KeptRequest: Codable {
  case move(RetrieveRequest)
  case get(RetrieveRequest)
  case store(SendRequest)
  case commit([String])
  case moveRows(RetrieveRequest, BulkSource)
  case storeRows(SendRequest, BulkSource)

  /// nil for what means nothing later on: an echo tells how it is now, a query fills a screen.
  init?(_ request: JobRequest) {
    switch request {
    case .move(let request): self = .move(request)
    case .get(let request): self = .get(request)
    case .store(var request):
      // They are kept beside it, one by one.
      request.acknowledged = []
      self = .store(request)
    case .commit(let ids): self = .commit(ids)
    case .bulk(let request):
      switch request.verb {
      case .move(let template): self = .moveRows(template, request.source)
      case .store(let template): self = .storeRows(template, request.source)
      case .find: return nil
      }
    default: return nil
    }
  }

  /// - Parameter title: what the screens call the job.
  func json(title: String? = nil) throws -> String {
    String(decoding: try JSONEncoder().encode(Titled(request: self, title: title)), as: UTF8.self)
  }

  init(json: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(json.utf8)) }

  /// What the screens called a job that is kept; nil where it is not known.
  static func title(json: String) -> String? {
    (try? JSONDecoder().decode(Titled.self, from: Data(json.utf8)))?.title
  }

  /// The title stands beside the request, where versions that know none pass it over.
  private struct Titled: Codable {
    var request: KeptRequest
    var title: String?

    private enum CodingKeys: CodingKey { case title }

    init(request: KeptRequest, title: String?) { (self.request, self.title) = (request, title) }

    init(from decoder: any Decoder) throws {
      request = try KeptRequest(from: decoder)
      title = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .title)
    }

    func encode(to encoder: any Encoder) throws {
      try request.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(title, forKey: .title)
    }
  }
}

extension Level: Codable {}

extension QueryKey: Codable {
  /// As the tag's eight hex digits and the value.
  public init(from decoder: any Decoder) throws {
    var pair = try decoder.unkeyedContainer()
    let tag = try pair.decode(String.self)
    guard let tag = Tag(parsing: tag) else {
      throw DecodingError.dataCorruptedError(in: pair, debugDescription: "\(tag) is no tag")
    }
    self.init(tag, try pair.decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var pair = encoder.unkeyedContainer()
    try pair.encode("\(tag)")
    try pair.encode(value)
  }
}
