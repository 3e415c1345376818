/// What is in an image, roughly: shades of grey, two pixels to a cell. Not for reading.
struct PreviewScreen: Screen {
  private let id: String
  private let title: String
  private let token: Int
  private var wanted = (image: 0, frame: 0)
  private var picture: PreviewImage?
  private var failure: String?
  private var isLoading = true

  init(id: String, title: String, token: Int) {
    self.id = id
    self.title = title
    self.token = token
  }

  var crumb: String { "preview of \(title)" }
  /// The footer names what there is more of.
  var bindings: [Binding] {
    let hasImages = picture.map { $0.images > 1 } ?? false
    let hasFrames = picture.map { $0.frames > 1 } ?? false
    return [
      Binding("j", .down, does: .down, label: hasImages ? "next image" : "", help: "next image"),
      Binding("k", .up, does: .up, label: hasImages ? "image before" : "", help: "image before"),
      Binding(.right, does: .columnRight, label: hasFrames ? "next frame" : "", help: "next frame"),
      Binding(.left, does: .columnLeft, help: "frame before"),
      Binding("g", Key(.home), does: .first, help: "the first image"),
      Binding("G", Key(.end), does: .last, help: "the last image"),
      Binding("v", does: .tags, label: "tags", help: "the tags of this image"),
    ]
  }
  let movement: [Binding] = []

  func summary(_ world: World) -> StyledText {
    guard let picture else { return StyledText(isLoading ? "loading" : "", .busy) }
    let frames = picture.frames > 1 ? ", frame \(picture.frame + 1) of \(picture.frames)" : ""
    return StyledText("image \(picture.image + 1) of \(picture.images)\(frames) · \(picture.words)", .dim)
  }

  func identifier(_ world: World) -> String? { picture?.words }

  mutating func opened(_ context: inout Context) { load(&context) }

  private mutating func load(_ context: inout Context) {
    isLoading = true
    context.effects.append(
      .preview(PreviewOrder(token: token, id: id, image: wanted.image, frame: wanted.frame)))
  }

  mutating func receive(_ message: Message, _ context: inout Context) {
    guard case .preview(let token, let result) = message, token == self.token else { return }
    isLoading = false
    switch result {
    case .success(let picture):
      self.picture = picture
      failure = nil
      // Keys that came meanwhile are carried out on what is there now, once.
      let image = min(wanted.image, picture.images - 1)
      let frame = image == picture.image ? min(wanted.frame, picture.frames - 1) : wanted.frame
      wanted = (image, frame)
      if image != picture.image || frame != picture.frame { load(&context) }
    case .failure(let error): failure = error.words
    }
  }

  mutating func act(_ action: Action, _ context: inout Context) -> Bool {
    let before = wanted
    let images = picture?.images ?? 1
    let frames = picture?.frames ?? 1
    switch action {
    case .down: wanted = (min(images - 1, wanted.image + 1), 0)
    case .up: wanted = (max(0, wanted.image - 1), 0)
    case .first: wanted = (0, 0)
    case .last: wanted = (images - 1, 0)
    case .columnRight: wanted.frame = min(frames - 1, wanted.frame + 1)
    case .columnLeft: wanted.frame = max(0, wanted.frame - 1)
    case .tags:
      let shown = picture.map { $0.images > 1 ? "image \($0.image + 1) of \(title)" : title } ?? title
      context.push(TagsScreen(instance: picture?.id ?? id, title: "tags of \(shown)", token: context.token()))
    default: return false
    }
    // One at a time, however fast keys come.
    if wanted != before, !isLoading { load(&context) }
    return true
  }

  func draw(into canvas: inout Canvas, _ area: Area, _ world: World) {
    if let failure {
      for (index, line) in CellText.wrap(failure, max(20, area.columns - 8)).prefix(area.rows).enumerated() {
        canvas.put(StyledText(line, .bad), area.line(min(index + 1, area.rows - 1)).inset(left: 4, right: 4))
      }
      return
    }
    guard let picture else {
      canvas.put(StyledText("reading the image", .dim), area.line(min(1, area.rows - 1)).inset(left: 4))
      return
    }
    Picture.draw(picture, hasShades: world.hasShades, into: &canvas, area)
  }
}

/// Draws a picture into cells: two pixels above each other are one cell, about as high as wide.
enum Picture {
  private static let ramp = Array(" .:-=+*#%@".unicodeScalars)

  static func draw(_ picture: PreviewImage, hasShades: Bool, into canvas: inout Canvas, _ area: Area) {
    guard area.rows > 0, area.columns > 0, picture.width > 0, picture.height > 0 else { return }
    let scale = max(Double(picture.width) / Double(area.columns), Double(picture.height) / Double(area.rows * 2))
    let columns = max(1, min(area.columns, Int(Double(picture.width) / scale)))
    let rows = max(2, min(area.rows * 2, Int(Double(picture.height) / scale)))
    let left = area.column + (area.columns - columns) / 2
    for row in 0..<(rows + 1) / 2 {
      for column in 0..<columns {
        let upper = mean(picture, column, row * 2, columns, rows)
        let lower = row * 2 + 1 < rows ? mean(picture, column, row * 2 + 1, columns, rows) : 0
        var cell = Cell()
        if hasShades {
          // The lower half: where a font leaves a line at the top of its cells, that is the background, and so is what is above.
          cell.scalar = 0x2584
          cell.style.shade = Shade(upper: upper, lower: lower)
        } else {
          cell.scalar = ramp[(Int(upper) + Int(lower)) / 2 * (ramp.count - 1) / 255].value
        }
        canvas[area.row + row, left + column] = cell
      }
    }
  }

  /// The mean of the pixels that fall into one place of a grid.
  private static func mean(_ picture: PreviewImage, _ x: Int, _ y: Int, _ columns: Int, _ rows: Int) -> UInt8 {
    let (x0, y0) = (x * picture.width / columns, y * picture.height / rows)
    let x1 = max(x0 + 1, (x + 1) * picture.width / columns)
    let y1 = max(y0 + 1, (y + 1) * picture.height / rows)
    var sum = 0
    for line in y0..<y1 {
      for place in x0..<x1 { sum += Int(picture.pixels[line * picture.width + place]) }
    }
    return UInt8(sum / ((x1 - x0) * (y1 - y0)))
  }
}
