/// How this implementation names itself in files and associations (PS3.7 §D.3.3.2).
public enum Implementation {
  /// Derived from a UUID made once for fluoro (PS3.5 §B.2).
  public static let classUID: UID = "2.25.151270588159941633619732323238063997183"
  /// What is released; the change log begins with it.
  public static let version = "0.2.0"
  /// The version without its dots: 16 characters at most (PS3.7 §D.3.3.2.4).
  public static let versionName = "FLUORO_" + version.filter { $0 != "." }
}
