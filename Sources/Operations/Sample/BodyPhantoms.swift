import Glibc

/// An axial cut through an upper abdomen with contrast medium, from the liver's dome (0) to the kidneys (1), in
/// Hounsfield units.
enum AbdomenPhantom {
  static func draw(level: Double, size: Int) -> GrayCanvas {
    var canvas = GrayCanvas(width: size, height: size, background: -1000)
    canvas.fill(Outline.limb(Point(-0.8, 0.86), Point(0.8, 0.86), 0.03, 0.03), -300)  // the table
    canvas.fill(Outline.ellipse(Point(0, 0), 0.93, 0.7), -105)
    canvas.fill(Outline.ellipse(Point(0, 0), 0.86, 0.62), 55)
    canvas.fill(Outline.ellipse(Point(0, -0.02), 0.8, 0.55), -95)
    drawSpine(&canvas)
    drawRibs(&canvas, level)
    drawOrgans(&canvas, level)
    canvas.fill(Outline.ellipse(Point(0.03, 0.21), 0.075, 0.075), 260)  // aorta
    canvas.fill(Outline.ellipse(Point(-0.17, 0.2), 0.08, 0.06), 180)  // vena cava
    return canvas
  }

  private static func drawSpine(_ canvas: inout GrayCanvas) {
    for side in [-1.0, 1.0] {
      canvas.fill(Outline.ellipse(Point(side * 0.22, 0.52), 0.15, 0.11), 58)
      canvas.fill(Outline.limb(Point(side * 0.06, 0.46), Point(side * 0.26, 0.48), 0.035, 0.025), 450)
    }
    canvas.fill(Outline.ellipse(Point(0, 0.36), 0.14, 0.11), 550)
    canvas.fill(Outline.ellipse(Point(0, 0.36), 0.115, 0.085), 230)
    canvas.fill(Outline.ellipse(Point(0, 0.49), 0.075, 0.06), 500)
    canvas.fill(Outline.ellipse(Point(0, 0.49), 0.05, 0.04), 20)
    canvas.fill(Outline.limb(Point(0, 0.54), Point(0, 0.63), 0.03, 0.018), 450)
  }

  private static func drawRibs(_ canvas: inout GrayCanvas, _ level: Double) {
    for rib in 0..<5 {
      for side in [-1.0, 1.0] {
        let t = (Double(rib) * 0.42 - 0.75 + level * 0.3) * 1.1
        let place = Point(side * 0.83 * cos(t), 0.585 * sin(t))
        canvas.fill(Outline.ellipse(place, 0.055, 0.022, angle: side * (t + 1.35)), 600)
      }
    }
  }

  private static func drawOrgans(_ canvas: inout GrayCanvas, _ level: Double) {
    // The radiologist looks from the feet: the liver is on the left of the picture.
    let liver = 1 - level * 0.55
    canvas.fill(
      Outline.ellipse(Point(-0.4, -0.06), 0.4 * liver, 0.42 * liver, angle: 0.25, folds: 3, wave: 0.035), 108)
    canvas.fill(Outline.ellipse(Point(-0.08, -0.3), 0.32 * liver, 0.15 * liver, angle: -0.15), 108)
    for vessel in 0..<3 {
      let bend = Double(vessel) * 0.5 - 0.4
      let from = Point(-0.2, 0.08)
      let to = Point(-0.2 - 0.38 * liver * cos(bend), 0.05 - 0.38 * liver * sin(bend + 0.2))
      canvas.fill(Outline.limb(from, to, 0.028, 0.008), 165)
    }
    if level < 0.75 {
      let spleen = 1 - level * 0.8
      canvas.fill(Outline.ellipse(Point(0.58, 0.12), 0.15 * spleen, 0.3 * spleen, angle: -0.3), 122)
    }
    drawStomach(&canvas, level)
    if level > 0.35 { drawKidneys(&canvas, min(1, (level - 0.35) * 3)) }
    if level > 0.6 { drawBowel(&canvas) }
  }

