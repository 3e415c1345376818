import Glibc

/// A point in a drawing: x grows to the right from -1 to 1 across the picture, y grows downwards in the same unit,
/// 0 in the middle.
struct Point: Equatable {
  var x: Double
  var y: Double

  init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// A gray picture made of filled outlines, in whatever unit its values have (Hounsfield units, signal, density).
///
/// Edges are smoothed: a cell that an outline covers in part takes that part of the value.
struct GrayCanvas {
  /// How an outline changes what it covers.
  enum Blend {
    /// The value replaces what is there: a cut through the body.
    case replace
    /// The value is added to what is there: a projection through the body.
    case add
  }

  let width: Int
  let height: Int
  private(set) var samples: [Float]

  /// Lines per row of cells in which coverage is measured.
  private static let subdivisions = 3

  init(width: Int, height: Int, background: Float) {
    self.width = width
    self.height = height
    samples = Array(repeating: background, count: width * height)
  }

  /// The largest |y| inside the picture.
  var halfHeight: Double { Double(height) / Double(width) }

  /// Fills a closed outline by the even-odd rule.
  mutating func fill(_ outline: [Point], _ value: Float, _ blend: Blend = .replace) {
    let scale = Double(width) / 2
    let xs = outline.map { ($0.x + 1) * scale }
    let ys = outline.map { ($0.y + halfHeight) * scale }
    guard outline.count > 2, let top = ys.min(), let bottom = ys.max() else { return }
    let first = max(0, Int(top.rounded(.down)))
    let last = min(height - 1, Int(bottom.rounded(.up)))
    guard first <= last else { return }
    let crossings = Self.crossings(xs, ys, rows: first...last)
    var coverage = [Float](repeating: 0, count: width)
    for row in first...last {
      let line = (row - first) * Self.subdivisions
      guard let columns = cover(&coverage, crossings[line..<line + Self.subdivisions]) else { continue }
      blendRow(row, columns, &coverage, value, blend)
    }
  }

  /// Where the outline crosses each line of these rows.
  private static func crossings(_ xs: [Double], _ ys: [Double], rows: ClosedRange<Int>) -> [[Double]] {
    let density = Double(subdivisions)
    // Line n lies at this y in rows of cells.
    let y = { (line: Int) in Double(rows.lowerBound) + (Double(line) + 0.5) / density }
    var lines = [[Double]](repeating: [], count: rows.count * subdivisions)
    var previous = xs.count - 1
    for current in xs.indices {
      let (low, high) = ys[current] < ys[previous] ? (current, previous) : (previous, current)
      let first = max(0, Int(((ys[low] - Double(rows.lowerBound)) * density - 0.5).rounded(.up)))
      let slope = (xs[high] - xs[low]) / (ys[high] - ys[low])
      var line = first
      while line < lines.count, y(line) < ys[high] {
        lines[line].append(xs[low] + (y(line) - ys[low]) * slope)
        line += 1
      }
      previous = current
    }
    return lines
  }

  /// Adds up how much of each cell of a row lies inside the outline; nil when none does.
  private func cover(_ coverage: inout [Float], _ lines: ArraySlice<[Double]>) -> ClosedRange<Int>? {
    var first = width
    var last = -1
    let share = 1 / Float(Self.subdivisions)
    for line in lines {
      let crossings = line.count > 2 ? line.sorted() : line
      for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
        let left = max(0, min(crossings[pair], crossings[pair + 1]))
        let right = min(Double(width), max(crossings[pair], crossings[pair + 1]))
        guard left < right else { continue }
        let columns = Int(left)...min(width - 1, Int(right))
        coverage.withUnsafeMutableBufferPointer { cells in
          for column in columns { cells[column] += share }
          // The cells at both ends are covered in part.
          cells[columns.lowerBound] -= Float(left - Double(columns.lowerBound)) * share
          cells[columns.upperBound] -= Float(Double(columns.upperBound + 1) - right) * share
        }
        first = min(first, columns.lowerBound)
        last = max(last, columns.upperBound)
      }
    }
    return first <= last ? first...last : nil
  }

