"""Prints the path of one of pydicom's test files for each transfer syntax they come in, each another SOP instance.

    syntaxes.py FOLDER

Where all files of a syntax lack what storing needs, one is written into FOLDER with it.
"""

import sys
import warnings
from pathlib import Path

import pydicom

warnings.simplefilter("ignore")
found = {}
for path in sorted((Path(pydicom.__file__).parent / "data").rglob("*.dcm")):
    try:
        dataset = pydicom.dcmread(path)
        instance, _ = dataset.SOPInstanceUID, dataset.SOPClassUID
        if instance == dataset.file_meta.MediaStorageSOPInstanceUID:
            found.setdefault(dataset.file_meta.TransferSyntaxUID, []).append((instance, path, dataset))
    except Exception:  # broken on purpose, or no instance
        continue
taken = set()
# The syntaxes with the fewest files choose first: some files are one instance in many syntaxes.
for files in sorted(found.values(), key=len):
    files.sort(key=lambda file: not ("StudyInstanceUID" in file[2] and "SeriesInstanceUID" in file[2]))
    instance, path, dataset = next(file for file in files if file[0] not in taken)
    taken.add(instance)
    if not ("StudyInstanceUID" in dataset and "SeriesInstanceUID" in dataset):
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.4713", "2.25.4713.1"
        path = Path(sys.argv[1]) / path.name
        dataset.save_as(path)
    print(path)
