#!/usr/bin/env python3
"""Writes inputs to begin fuzzing with into a folder: one for each VR, shape and character set. Needs pydicom."""
import io
import json
import pathlib
import struct
import sys
import warnings
import zlib

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite, write_dataset
from pydicom.filebase import DicomBytesIO

warnings.simplefilter("ignore")
FILE, IMPLICIT, EXPLICIT, BIG, DEFLATED, TEXT, ENCAPSULATED, JSON = range(8)

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def seed(name, mode, data):
    (folder / name).write_bytes(bytes([mode]) + data)


def encoded(dataset, implicit=False, little=True):
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, little
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def element(tag, vr, value, long=False):
    group, number = tag >> 16, tag & 0xFFFF
    if long:
        return struct.pack("<HH2sHI", group, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def undefined(tag, vr, inside):
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, 0xFFFFFFFF) + inside + item(0xE0DD, b"")


def item(number, value, length=None):
    return struct.pack("<HHI", 0xFFFE, number, len(value) if length is None else length) + value


sample = Dataset()
sample.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
sample.ImageType = ["DERIVED", "SECONDARY"]
sample.StudyDate, sample.StudyTime, sample.AcquisitionDateTime = "20180323", "101112.123456", "20180323101112.5+0100"
sample.PatientName, sample.PatientAge, sample.PatientWeight = "Yamada^Tarou=山田^太郎=やまだ^たろう", "045Y", "70.50"
sample.SeriesNumber, sample.StudyInstanceUID = "3", "1.2.840.1"
sample.Rows, sample.Columns, sample.BitsAllocated, sample.PixelRepresentation = 2, 2, 16, 1
sample.SmallestImagePixelValue = -5
sample.FrameIncrementPointer, sample.RealWorldValueSlope, sample.RecommendedDisplayFrameRateInFloat = 0x00181063, 2.5, 1.5
sample.SimpleFrameList, sample.SelectorSLValue, sample.SelectorSSValue = [1, 2], -7, -2
sample.SelectorUVValue, sample.SelectorSVValue, sample.LongCodeValue = 2**63, -(2**62), "long"
sample.PatientComments, sample.URNCodeValue, sample.RetrieveAETitle = "line\r\nline", "urn:oid:1.2", "FLUORO"
sample.PixelData = b"\1\0\2\0\3\0\4\0"
sample["PixelData"].VR = "OW"
step = Dataset()
step.ScheduledProcedureStepStartDate, step.Modality = "20180323", "CT"
inner = Dataset()
inner.CodeValue, inner.CodingSchemeDesignator = "1", "99X"
step.ScheduledProtocolCodeSequence = [inner, Dataset()]
sample.ScheduledProcedureStepSequence = [step, Dataset(), step]
block = sample.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
block.add_new(0x08, "CS", "IMAGE NUM 4")
block.add_new(0x10, "OB", b"\1\2\3\4")

for name, mode, implicit, little in (
    ("explicit", EXPLICIT, False, True),
    ("implicit", IMPLICIT, True, True),
    ("big", BIG, False, False),
):
    seed(name, mode, encoded(sample, implicit, little))
