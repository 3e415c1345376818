/// How a data set becomes a JSON object. Made as bytes, for a query may have 100,000 matches.
protocol JSONStyle {
  /// What stands around the items of a sequence, behind its name.
  static var sequence: (opening: String, closing: String) { get }

  func leavesOut(_ element: Element) -> Bool
  /// Appends what every member begins with, the colon included.
  func appendName(of element: Element, to json: inout [UInt8])
  /// Appends the rest of a member that is no sequence.
  func appendValue(of element: Element, to json: inout [UInt8])
}

extension JSONStyle {
  func append(_ dataSet: DataSet, to json: inout [UInt8]) {
    var isFirst = true
    json.append(UInt8(ascii: "{"))
    for step in DataSetWalker(dataSet) {
      switch step {
      case .element(let element):
        if leavesOut(element) { break }
        begin(element, &json, &isFirst)
        appendValue(of: element, to: &json)
      case .beginSequence(let element):
        begin(element, &json, &isFirst)
        json.append(contentsOf: Self.sequence.opening.utf8)
      case .beginItem(_, let index):
        if index > 0 { json.append(UInt8(ascii: ",")) }
        json.append(UInt8(ascii: "{"))
        isFirst = true
      case .endItem:
        json.append(UInt8(ascii: "}"))
      case .endSequence:
        json.append(contentsOf: Self.sequence.closing.utf8)
        isFirst = false
      }
    }
    json.append(UInt8(ascii: "}"))
  }

  private func begin(_ element: Element, _ json: inout [UInt8], _ isFirst: inout Bool) {
    if !isFirst { json.append(UInt8(ascii: ",")) }
    isFirst = false
    appendName(of: element, to: &json)
  }
}