  private static func drawStomach(_ canvas: inout GrayCanvas, _ level: Double) {
    let size = 1 - level * 0.4
    canvas.fill(Outline.ellipse(Point(0.36, -0.24), 0.29 * size, 0.21 * size, angle: -0.25), 62)
    canvas.fill(Outline.ellipse(Point(0.36, -0.24), 0.265 * size, 0.185 * size, angle: -0.25), 15)
    canvas.fill(Outline.ellipse(Point(0.34, -0.32), 0.18 * size, 0.075 * size, angle: -0.1), -950)
  }

  private static func drawKidneys(_ canvas: inout GrayCanvas, _ size: Double) {
    for side in [-1.0, 1.0] {
      let center = Point(side * 0.43, 0.33)
      canvas.fill(Outline.ellipse(center, 0.15 * size, 0.19 * size, angle: side * 0.3), 205)
      canvas.fill(Outline.ellipse(center, 0.09 * size, 0.12 * size, angle: side * 0.3, folds: 6, wave: 0.12), 145)
      canvas.fill(Outline.limb(center, Point(side * 0.27, 0.29), 0.05 * size, 0.025 * size), -90)
    }
  }

  private static func drawBowel(_ canvas: inout GrayCanvas) {
    for (index, place) in [(0.2, -0.05), (0.42, 0.02), (0.62, -0.05), (0.05, -0.12), (-0.1, -0.32)].enumerated() {
      canvas.fill(Outline.ellipse(Point(place.0, place.1), 0.1, 0.085), 48)
      let gas = Point(place.0, place.1 - 0.03)
      canvas.fill(Outline.ellipse(gas, 0.055, index.isMultiple(of: 2) ? 0.035 : 0.02), -900)
    }
  }
}

/// A chest seen from the front, in units of 12 bits: bright where much is in the beam's way.
enum ChestPhantom {
  static func draw(width: Int, height: Int) -> GrayCanvas {
    var canvas = GrayCanvas(width: width, height: height, background: 120)
    let trunk = [
      Point(-0.92, 1.6), Point(-0.86, 0.4), Point(-0.84, -0.4), Point(-1.1, -0.4), Point(-1.1, -0.8), Point(-0.7, -0.9),
      Point(-0.3, -1.0), Point(-0.26, -1.5),
    ]
    canvas.fill(smooth(trunk + Outline.mirrored(trunk).reversed()), 1500, .add)
    for side in [-1.0, 1.0] { drawLung(&canvas, side) }
    for vertebra in 0..<13 {
      let y = -1.05 + Double(vertebra) * 0.18
      canvas.fill(Outline.ellipse(Point(0, y), 0.095, 0.075), 420, .add)
      canvas.fill(Outline.ellipse(Point(0, y), 0.03, 0.05), 160, .add)
    }
    drawHeart(&canvas)
    for side in [-1.0, 1.0] { drawBones(&canvas, side) }
    canvas.fill(Outline.limb(Point(0, -1.1), Point(0, -0.45), 0.045, 0.04), -260, .add)  // windpipe
    return canvas
  }

  private static func drawLung(_ canvas: inout GrayCanvas, _ side: Double) {
    let lung = [
      Point(side * 0.13, -0.5), Point(side * 0.2, -0.78), Point(side * 0.38, -0.86), Point(side * 0.55, -0.7),
      Point(side * 0.68, -0.4), Point(side * 0.76, 0.1), Point(side * 0.79, 0.55), Point(side * 0.72, 0.5),
      Point(side * 0.55, 0.36), Point(side * 0.34, 0.34), Point(side * 0.16, 0.42), Point(side * 0.13, 0),
    ]
    canvas.fill(smooth(lung), -1050, .add)
    for branch in 0..<7 {
      let t = Double(branch) * 0.42 - 1.25
      let tip = Point(side * (0.17 + 0.42 * cos(t)), -0.15 + 0.5 * sin(t))
      canvas.fill(Outline.limb(Point(side * 0.15, -0.15), tip, 0.03, 0.004), 130, .add)
    }
  }

  private static func drawHeart(_ canvas: inout GrayCanvas) {
    canvas.fill(
      smooth([
        Point(-0.17, -0.2), Point(-0.22, 0.1), Point(-0.16, 0.38), Point(0.1, 0.46), Point(0.4, 0.42),
        Point(0.44, 0.28), Point(0.3, 0.02), Point(0.18, -0.22), Point(0.2, -0.4), Point(0.1, -0.5), Point(-0.1, -0.42),
      ]), 700, .add)
  }