compressor = zlib.compressobj(wbits=-15)
seed("deflated", DEFLATED, compressor.compress(encoded(sample)) + compressor.flush())
seed("json", JSON, sample.to_json().encode())
bulk = {"7FE00010": {"vr": "OW", "BulkDataURI": "http://127.0.0.1/1"}, "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
bulk["00100010"] = {"vr": "PN", "Value": [{"Alphabetic": "A^B", "Phonetic": "é"}, None]}
bulk["00281053"] = {"vr": "DS", "Value": [1.50, "2.", None, -1e3]}
bulk["00720070"] = {"vr": "UT", "Value": ["\ud83d\ude00\\"]}
bulk["00720083"] = {"vr": "UV", "Value": [1, "18446744073709551615"]}
bulk["00720074"] = {"vr": "FD", "Value": [1.5, "NaN", "-Infinity"]}
seed("json-bulk", JSON, json.dumps(bulk).encode())

meta = FileMetaDataset()
meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
for name, syntax in (("file-explicit", "1.2.840.10008.1.2.1"), ("file-implicit", "1.2.840.10008.1.2"),
                     ("file-big", "1.2.840.10008.1.2.2"), ("file-deflated", "1.2.840.10008.1.2.1.99"),
                     ("file-jpeg", "1.2.840.10008.1.2.4.50")):
    meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    dataset = Dataset(sample)
    if name == "file-jpeg":
        dataset.NumberOfFrames = 2
        dataset.PixelData = encapsulate([b"\xff\xd8\xff\xd9", b"\xff\xd8\1\2\xff\xd9"])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.add_new(0xFFFCFFFC, "OB", b"\0\0")
    dataset.file_meta = meta
    dcmwrite(buffer, dataset, enforce_file_format=True, implicit_vr=syntax == "1.2.840.10008.1.2",
             little_endian=name != "file-big")
    seed(name, FILE, buffer.getvalue())
    seed(name + "-no-preamble", FILE, buffer.getvalue()[132:])

fragments = item(0xE000, struct.pack("<II", 0, 10)) + item(0xE000, b"\xff\xd8") + item(0xE000, b"\xff\xd8\xff\xd9")
seed("fragments", ENCAPSULATED, element(0x00280008, b"IS", b"2 ") + undefined(0x7FE00010, b"OB", fragments))
extended = element(0x7FE00001, b"OV", struct.pack("<QQ", 0, 10), True)
extended += element(0x7FE00002, b"OV", struct.pack("<QQ", 2, 4), True)
empty_table = item(0xE000, b"") + item(0xE000, b"\xff\xd8") + item(0xE000, b"\xff\xd8\xff\xd9")
seed("extended", ENCAPSULATED, element(0x00280008, b"IS", b"2 ") + extended + undefined(0x7FE00010, b"OB", empty_table))

patient = element(0x00100020, b"LO", b"47")
shapes = {
    "undefined": undefined(0x00400100, b"SQ", item(0xE000, patient + item(0xE00D, b""), 0xFFFFFFFF)),
    "unknown": undefined(0x00400100, b"UN", item(0xE000, struct.pack("<HHI", 0x10, 0x20, 2) + b"47")),
    "unknown-defined": element(0x00400100, b"UN", item(0xE000, struct.pack("<HHI", 0x10, 0x20, 2) + b"47"), True),
    "empty-items": element(0x00400100, b"SQ", item(0xE000, b"") * 3, True),
    "stray": item(0xE00D, b"") + patient + item(0xE0DD, b"") + patient,
    "group-length": element(0x00080000, b"UL", struct.pack("<I", 10)) + element(0x00080060, b"CS", b"CT") + patient,
    "repeating": element(0x60003000, b"OW", b"\1\2", True) + element(0x60020010, b"US", b"\1\0"),
    "trailing-zeros": patient + bytes(64),
    "trailing-text": patient + b"and then something else",
    "odd": element(0x00100020, b"LO", b"470") + element(0x00100010, b"PN", b"A"),
    "future-vr": element(0x00100021, b"ZZ", b"ab", True) + patient,
    "order": element(0x00100040, b"CS", b"F ") + patient + element(0x00100040, b"CS", b"M "),
}
for name, data in shapes.items():
    seed(name, EXPLICIT, data)
nested = b""
for _ in range(40):
    nested = undefined(0x00400100, b"SQ", item(0xE000, nested + item(0xE00D, b""), 0xFFFFFFFF))
seed("nested", EXPLICIT, nested)

texts = {
    "latin1": ("ISO_IR 100", "Buc^Jérôme"), "greek": ("ISO_IR 126", "Διονυσιος"), "arabic": ("ISO_IR 127", "قباني"),
    "hebrew": ("ISO_IR 138", "שרון"), "thai": ("ISO_IR 166", "นามสกุล"), "utf8": ("ISO_IR 192", "王^小东 😀"),
    "gb18030": ("GB18030", "王^小东"), "gbk": ("GBK", "王^小东"), "katakana": ("ISO_IR 13", "ﾔﾏﾀﾞ"),
}
codecs = {"latin1": "latin1", "greek": "iso8859-7", "arabic": "iso8859-6", "hebrew": "iso8859-8", "thai": "tis-620",
          "utf8": "utf-8", "gb18030": "gb18030", "gbk": "gbk", "katakana": "shift_jis"}
for name, (term, text) in texts.items():
    seed("text-" + name, TEXT, term.encode() + b"\n" + text.encode(codecs[name]))
seed("text-kanji", TEXT, b"\\ISO 2022 IR 87\\ISO 2022 IR 159\nA\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B\x1b$(D\x22\x44")
seed("text-romaji", TEXT, b"ISO 2022 IR 13\\ISO 2022 IR 87\n\xd4\xcf=\x1b$B;3ED\x1b(J^\\~")
seed("text-korean", TEXT, b"\\ISO 2022 IR 149\n\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce")
seed("text-chinese", TEXT, b"\\ISO 2022 IR 58\n\x1b$)A\xd5\xc5\r\n\x1b$)A\xd0\xa1")
seed("text-mixed", TEXT, b"ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126\nD\xfc\x1b-L\xbb\xee\x1b-F\xc4")
seed("text-values", TEXT, b"\n20180323101112.5+0100")
seed("text-age", TEXT, b"\n045Y")
seed("text-decimal", TEXT, b"\n-1.50E+3")
seed("text-range", TEXT, b"\n20180301-20180323")
