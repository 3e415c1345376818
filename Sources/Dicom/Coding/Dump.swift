import NIOCore

/// A readable listing of a data set: offset, tag, VR, length, keyword, value.
public enum Dump {
  public struct Options: Sendable {
    /// Values are cut off at so many characters; nil: never.
    public var valueWidth: Int?
    /// Whether to write colours for a terminal (ECMA-48).
    public var isColoured: Bool
    /// Only these elements of the outermost data set; nil: all.
    public var tags: Set<Tag>?

    public init(valueWidth: Int? = 64, isColoured: Bool = false, tags: Set<Tag>? = nil) {
      (self.valueWidth, self.isColoured, self.tags) = (valueWidth, isColoured, tags)
    }
  }

  /// One line: an element or an item.
  public struct Line: Sendable, Hashable {
    /// How many sequences it is nested in.
    public var depth: Int
    /// In the file or data set; nil for what was set since.
    public var offset: Int?
    public var tag: Tag
    /// Nil for an item.
    public var vr: VR?
    /// Nil when undefined.
    public var length: Int?
    /// The keyword, or the name of a private attribute; `item 1` for an item.
    public var name: String
    /// The value, safe to print; empty for sequences and items.
    public var value: String
  }

  /// The lines of a file, meta information first.
  public static func lines(_ file: DicomFile, options: Options = Options()) -> [Line] {
    let metaOffset = file.metaInformation.map { file.dataSetOffset - $0.dataSet.extent.count } ?? 0
    let meta = file.metaInformation.map { lines($0.dataSet, offset: metaOffset, options: options) } ?? []
    return meta + lines(file.dataSet, offset: file.dataSetOffset, options: options)
  }

  /// The lines of a data set that begins at an offset.
  public static func lines(_ dataSet: DataSet, offset: Int = 0, options: Options = Options()) -> [Line] {
    var lines: [Line] = []
    var depth = 0
    var isWanted = true
    for step in DataSetWalker(dataSet) {
      switch step {
      case .element(let element):
        if depth == 0 { isWanted = options.tags?.contains(element.tag) ?? true }
        if isWanted { lines.append(line(element, depth, offset, value: value(element, options.valueWidth))) }
      case .beginSequence(let element):
        if depth == 0 { isWanted = options.tags?.contains(element.tag) ?? true }
        if isWanted { lines.append(line(element, depth, offset, value: "")) }
        depth += 1
      case .beginItem(let item, let index):
        guard isWanted else { continue }
        let start = item.form == nil ? nil : item.extent.lowerBound - 8 + offset
        lines.append(
          Line(
            depth: depth, offset: start, tag: .item, vr: nil, length: item.form == nil ? nil : item.extent.count,
            name: "item \(index + 1)", value: ""))
      case .endItem: break
      case .endSequence: depth -= 1
      }
    }
    return lines
  }

  /// The lines of a file as text.
  public static func text(_ file: DicomFile, options: Options = Options()) -> [String] {
    text(lines(file, options: options), options: options)
  }

  /// The lines of a data set as text.
  public static func text(_ dataSet: DataSet, options: Options = Options()) -> [String] {
    text(lines(dataSet, options: options), options: options)
  }

  public static func text(_ lines: [Line], options: Options = Options()) -> [String] {
    let offsetWidth = lines.compactMap(\.offset).map { String($0).count }.max() ?? 0
    let lengthWidth = max(lines.compactMap(\.length).map { String($0).count }.max() ?? 1, 3)
    return lines.map { line in
      let offset = line.offset.map(String.init) ?? ""
      let length = line.length.map(String.init) ?? "u/l"
      let colour: (String, String) -> String = { options.isColoured ? "\u{1B}[\($0)m\($1)\u{1B}[0m" : $1 }
      let indent = String(repeating: "  ", count: min(line.depth, 40))
      var text = offsetWidth > 0 ? colour("2", offset.padded(left: offsetWidth)) + " " : ""
      text += indent + colour("36", line.tag.description) + " " + colour("33", line.vr?.code ?? "--") + " "
      text += colour("2", length.padded(left: lengthWidth)) + " " + colour("1", line.name)
      if !line.value.isEmpty { text += " " + line.value }
      return text
    }
  }

  private static func line(_ element: Element, _ depth: Int, _ offset: Int, value: String) -> Line {
    Line(
      depth: depth, offset: element.offset.map { $0 + offset }, tag: element.tag, vr: element.vr,
      length: element.length, name: name(element), value: value)
  }

  private static func name(_ element: Element) -> String {
    if let keyword = element.keyword { return keyword }
    if element.tag.isPrivateCreator { return "PrivateCreator" }
    if element.tag.isGroupLength { return "GroupLength" }
    return element.name.map { VisibleText.of($0) } ?? "?"
  }
}

extension String {
  fileprivate func padded(left width: Int) -> String {
    String(repeating: " ", count: max(0, width - utf8.count)) + self
  }
}