  private mutating func blendRow(
    _ row: Int, _ columns: ClosedRange<Int>, _ coverage: inout [Float], _ value: Float, _ blend: Blend
  ) {
    let start = row * width
    samples.withUnsafeMutableBufferPointer { cells in
      coverage.withUnsafeMutableBufferPointer { parts in
        for column in columns {
          let part = parts[column]
          parts[column] = 0
          switch blend {
          case .replace: cells[start + column] += (value - cells[start + column]) * part
          case .add: cells[start + column] += value * part
          }
        }
      }
    }
  }

  /// Changes each cell by its place in the picture.
  mutating func shade(_ change: (Point, Float) -> Float) {
    for row in 0..<height {
      for column in 0..<width {
        let place = Point(
          (Double(column) + 0.5) / Double(width) * 2 - 1,
          ((Double(row) + 0.5) / Double(height) * 2 - 1) * halfHeight)
        samples[row * width + column] = change(place, samples[row * width + column])
      }
    }
  }
}

/// Outlines that bodies are made of.
enum Outline {
  /// An ellipse turned by `angle` radians; `wave` makes its edge go in and out `folds` times, by this share of the radius.
  static func ellipse(
    _ center: Point, _ radiusX: Double, _ radiusY: Double, angle: Double = 0, folds: Int = 0, wave: Double = 0
  ) -> [Point] {
    let steps = folds > 0 ? max(72, folds * 8) : 48
    return (0..<steps).map { step in
      let t = Double(step) / Double(steps) * 2 * .pi
      let swell = 1 + wave * sin(Double(folds) * t) + wave * 0.6 * sin(Double(folds) * 1.7 * t + 1)
      let x = cos(t) * radiusX * swell
      let y = sin(t) * radiusY * swell
      return Point(center.x + x * cos(angle) - y * sin(angle), center.y + x * sin(angle) + y * cos(angle))
    }
  }

  /// A bone or a vessel: a line with round ends, as thick as its two radii say.
  static func limb(_ from: Point, _ to: Point, _ radiusFrom: Double, _ radiusTo: Double) -> [Point] {
    let direction = atan2(to.y - from.y, to.x - from.x)
    let arc = { (center: Point, radius: Double, start: Double) in
      (0...10).map { step in
        let t = start + Double(step) / 10 * .pi
        return Point(center.x + radius * cos(t), center.y + radius * sin(t))
      }
    }
    return arc(from, radiusFrom, direction + .pi / 2) + arc(to, radiusTo, direction - .pi / 2)
  }

  /// A strip of this thickness along a line of points: a rib, a fold, a membrane.
  static func strip(_ line: [Point], _ thickness: Double) -> [Point] {
    guard line.count > 1 else { return [] }
    var left: [Point] = []
    var right: [Point] = []
    for (index, point) in line.enumerated() {
      let before = line[max(0, index - 1)]
      let after = line[min(line.count - 1, index + 1)]
      let length = max(1e-9, hypot(after.x - before.x, after.y - before.y))
      let normal = Point(-(after.y - before.y) / length, (after.x - before.x) / length)
      left.append(Point(point.x + normal.x * thickness / 2, point.y + normal.y * thickness / 2))
      right.append(Point(point.x - normal.x * thickness / 2, point.y - normal.y * thickness / 2))
    }
    return left + right.reversed()
  }

  /// Points along part of an ellipse, from one angle to another, in radians.
  static func arc(_ center: Point, _ radiusX: Double, _ radiusY: Double, from: Double, to: Double) -> [Point] {
    (0...24).map { step in
      let t = from + (to - from) * Double(step) / 24
      return Point(center.x + radiusX * cos(t), center.y + radiusY * sin(t))
    }
  }

  static func mirrored(_ outline: [Point]) -> [Point] { outline.map { Point(-$0.x, $0.y) } }
}
