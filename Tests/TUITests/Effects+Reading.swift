@testable import TUI

/// What a story's keys have asked for.
extension [Effect] {
  var quits: Bool {
    contains {
      if case .quit = $0 { true } else { false }
    }
  }
  var cancelled: [Int] { compactMap { if case .cancel(let id) = $0 { id } else { nil } } }
  var echoed: [String] { compactMap { if case .echo(let name) = $0 { name } else { nil } } }
  var watched: [String] { compactMap { if case .watch(let name) = $0 { name } else { nil } } }
  var finds: [FindOrder] { compactMap { if case .find(let order) = $0 { order } else { nil } } }
  var comparisons: [CompareOrder] { compactMap { if case .compare(let order) = $0 { order } else { nil } } }
  var brought: [BringOrder] { compactMap { if case .bring(let order) = $0 { order } else { nil } } }
  var bulk: [BulkOrder] { compactMap { if case .bulk(let order) = $0 { order } else { nil } } }
  var orders: [RetrieveOrder] { compactMap { if case .retrieve(let order) = $0 { order } else { nil } } }
  var retrieved: [String] { orders.last?.items.map(\.uid) ?? [] }
  var destinations: [String?] { orders.map(\.destination) }
  var deletions: Int {
    count {
      if case .delete = $0 { true } else { false }
    }
  }
  var sent: [String] { compactMap { if case .send(let name, _, _, _) = $0 { name } else { nil } } }
  var saved: [ModalityDraft] { compactMap { if case .saveModality(let draft) = $0 { draft } else { nil } } }
  var removed: [String] { compactMap { if case .removeModality(let name) = $0 { name } else { nil } } }
  var retried: [Int] { compactMap { if case .retry(let job) = $0 { job } else { nil } } }
  var files: [(path: String, text: SavedText)] {
    compactMap { if case .save(let text, let path) = $0 { (path, text) } else { nil } }
  }
  var exports: [(ids: [String], folder: String)] {
    compactMap { if case .exportFiles(let ids, let folder, _) = $0 { (ids, folder) } else { nil } }
  }
  var kept: [(kind: Kept, name: String, text: String?)] {
    compactMap { if case .keep(let kind, let name, let text) = $0 { (kind, name, text) } else { nil } }
  }
  var previews: [PreviewOrder] { compactMap { if case .preview(let order) = $0 { order } else { nil } } }
  var pages: [PageOrder] { compactMap { if case .page(let order) = $0 { order } else { nil } } }
}
