"""ZIP archives made and judged by Python's zipfile.

    zips.py make FILE... ARCHIVE     stored, deflated, a folder, text, and a name that leads out of where it is unpacked
    zips.py bad FILE FOLDER          archives that should not be believed; prints their paths
    zips.py test ARCHIVE FOLDER      tests every checksum and unpacks it
"""

import struct
import sys
import zipfile
from pathlib import Path

command, *arguments = sys.argv[1:]
if command == "make":
    *files, target = arguments
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("deep/") if hasattr(archive, "mkdir") else archive.writestr("deep/", b"")
        for number, file in enumerate(files):
            archive.write(file, f"deep/{number}.dcm", zipfile.ZIP_STORED if number % 2 else zipfile.ZIP_DEFLATED)
        archive.writestr("README.txt", "no DICOM file at all " * 1000)
        archive.write(files[0], "../../escaped.dcm")
        with archive.open("large-form.dcm", "w", force_zip64=True) as entry:
            entry.write(Path(files[0]).read_bytes())
elif command == "bad":
    file, folder = arguments
    content = Path(file).read_bytes()
    good = Path(folder) / "good.zip"
    with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, "a.dcm")
        archive.write(file, "b.dcm")
    data = bytearray(good.read_bytes())
    directory = struct.unpack_from("<I", data, len(data) - 6)[0]
    second = data.index(b"PK\1\2", directory + 4)

    def write(name, change):
        changed = bytearray(data)
        change(changed)
        path = Path(folder) / name
        path.write_bytes(changed)
        print(path)

    def put(offset, form, value):
        return lambda d: struct.pack_into(form, d, offset, value)

    write("cut.zip", lambda d: d.__delitem__(slice(len(d) - 30, None)))
    write("overlap.zip", put(second + 42, "<I", 0))
    write("beyond.zip", put(second + 42, "<I", 0x7FFFFFFF))
    write("many.zip", put(len(data) - 12, "<H", 60000))
    write("checksum.zip", put(directory + 16, "<I", 1))
    write("longer.zip", put(directory + 24, "<I", len(content) - 1000))
    write("method.zip", put(directory + 10, "<H", 14))
    write("encrypted.zip", put(directory + 8, "<H", 1))
    write("middle.zip", put(60, "<Q", 0xFFFFFFFFFFFFFFFF))
elif command == "test":
    with zipfile.ZipFile(arguments[0]) as archive:
        broken = archive.testzip()
        if broken:
            sys.exit(f"{broken}: the checksum is wrong")
        archive.extractall(arguments[1])
