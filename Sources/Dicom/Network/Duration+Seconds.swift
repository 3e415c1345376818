extension Duration {
  /// Seconds with their decimals.
  public var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }

  public var inMilliseconds: Double { inSeconds * 1000 }

  /// `3 s`, `2.5 s`
  public var inWords: String {
    let tenths = (inSeconds * 10).rounded()
    return tenths.truncatingRemainder(dividingBy: 10) == 0 ? "\(Int(tenths / 10)) s" : "\(tenths / 10) s"
  }
}
