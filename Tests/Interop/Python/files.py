"""Prints the paths of pydicom's CT and MR test files that a PACS would take.

    files.py FOLDER

The package has one MR image in many transfer syntaxes under the same SOP Instance UID; the second and later get a UID
of their own and are written into FOLDER, otherwise unchanged.
"""

import sys
import warnings
from pathlib import Path

import pydicom

warnings.simplefilter("ignore")
folder = Path(pydicom.__file__).parent / "data" / "test_files"
seen = set()
for path in sorted(folder.glob("*.dcm")):
    try:
        dataset = pydicom.dcmread(path)
    except Exception:  # files that are broken on purpose
        continue
    if dataset.get("Modality") not in ("CT", "MR") or "truncated" in path.name:
        continue
    if dataset.SOPInstanceUID in seen:
        dataset.SOPInstanceUID += f".{len(seen)}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = Path(sys.argv[1]) / path.name
        dataset.save_as(path)
    seen.add(dataset.SOPInstanceUID)
    print(path)
