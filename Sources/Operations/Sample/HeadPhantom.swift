import Glibc

/// An axial cut through a head, from the skull base (0) to the vertex (1).
///
/// One anatomy serves CT and MR: only the value each tissue has differs.
struct HeadPhantom {
  /// What each tissue looks like: Hounsfield units for CT, signal for MR.
  struct Tissues {
    var air: Float
    var scalp: Float
    var bone: Float
    var marrow: Float
    var fluid: Float
    var gray: Float
    var white: Float
    var eye: Float
    var lesion: Float

    static let ct = Tissues(
      air: -1000, scalp: -70, bone: 1100, marrow: 700, fluid: 6, gray: 40, white: 28, eye: 12, lesion: 72)
    static let t1 = Tissues(
      air: 0, scalp: 900, bone: 40, marrow: 420, fluid: 110, gray: 400, white: 600, eye: 130, lesion: 260)
    static let t2 = Tissues(
      air: 0, scalp: 620, bone: 40, marrow: 330, fluid: 1000, gray: 520, white: 330, eye: 950, lesion: 880)
  }

  var tissues: Tissues
  /// Where a lesion sits, in the plane; nil for none.
  var lesion: Point?
  /// How wide the ventricles are; 1 is usual.
  var ventricles = 1.0

  func draw(level: Double, size: Int) -> GrayCanvas {
    var canvas = GrayCanvas(width: size, height: size, background: tissues.air)
    // The head narrows towards the vertex like the upper part of an egg.
    let scale = sqrt(max(0.08, 1 - pow(max(0, level - 0.25) / 0.82, 2)))
    let middle = Point(0, 0.02)
    let rx = 0.68 * scale
    let ry = 0.86 * scale
    canvas.fill(Outline.ellipse(middle, rx + 0.06, ry + 0.06), tissues.scalp)
    if level < 0.3 { drawNoseAndEars(&canvas, rx, ry) }
    canvas.fill(Outline.ellipse(middle, rx, ry), tissues.bone)
    canvas.fill(Outline.ellipse(middle, rx - 0.022, ry - 0.022), tissues.marrow)
    canvas.fill(Outline.ellipse(middle, rx - 0.04, ry - 0.04), tissues.bone)
    canvas.fill(Outline.ellipse(middle, rx - 0.06, ry - 0.06), tissues.fluid)
    if level < 0.22 {
      drawBase(&canvas, rx, ry)
    } else {
      drawBrain(&canvas, level, rx - 0.075, ry - 0.08)
    }
    return canvas
  }

  private func drawNoseAndEars(_ canvas: inout GrayCanvas, _ rx: Double, _ ry: Double) {
    canvas.fill(Outline.limb(Point(0, -ry + 0.05), Point(0, -ry - 0.13), 0.13, 0.05), tissues.scalp)
    for side in [-1.0, 1.0] {
      canvas.fill(Outline.ellipse(Point(side * (rx + 0.09), 0.08), 0.035, 0.13), tissues.scalp)
    }
  }

  /// The level of the eyes: orbits in front, petrous bones and cerebellum behind.
  private func drawBase(_ canvas: inout GrayCanvas, _ rx: Double, _ ry: Double) {
    canvas.fill(Outline.ellipse(Point(0, 0.42), rx * 0.8, ry * 0.42), tissues.gray)
    canvas.fill(Outline.ellipse(Point(0, 0.44), rx * 0.66, ry * 0.32, folds: 17, wave: 0.06), tissues.white)
    canvas.fill(Outline.ellipse(Point(0, 0.22), 0.05, 0.04), tissues.fluid)
    canvas.fill(Outline.ellipse(Point(0, 0.08), 0.15, 0.13), tissues.white)
    for side in [-1.0, 1.0] {
      canvas.fill(Outline.ellipse(Point(side * 0.42, -0.08), 0.16, 0.24, angle: side * 0.35), tissues.gray)
      canvas.fill(Outline.limb(Point(side * 0.6, 0.2), Point(side * 0.16, -0.02), 0.08, 0.03), tissues.bone)
      canvas.fill(Outline.ellipse(Point(side * 0.33, -0.55), 0.2, 0.24), tissues.bone)
      canvas.fill(Outline.ellipse(Point(side * 0.33, -0.56), 0.17, 0.21), tissues.scalp)
      canvas.fill(Outline.ellipse(Point(side * 0.33, -0.63), 0.135, 0.135), tissues.gray)
      canvas.fill(Outline.ellipse(Point(side * 0.33, -0.63), 0.118, 0.118), tissues.eye)
      canvas.fill(Outline.ellipse(Point(side * 0.33, -0.74), 0.05, 0.022), tissues.gray)
      canvas.fill(Outline.limb(Point(side * 0.31, -0.5), Point(side * 0.16, -0.3), 0.022, 0.022), tissues.gray)
    }
    canvas.fill(Outline.ellipse(Point(0, -0.58), 0.1, 0.26), tissues.bone)
    for side in [-1.0, 1.0] {
      canvas.fill(Outline.ellipse(Point(side * 0.045, -0.56), 0.032, 0.22), tissues.air)
    }
  }

  private func drawBrain(_ canvas: inout GrayCanvas, _ level: Double, _ rx: Double, _ ry: Double) {
    canvas.fill(Outline.ellipse(Point(0, 0.02), rx, ry, folds: 37, wave: 0.02), tissues.gray)
    let white = Outline.ellipse(Point(0, 0.02), rx * 0.84, ry * 0.86, folds: 25, wave: 0.055)
    for side in [-1.0, 1.0] {
      // Each half ends beside the fissure between them.
      canvas.fill(white.map { Point(side * max(0.045, side * $0.x), $0.y) }, tissues.white)
    }
    if level < 0.75 {
      // The corpus callosum joins the halves in front of and behind the ventricles.
      canvas.fill(Outline.ellipse(Point(0, -0.3), 0.16, 0.05), tissues.white)
      canvas.fill(Outline.ellipse(Point(0, 0.3), 0.18, 0.06), tissues.white)
      drawVentricles(&canvas, level)
    }
    if let lesion, abs(level - 0.52) < 0.2 {
      let reach = sqrt(1 - pow((level - 0.52) / 0.2, 2))
      let outline = Outline.ellipse(lesion, 0.15 * reach, 0.12 * reach, angle: 0.4, folds: 7, wave: 0.06)
      canvas.fill(outline, tissues.lesion)
    }
    canvas.fill(Outline.limb(Point(0, -ry), Point(0, level < 0.75 ? -0.38 : ry), 0.007, 0.007), tissues.gray)
    canvas.fill(Outline.limb(Point(0, 0.38), Point(0, ry), 0.007, 0.007), tissues.gray)
  }

  private func drawVentricles(_ canvas: inout GrayCanvas, _ level: Double) {
    let open = ventricles * (1 - abs(level - 0.5) * 1.6)
    guard open > 0 else { return }
    for side in [-1.0, 1.0] {
      canvas.fill(Outline.ellipse(Point(side * 0.2, 0), 0.09, 0.13, angle: side * 0.3), tissues.gray)
      let front = Outline.limb(Point(side * 0.05, -0.05), Point(side * 0.15, -0.28), 0.03 * open, 0.055 * open)
      let back = Outline.limb(Point(side * 0.07, 0.08), Point(side * 0.2, 0.34), 0.03 * open, 0.06 * open)
      canvas.fill(front, tissues.fluid)
      canvas.fill(back, tissues.fluid)
    }
    canvas.fill(Outline.limb(Point(0, -0.02), Point(0, 0.12), 0.018 * open, 0.018 * open), tissues.fluid)
  }
}
