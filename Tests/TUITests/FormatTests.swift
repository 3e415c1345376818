import Testing

@testable import TUI

@Suite("Numbers, times and names as people write them")
struct FormatTests {
  @Test(arguments: [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (64_000_000, "64 MB"), (1_250_000_000, "1.3 GB")])
  func bytes(value: Int, words: String) { #expect(Format.bytes(value) == words) }

  @Test(arguments: [(7.44, "7.4 s"), (10, "10.0 s"), (187, "3 m 07 s"), (7500, "2 h 05 m"), (-1, "0.0 s")])
  func durations(value: Double, words: String) { #expect(Format.duration(.seconds(value)) == words) }

  @Test(
    arguments: [
      (40, "modalities › diagnose PACS1"), (27, "modalities › diagnose PACS1"), (26, "… › diagnose PACS1"),
      (5, "diagnose PACS1"),
    ])
  func ways(columns: Int, words: String) { #expect(Frame.shortened("modalities › diagnose PACS1", columns) == words) }

  @Test(arguments: [(1, "1"), (1204, "1,204"), (1_000_000, "1,000,000"), (-1204, "-1,204")])
  func counts(value: Int, words: String) { #expect(Format.count(value) == words) }

  @Test(
    arguments: [
      ("DOE^JANE", "DOE, JANE"), ("DOE", "DOE"), ("", ""), ("DOE^JANE^^DR", "DOE, JANE DR"),
      ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田 太郎)"), ("=山田^太郎", "山田 太郎"),
    ])
  func names(text: String, words: String) { #expect(Format.name(text) == words) }

  @Test(arguments: [("20180323", "2018-03-23"), ("", ""), ("2018", "2018"), ("2018032x", "2018032x")])
  func dates(text: String, words: String) { #expect(Format.date(text) == words) }

  @Test(
    "Base 64 for OSC 52", arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
  func base64(text: String, encoded: String) { #expect(Clipboard.base64(Array(text.utf8)) == encoded) }
}