  private static func drawBones(_ canvas: inout GrayCanvas, _ side: Double) {
    for rib in 0..<9 {
      let y = -0.86 + Double(rib) * 0.165
      let reach = 0.42 + 0.4 * sin(min(1.45, 0.45 + Double(rib) * 0.17))
      let back = Outline.arc(Point(side * 0.08, y + 0.12), reach - 0.06, 0.17, from: -.pi / 2, to: 0.1)
      canvas.fill(Outline.strip(side > 0 ? back : mirror(back, around: side * 0.08), 0.05), 210, .add)
      let front = Outline.arc(Point(side * 0.1, y + 0.1), reach - 0.08, 0.3, from: 0.1, to: .pi * 0.36)
      canvas.fill(Outline.strip(side > 0 ? front : mirror(front, around: side * 0.1), 0.045), 120, .add)
    }
    let collar = Outline.arc(Point(side * 0.42, -0.72), 0.4, 0.14, from: .pi, to: 2 * .pi)
    canvas.fill(Outline.strip(collar.map { Point($0.x, $0.y - ($0.x * side - 0.42) * 0.25) }, 0.06), 330, .add)
    canvas.fill(Outline.limb(Point(side * 0.86, -0.72), Point(side * 0.97, 0.2), 0.1, 0.075), 420, .add)
    canvas.fill(
      Outline.strip([Point(side * 0.62, -0.75), Point(side * 0.66, -0.4), Point(side * 0.6, -0.1)], 0.05), 160, .add)
  }

  private static func mirror(_ line: [Point], around x: Double) -> [Point] { line.map { Point(2 * x - $0.x, $0.y) } }

  /// Rounds a polygon's corners (Chaikin's corner cutting, three times).
  static func smooth(_ outline: [Point]) -> [Point] {
    var points = outline
    for _ in 0..<3 {
      points = points.indices.flatMap { index in
        let a = points[index]
        let b = points[(index + 1) % points.count]
        return [
          Point(a.x * 0.75 + b.x * 0.25, a.y * 0.75 + b.y * 0.25),
          Point(a.x * 0.25 + b.x * 0.75, a.y * 0.25 + b.y * 0.75),
        ]
      }
    }
    return points
  }
}

/// A left hand seen from behind, in units of 12 bits.
enum HandPhantom {
  static func draw(width: Int, height: Int) -> GrayCanvas {
    var canvas = GrayCanvas(width: width, height: height, background: 90)
    let wrist = Point(0, 1.0)
    // Where each finger starts, where it points and how long it is; the thumb comes first.
    let fingers: [(base: Point, angle: Double, length: Double)] = [
      (Point(-0.42, 0.42), -0.75, 0.62), (Point(-0.27, 0.02), -0.2, 0.88), (Point(-0.06, -0.05), -0.03, 0.98),
      (Point(0.14, 0), 0.12, 0.9), (Point(0.33, 0.12), 0.32, 0.7),
    ]
    canvas.fill(Outline.limb(Point(0, 1.3), Point(0, 0.75), 0.3, 0.3), 700)
    canvas.fill(
      ChestPhantom.smooth([
        Point(-0.32, 0.85), Point(-0.5, 0.42), Point(-0.36, -0.02), Point(0.02, -0.12), Point(0.42, 0.06),
        Point(0.44, 0.45), Point(0.32, 0.9),
      ]), 760)
    for finger in fingers {
      canvas.fill(Outline.limb(finger.base, tip(finger, 1.04), 0.13, 0.09), 720)
    }
    for (index, finger) in fingers.enumerated() { drawBones(&canvas, finger, wrist, isThumb: index == 0) }
    for (x, y, radius) in [
      (-0.22, 0.66, 0.075), (-0.08, 0.62, 0.07), (0.06, 0.62, 0.075), (0.2, 0.66, 0.07), (-0.16, 0.8, 0.08),
      (0.0, 0.78, 0.08), (0.16, 0.8, 0.07),
    ] {
      bone(&canvas, Outline.ellipse(Point(x, y), radius, radius * 0.9))
    }
    bone(&canvas, Outline.limb(Point(-0.13, 0.97), Point(-0.12, 1.3), 0.14, 0.09))
    bone(&canvas, Outline.limb(Point(0.17, 0.98), Point(0.15, 1.3), 0.085, 0.07))
    return canvas
  }

