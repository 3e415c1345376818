// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "fluoro",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "fluoro", targets: ["fluoro"]),
    .library(name: "Dicom", targets: ["Dicom"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // Its underscored `_superCommandName` is used, which a minor version may take away.
    .package(url: "https://github.com/apple/swift-argument-parser", .upToNextMinor(from: "1.8.2")),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CNCurses", providers: [.apt(["libncursesw5-dev"])]),
    .systemLibrary(
      name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CFileSystem"),
    .target(
      name: "Dicom",
      dependencies: [
        "CZlib",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
      ]),
    .target(
      name: "LocalIndex",
      dependencies: [
        "Dicom", "CFileSystem", "CZlib",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "Operations",
      dependencies: [
        "Dicom", "LocalIndex",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "TUI", dependencies: ["CNCurses", "Operations"]),
    .executableTarget(
      name: "fluoro",
      dependencies: [
        "TUI", "Operations",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "TestSupport", dependencies: ["Dicom"], path: "Tests/Support"),
    .testTarget(name: "DicomTests", dependencies: ["Dicom", "TestSupport"]),
    .testTarget(name: "LocalIndexTests", dependencies: ["LocalIndex", "TestSupport"]),
    .testTarget(name: "OperationsTests", dependencies: ["Operations", "TestSupport"]),
    .testTarget(name: "TUITests", dependencies: ["TUI"]),
    .testTarget(
      name: "InteropTests", dependencies: ["Operations", "TestSupport"], path: "Tests/Interop",
      exclude: ["Python", "Faults"]),
  ],
  swiftLanguageModes: [.v6]
)
