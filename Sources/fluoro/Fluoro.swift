import ArgumentParser
@main struct Fluoro: ParsableCommand { func run() {} }