  private static func tip(_ finger: (base: Point, angle: Double, length: Double), _ share: Double) -> Point {
    Point(
      finger.base.x + sin(finger.angle) * finger.length * share,
      finger.base.y - cos(finger.angle) * finger.length * share)
  }

  private static func drawBones(
    _ canvas: inout GrayCanvas, _ finger: (base: Point, angle: Double, length: Double), _ wrist: Point, isThumb: Bool
  ) {
    let root = Point(finger.base.x * 0.6, isThumb ? 0.66 : 0.56)
    bone(&canvas, Outline.limb(root, finger.base, 0.06, 0.07))
    let joints = isThumb ? [0.06, 0.55, 1.0] : [0.06, 0.48, 0.76, 1.0]
    for (index, (from, to)) in zip(joints, joints.dropFirst()).enumerated() {
      let thickness = 0.062 - Double(index) * 0.009
      bone(&canvas, Outline.limb(tip(finger, from + 0.06), tip(finger, to - 0.05), thickness, thickness * 0.85))
    }
  }

  /// A bone: a bright cortex around a paler marrow.
  private static func bone(_ canvas: inout GrayCanvas, _ outline: [Point]) {
    canvas.fill(outline, 2500)
    let center = outline.reduce(Point(0, 0)) {
      Point($0.x + $1.x / Double(outline.count), $0.y + $1.y / Double(outline.count))
    }
    canvas.fill(
      outline.map { Point(center.x + ($0.x - center.x) * 0.72, center.y + ($0.y - center.y) * 0.86) }, 1900)
  }
}

/// A fan of ultrasound with an unborn child in profile, 8 bits.
enum UltrasoundPhantom {
  static func draw(frame: Int, width: Int, height: Int) -> GrayCanvas {
    var body = GrayCanvas(width: width, height: height, background: 95)
    let sway = Double(frame) * 0.03
    body.fill(Outline.ellipse(Point(0, 0.12), 0.74, 0.44, folds: 5, wave: 0.02), 12)
    body.fill(Outline.ellipse(Point(-0.33, 0.08 + sway), 0.24, 0.2), 215)
    body.fill(Outline.ellipse(Point(-0.33, 0.08 + sway), 0.205, 0.165), 75)
    body.fill(Outline.limb(Point(-0.5, -0.06 + sway), Point(-0.53, -0.1 + sway), 0.03, 0.02), 190)  // nose
    body.fill(Outline.limb(Point(-0.37, 0.05 + sway), Point(-0.2, 0.1 + sway), 0.008, 0.008), 160)  // midline
    body.fill(Outline.ellipse(Point(0.14, 0.2 + sway), 0.33, 0.17, angle: 0.12), 150)
    for vertebra in 0..<12 {
      let x = -0.12 + Double(vertebra) * 0.05
      body.fill(Outline.ellipse(Point(x, 0.33 + sway + 0.06 * sin(Double(vertebra) / 4)), 0.016, 0.022), 245)
    }
    body.fill(Outline.ellipse(Point(0.02, 0.19 + sway), 0.06, 0.05), 30)  // the heart
    body.fill(Outline.limb(Point(0.4, 0.17 + sway), Point(0.36, -0.08 + sway), 0.05, 0.035), 165)
    body.fill(Outline.limb(Point(0.36, -0.08 + sway), Point(0.52, -0.12 - sway), 0.035, 0.025), 175)
    body.fill(Outline.limb(Point(-0.02, 0.05 + sway), Point(-0.12, -0.12 + sway), 0.035, 0.025), 165)
    var seed = UInt64(frame) &* 7919 &+ 17
    let apex = Point(0, -body.halfHeight - 0.22)
    body.shade { place, value in
      let depth = hypot(place.x - apex.x, place.y - apex.y)
      let angle = atan2(place.x - apex.x, place.y - apex.y)
      guard abs(angle) < 0.66, depth > 0.26, depth < 1.68 else { return 0 }
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let grain = Float(seed >> 40) / Float(1 << 24)
      return min(255, value * (0.62 + 0.5 * grain) * Float(1.12 - depth * 0.3))
    }
    return body
  }
}
