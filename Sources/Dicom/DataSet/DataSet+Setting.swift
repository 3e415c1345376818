import NIOCore

extension DataSet {
  /// An empty data set whose text will be in this character set unless it names one: an item for a sequence.
  public init(characterSet: CharacterSet) {
    self.init()
    inheritedCharacterSet = characterSet
  }

  /// Sets an element to one value. The VR is the dictionary's; text is encoded in ``characterSet``, and a character
  /// that it does not hold becomes `?` (ask ``CharacterSet/holds(_:)`` first). For numbers the text is read as one.
  public mutating func set(_ tag: Tag, _ value: String) { set(tag, [value]) }

  /// Sets an element to values, as with one.
  public mutating func set(_ tag: Tag, _ values: [String]) {
    let vr = dictionaryVR(of: tag)
    switch vr {
    case .SQ: set(tag, items: [])
    case .FL, .FD, .OF, .OD: set(tag, vr: vr, decimals: values.compactMap { Double($0) })
    case .AT: set(tag, tags: values.compactMap { Tag(parsing: $0) })
    case .US, .SS, .UL, .SL, .SV, .UV: set(tag, vr: vr, integers: values.compactMap { Int($0) })
    default: set(tag, vr: vr, bytes: encoded(values, vr))
    }
  }

  public mutating func set(_ tag: Tag, _ value: UID) { set(tag, [value.rawValue]) }

  public mutating func set(_ tag: Tag, _ values: [UID]) { set(tag, values.map(\.rawValue)) }

  /// Sets an element to integers, as text where the dictionary says IS or DS. Integers the VR does not hold are cut off.
  public mutating func set(_ tag: Tag, integers: [Int]) { set(tag, vr: dictionaryVR(of: tag), integers: integers) }

  /// Sets an element of VR AT.
  public mutating func set(_ tag: Tag, tags: [Tag]) {
    var bytes = ByteBuffer()
    for value in tags { bytes.writeMultipleIntegers(value.group, value.element, endianness: .little) }
    store(.value(tag, .AT, bytes))
  }

  /// Sets an element's value as bytes: numbers have their lowest byte first. A byte of padding is added where needed.
  public mutating func set(_ tag: Tag, vr: VR, bytes: ByteBuffer) {
    var bytes = bytes
    if bytes.readableBytes % 2 == 1 { bytes.writeInteger(vr.padding) }
    store(.value(tag, vr, bytes))
  }

  /// Sets a sequence.
  public mutating func set(_ tag: Tag, items: [DataSet]) { store(.sequence(tag, items)) }

  /// Sets encapsulated pixel data (PS3.5 §A.4): the basic offset table, be it empty, and the fragments.
  public mutating func set(_ tag: Tag, fragments: [ByteBuffer]) { store(.fragments(tag, .OB, fragments)) }

  /// Sets an element to no value: a universal match or return key in a query (PS3.4 §C.2.2.2.3).
  public mutating func setEmpty(_ tag: Tag) {
    let vr = dictionaryVR(of: tag)
    store(vr == .SQ ? .sequence(tag, []) : .value(tag, vr, ByteBuffer()))
  }

  /// Removes an element, a sequence with all its items; nothing where there is none.
  public mutating func remove(_ tag: Tag) {
    guard let position = position(of: tag) else { return }
    makeEditable()
    edits?.remove(at: position)
  }

  /// Names a character set in (0008,0005), or removes it for ASCII. Text already set is not encoded anew.
  public mutating func setCharacterSet(_ characterSet: CharacterSet) {
    inheritedCharacterSet = characterSet
    if characterSet.definedTerms.isEmpty {
      remove(.specificCharacterSet)
    } else {
      set(.specificCharacterSet, characterSet.definedTerms)
    }
  }

  /// Takes an element as it is in another data set.
  public mutating func set(_ element: Element) {
    if let items = element.items {
      store(.sequence(element.tag, items))
    } else if let fragments = element.fragments {
      store(.fragments(element.tag, element.vr, fragments))
    } else if let bytes = element.bytes {
      store(.value(element.tag, element.vr, element.isBigEndian ? bytes.swapped(by: element.vr.unitSize) : bytes))
    }
  }

  // MARK: -

  mutating func set(_ tag: Tag, vr: VR, integers: [Int]) {
    var bytes = ByteBuffer()
    for value in integers {
      switch vr {
      case .US, .SS: bytes.writeInteger(UInt16(truncatingIfNeeded: value), endianness: .little)
      case .UL, .SL, .OL: bytes.writeInteger(UInt32(truncatingIfNeeded: value), endianness: .little)
      case .UV, .SV, .OV: bytes.writeInteger(UInt64(truncatingIfNeeded: value), endianness: .little)
      case .OW: bytes.writeInteger(UInt16(truncatingIfNeeded: value), endianness: .little)
      case .FL, .FD, .OF, .OD: return set(tag, vr: vr, decimals: integers.map { Double($0) })
      default: return set(tag, vr: vr, bytes: encoded(integers.map(String.init), vr))
      }
    }
    store(.value(tag, vr, bytes))
  }

  mutating func set(_ tag: Tag, vr: VR, decimals: [Double]) {
    var bytes = ByteBuffer()
    for value in decimals {
      switch vr {
      case .FL, .OF: bytes.writeInteger(Float(value).bitPattern, endianness: .little)
      default: bytes.writeInteger(value.bitPattern, endianness: .little)
      }
    }
    store(.value(tag, vr, bytes))
  }

  private func encoded(_ values: [String], _ vr: VR) -> ByteBuffer {
    let text = values.joined(separator: "\\")
    // The other VRs are ASCII; Latin 1 is what they are read as when they are not.
    let characterSet = vr.usesSpecificCharacterSet ? self.characterSet : .latin1
    if let bytes = characterSet.encode(text) { return ByteBuffer(bytes: bytes) }
    let held = text.map { characterSet.holds(String($0)) ? $0 : "?" }
    return ByteBuffer(bytes: characterSet.encode(String(held)) ?? [])
  }

  /// The VR to set an element with; LO for private elements of an unknown creator.
  func dictionaryVR(of tag: Tag) -> VR {
    if tag.isPrivateCreator { return .LO }
    if tag.isGroupLength { return .UL }
    if tag.isPrivate { return attribute(for: tag)?.vr ?? .LO }
    guard let choice = AttributeIndex.vr(of: tag) else { return .UN }
    return choice == .usOrSS && integer(.pixelRepresentation) == 1 ? .SS : choice.vr
  }

  private mutating func makeEditable() {
    if edits == nil { edits = source.records[block].map(Content.read) }
  }

  private mutating func store(_ content: Content) {
    makeEditable()
    let position = insertionPosition(of: content.tag)
    if position < count, tag(at: position) == content.tag {
      edits?[position] = content
    } else {
      edits?.insert(content, at: position)
    }
  }
}

extension ByteBuffer {
  /// A copy with the bytes of each unit in reverse order.
  func swapped(by unit: Int) -> ByteBuffer {
    guard unit > 1 else { return self }
    var copy = ByteBuffer(bytes: readableBytesView)
    copy.withUnsafeMutableReadableBytes { $0.swapUnits(of: unit) }
    return copy
  }
}
