"""Small DICOM files, many and quickly: a header with what an index keeps, and 16 x 16 pixels."""

import hashlib
import os
import struct
from pathlib import Path

ROOT = "2.25.329800735698586629295641978511506172918"
FAMILY = ["Abel", "Brandt", "Castillo", "Dimitrov", "Eriksen", "Fontaine", "Garcia", "Hoffmann", "Ivanova", "Jansen",
          "Kowalski", "Larsen", "Moreau", "Nguyen", "Okafor", "Petrov", "Quispe", "Rossi", "Schneider", "Tanaka"]
GIVEN = ["Ada", "Bruno", "Clara", "Dana", "Emil", "Freya", "Gustav", "Hanna", "Ilya", "Jonas", "Karin", "Leo"]
REGION = ["Head", "Chest", "Abdomen", "Pelvis", "Knee", "Spine", "Shoulder", "Neck"]
MODALITY = [("CT", "1.2.840.10008.5.1.4.1.1.2"), ("MR", "1.2.840.10008.5.1.4.1.1.4"),
            ("CR", "1.2.840.10008.5.1.4.1.1.1"), ("US", "1.2.840.10008.5.1.4.1.1.6.1")]


def element(group, number, vr, value):
    if isinstance(value, str):
        value = value.encode()
        if len(value) % 2:
            value += b"\0" if vr == b"UI" else b" "
    if vr in (b"OB", b"OW"):
        return struct.pack("<HH2sHI", group, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def meta(sop_class, uid):
    group = (element(2, 1, b"OB", b"\0\1") + element(2, 2, b"UI", sop_class) + element(2, 3, b"UI", uid)
             + element(2, 0x10, b"UI", "1.2.840.10008.1.2.1") + element(2, 0x12, b"UI", ROOT))
    return b"\0" * 128 + b"DICM" + element(2, 0, b"UL", struct.pack("<I", len(group))) + group


PIXELS = (element(0x28, 2, b"US", struct.pack("<H", 1)) + element(0x28, 4, b"CS", "MONOCHROME2")
          + b"".join(element(0x28, n, b"US", struct.pack("<H", v)) for n, v in
                     [(0x10, 16), (0x11, 16), (0x100, 16), (0x101, 16), (0x102, 15), (0x103, 0)])
          + element(0x7FE0, 0x10, b"OW", bytes(512)))


class Study:
    """One study of a corpus, everything in it drawn from its number: two series, instances between them."""

    def __init__(self, number):
        self.number = number
        h = int.from_bytes(hashlib.md5(str(number).encode()).digest()[:8], "big")
        patient = number * 2 // 3  # every second patient has two studies
        p = int.from_bytes(hashlib.md5(b"p%d" % patient).digest()[:8], "big")
        self.patient_id = f"B{patient:07}"
        self.name = f"{FAMILY[p % 20]}{p // 20 % 500:03}^{GIVEN[p // 10000 % 12]}"
        self.birth = f"{1930 + p // 7 % 80}{1 + p // 11 % 12:02}{1 + p // 13 % 28:02}"
        self.sex = "FM"[p // 17 % 2]
        self.uid = f"{ROOT}.1.{number}"
        # Studies come in the order of their dates, as they do.
        day = number * 3650 // 100_000
        self.date = f"{2014 + day // 365}{1 + day % 365 // 31:02}{1 + day % 28:02}"
        self.time = f"{7 + h % 12:02}{h // 12 % 60:02}{h // 720 % 60:02}"
        self.region = REGION[h // 3 % 8]
        self.modality, self.sop_class = MODALITY[h // 5 % 4]
        self.referring = f"Dr{h // 19 % 800:03}^Refers"
        self.station = f"SCANNER{h // 23 % 40:02}"

    def instances(self, count):
        """(identifier as Orthanc makes it, the bytes of the file) of each."""
        e = element
        study = e(8, 0x20, b"DA", self.date)
        for k in range(count):
            series = 0 if k * 2 < count else 1
            series_uid = f"{self.uid}.{series + 1}"
            uid = f"{series_uid}.{k + 1}"
            data = b"".join([
                e(8, 0x16, b"UI", self.sop_class), e(8, 0x18, b"UI", uid), study, e(8, 0x21, b"DA", self.date),
                e(8, 0x30, b"TM", self.time), e(8, 0x50, b"SH", f"A{self.number:08}"), e(8, 0x60, b"CS", self.modality),
                e(8, 0x70, b"LO", "Acme Imaging" if self.number % 3 else "Example Medical"),
                e(8, 0x80, b"LO", "General Hospital"), e(8, 0x90, b"PN", self.referring),
                e(8, 0x1010, b"SH", self.station), e(8, 0x1030, b"LO", f"{self.region} {self.modality} {self.number % 97}"),
                e(8, 0x103E, b"LO", f"{self.region} series {series + 1}"), e(0x10, 0x10, b"PN", self.name),
                e(0x10, 0x20, b"LO", self.patient_id), e(0x10, 0x30, b"DA", self.birth), e(0x10, 0x40, b"CS", self.sex),
                e(0x18, 0x15, b"CS", self.region.upper()), e(0x18, 0x1030, b"LO", f"{self.region} protocol"),
                e(0x20, 0xD, b"UI", self.uid), e(0x20, 0xE, b"UI", series_uid), e(0x20, 0x10, b"SH", str(self.number)),
                e(0x20, 0x11, b"IS", str(series + 1)), e(0x20, 0x13, b"IS", str(k + 1)),
                e(0x20, 0x32, b"DS", f"0\\0\\{k}"), e(0x20, 0x37, b"DS", "1\\0\\0\\0\\1\\0"), PIXELS])
            digest = hashlib.sha1(f"{self.patient_id}|{self.uid}|{series_uid}|{uid}".encode()).hexdigest()
            yield "-".join(digest[i:i + 8] for i in range(0, 40, 8)), meta(self.sop_class, uid) + data


def write_flat(folder, studies, instances):
    """Files in one folder, as they would lie on a disc. Returns their paths."""
    paths = []
    for number in range(studies):
        for identifier, content in Study(number).instances(instances):
            path = Path(folder) / f"{number:06}-{identifier[:8]}.dcm"
            path.write_bytes(content)
            paths.append(path)
    return paths


def write_storage(folder, first, last, instances):
    """Files where a storage of fluoro has them, without an index: `fluoro local reindex` makes that."""
    instances_folder = os.path.join(folder, "instances")
    for prefix in range(256):
        os.makedirs(f"{instances_folder}/{prefix:02x}", exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number in range(first, last):
        for identifier, content in Study(number).instances(instances):
            file = os.open(f"{instances_folder}/{identifier[:2]}/{identifier}.dcm", flags, 0o600)
            os.write(file, content)
            os.close(file)
