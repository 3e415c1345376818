import Dicom
import LocalIndex
import Operations

/// Everything that can happen to the model.
enum Message: Sendable {
  case input(Input)
  case resized(Size)
  /// Time has passed: a countdown, a notice that goes.
  case tick
  /// INT, as if Ctrl-C were pressed.
  case interrupt
  /// TSTP from outside, or after the question.
  case suspendRequested
  case resumed(away: Duration)
  case station(StationView)
  case modalities([ModalityRow])
  case job(JobView)
  case echoed(modality: String, ModalityRow.Echo)
  /// An echo to a modality that is not saved yet.
  case tried(token: Int, ModalityRow.Echo)
  case matches(token: Int, [Record])
  case findEnded(token: Int, FindEnd)
  /// What is not the same on two sides.
  case compared(token: Int, [ComparisonScreen.Row])
  case comparedImages(token: Int, [InstanceComparisonScreen.Row])
  case page(LocalPage)
  /// All the studies that a filter leaves.
  case studies(token: Int, Result<[Record], Failure>)
  /// Those of the studies that were asked about which are not here any more.
  case gone(Set<String>)
  case tags(token: Int, Result<[TagLine], Failure>)
  case holdings([String: Holding])
  /// The newest entries, oldest first, after those told before.
  case activity([ActivityRow])
  case watched(modality: String, EchoStatistics)
  case diagnosed(token: Int, Diagnosis)
  case kept(Kept, [String: String])
  case preview(token: Int, Result<PreviewImage, Failure>)
  /// Paths that what is typed may become.
  case completions(for: String, [String])
  /// The newest entries of the history, newest first.
  case history(token: Int, [HistoryRow])
  /// What others must know of us, a line each.
  case identity(token: Int, Result<[String], Failure>)
  /// What went over the connections of an entry.
  case trace(entry: Int, [String])
  /// Something in the index changed: these studies, by identifier and by UID.
  case indexChanged(studies: Set<String>)
  /// What a question needs to know before it can be asked.
  case counted(DeletionCount)
  case notice(Notice)

  /// Stands among the changed studies for all there are.
  static let everyStudy = "*"

  struct Failure: Error, Sendable { var words: String }

  struct FindEnd: Sendable {
    var words = ""
    var failed = false
    /// Stopped at the limit, not because there was no more.
    var isCut = false
    /// A person has cancelled it.
    var isCancelled = false
  }

  struct DeletionCount: Sendable {
    var ids: [String]
    var level: Level
    var rows: Int
    var instances: Int
    var bytes: Int
    var outsideFilter: Int
  }

  /// A page of our own studies, series or instances.
  struct LocalPage: Sendable {
    var token: Int
    var records: [Record]
    /// Where the first of them stands among all there are.
    var offset: Int
    var isLast: Bool
    /// All there are; nil when nobody counted.
    var total: Int?
    var failure: String?
  }
}

/// One line of a tag tree.
struct TagLine: Identifiable, Sendable {
  let id: Int
  var depth: Int
  var tag: String
  var vr: String
  var keyword: String
  var value: String
}

/// What the model wants done. Only values: who does it is another's business.
enum Effect: Sendable {
  case echo(modality: String)
  case find(FindOrder)
  case retrieve(RetrieveOrder)
  case compare(CompareOrder)
  case bring(BringOrder)
  case bulk(BulkOrder)
  /// What others must know of us.
  case whoAmI(token: Int)
  /// An echo judged as monitoring wants it.
  case check(modality: String)
  /// `confirmation`: the name a person typed, where the modality is in production.
  case send(modality: String, ids: [String], words: String, confirmation: String?)
  case importPaths([String])
  /// Asks the modality to keep what was sent to it before.
  case commit(modality: String, ids: [String], words: String)
  case verify
  case reindex
  case statistics
  case convert(from: String, to: String, TransferSyntax)
  case count(CountOrder)
  case delete(ids: [String], words: String)
  case cancel(job: Int)
  case extend(job: Int, seconds: Int)
  case setTimeout(job: Int, seconds: Int)
  case clearFinishedJobs
  case retry(job: Int)
  case pause(job: Int)
  case shift(job: Int, sooner: Bool)
  case watch(modality: String)
  case diagnose(modality: String, moves: Bool, token: Int)
  case testStore(modality: String, confirmation: String?)
  /// Keeps studies from being recycled, or lets them go again.
  case protect(ids: [String], Bool, words: String)
  case allow(aeTitle: String)
  case forbid(aeTitle: String)
  case exportFiles(ids: [String], folder: String, words: String)
  case save(SavedText, path: String)
  case keep(Kept, name: String, text: String?)
  case completePath(String)
  case theme(String)
  case preview(PreviewOrder)
  case saveModality(ModalityDraft)
  /// Echoes it without saving it.
  case tryModality(ModalityDraft, token: Int)
  case importModalities(path: String)
  case removeModality(name: String)
  /// Asks for the running jobs' state: a deadline that is refilled by the peer does not announce itself.
  case refreshJobs
  case page(PageOrder)
  /// All of a filter at once, as far as a list can mark them.
  case studies(token: Int, filter: String, order: StudyOrder)
  /// Asks which of these studies are not here any more.
  case missing([String])
  case tags(instance: String, token: Int)
  case trace(entry: Int)
  /// The newest of what is kept of operations, where the text is in them.
  case history(token: Int, text: String, limit: Int)
  /// Asks the index how much of each is here.
  case holdings(Level, [String])
  case copy(String)
  case redraw
  case suspend
  case quit
}

