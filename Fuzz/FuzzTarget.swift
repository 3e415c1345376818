import NIOCore

/// libFuzzer calls this with one input after the other; anything that ends the process is a find.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    #if FUZZING_PDUS
      try HostilePDUs.exercise(input)
    #else
      try HostileInput.exercise(input)
    #endif
  } catch {
    fatalError("\(error)")
  }
  return 0
}
