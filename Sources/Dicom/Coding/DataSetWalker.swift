/// Goes through a data set and everything nested in it, in order, without recursion.
struct DataSetWalker: IteratorProtocol, Sequence {
  enum Step {
    /// An element that is no sequence.
    case element(Dicom.Element)
    case beginSequence(Dicom.Element)
    case beginItem(DataSet, index: Int)
    case endItem
    case endSequence
  }

  private enum Frame {
    case dataSet(DataSet, next: Int)
    case sequence([DataSet], next: Int)
  }

  private var frames: [Frame]

  init(_ dataSet: DataSet) { frames = [.dataSet(dataSet, next: 0)] }

  mutating func next() -> Step? {
    switch frames.popLast() {
    case .dataSet(let dataSet, let next):
      guard next < dataSet.count else { return frames.isEmpty ? nil : .endItem }
      frames.append(.dataSet(dataSet, next: next + 1))
      let element = Dicom.Element(dataSet: dataSet, position: next)
      guard let items = element.items else { return .element(element) }
      frames.append(.sequence(items, next: 0))
      return .beginSequence(element)
    case .sequence(let items, let next):
      guard next < items.count else { return .endSequence }
      frames.append(.sequence(items, next: next + 1))
      frames.append(.dataSet(items[next], next: 0))
      return .beginItem(items[next], index: next)
    case nil:
      return nil
    }
  }
}