struct FindOrder: Sendable, Equatable {
  var token: Int
  var modality: String
  var level: Level
  /// Keyword and value, empty values being return keys.
  var keys: [String: String]
  /// 0: no limit.
  var limit: Int
  var words: String
  var isWorklist = false
  /// Asked for each row of a file.
  var bulk: BulkOrder?
}

struct RetrieveOrder: Sendable, Equatable {
  struct Item: Sendable, Equatable {
    var studyInstanceUID: String
    var seriesInstanceUID: String?
    var sopInstanceUID: String?
    var words: String
    /// How many instances it is said to have.
    var instances: Int?
    var uid: String { sopInstanceUID ?? seriesInstanceUID ?? studyInstanceUID }
  }
  var modality: String
  var level: Level
  var items: [Item]
  /// nil: ourselves.
  var destination: String?
  /// By C-GET, whatever the modality is configured with.
  var isGet = false
  /// The name a person typed, where one of the stations is in production.
  var confirmation: String?
}

/// Counts what would be deleted.
struct CountOrder: Sendable, Equatable {
  var ids: [String]
  var level: Level
  /// How many of them the filter leaves out, as far as that is known.
  var outsideFilter = 0
  /// Studies of which the index must say whether the filter leaves them.
  var elsewhere: [String] = []
  var filter = ""
}

/// Two sides to compare: modalities by name, or this machine.
struct CompareOrder: Sendable, Equatable {
  var token: Int
  var first: String
  var second: String
  /// Which studies.
  var keys: [QueryKey] = []
  /// Only the images of this one.
  var study: String?
  var words = ""

  /// What a transfer between the two concerns beside its studies and images.
  ///
  /// - Parameter isRest: after it they lack nothing of what the other side has.
  func way(_ toSecond: Bool, isRest: Bool = false) -> String {
    let way = toSecond ? "\(first) › \(second)" : "\(second) › \(first)"
    return isRest ? "the rest \(way)" : way
  }
}

/// An operation for each row of a file.
struct BulkOrder: Sendable, Equatable {
  enum Verb: String, Sendable { case find, move, store }

  var verb: Verb
  var modality: String
  var path: String
  /// The AE title that is moved to; nil: ourselves.
  var target: String?
  var pace = BulkPace()
  var stopAfter: Int?
  var result: String?
  /// Of a find: whose answers they are.
  var token = 0
  var confirmation: String?
}

/// What one side of a comparison lacks, to be brought there from the other.
struct BringOrder: Sendable {
  var first: String
  var second: String
  var toSecond: Bool
  var differences: [StudyDifference]
  /// After it they lack nothing of what the other side has.
  var isRest = true
  var words: String
  /// The name a person typed, where one of the stations is in production.
  var confirmation: String?
  var source: String { toSecond ? first : second }
  var target: String { toSecond ? second : first }
}

/// A modality as typed: what is not asked for stays as it is.
struct ModalityDraft: Sendable, Equatable {
  var name: String
  var aeTitle: String
  var host: String
  var port: Int
  var usesTLS = false
  /// `C-MOVE` or `C-GET`; nil: as the configuration says.
  var retrieveMethod: String?
  /// Seconds, 0 for no limit; nil: as the configuration says.
  var timeout: Double?
  /// The title we call it with; nil: as the configuration says.
  var localAETitle: String?
  var isProduction = false
}

/// One picture of what an identifier stands for: its image number `image`, frame `frame` of it, both from 0.
struct PreviewOrder: Sendable, Equatable {
  var token: Int
  var id: String
  var image: Int
  var frame: Int
}

/// A picture in shades of grey, ready to be drawn.
struct PreviewImage: Sendable, Equatable {
  /// Orthanc identifier of the instance.
  var id: String
  var width: Int
  var height: Int
  /// Row by row, 0 black to 255 white.
  var pixels: [UInt8]
  var image: Int
  var images: Int
  var frame: Int
  var frames: Int
  /// `512×512, 12 bit, window 40/400`.
  var words: String
}

struct PageOrder: Sendable, Equatable {
  var token: Int
  var level: Level
  /// The identifier of the study or series that holds them; nil at the study level.
  var parent: String?
  var filter: String
  var order: StudyOrder
  /// Where it begins; nil: so that it ends with the last there is.
  var offset: Int?
  var limit: Int
}
