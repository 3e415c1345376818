"""Reads a file-set as pydicom does, and says what is in it.

    fileset.py FOLDER        a folder with a DICOMDIR

Prints, for each instance: its path relative to the folder, its record type, PatientID, SOP Instance UID and transfer
syntax as its record has them, tab between. An error when a record and the file it names disagree.
"""

import sys
import warnings
from pathlib import Path

import pydicom
from pydicom.fileset import FileSet

warnings.simplefilter("ignore")
folder = Path(sys.argv[1])
directory = pydicom.dcmread(folder / "DICOMDIR")
for instance in FileSet(directory):
    file = pydicom.dcmread(instance.path, stop_before_pixels=True)
    record = instance.node._record
    for found, expected in [
        (record.ReferencedSOPInstanceUIDInFile, file.SOPInstanceUID),
        (record.ReferencedSOPClassUIDInFile, file.SOPClassUID),
        (record.ReferencedTransferSyntaxUIDInFile, file.file_meta.TransferSyntaxUID),
        (instance.PatientID, file.get("PatientID", "") or instance.PatientID),
        (instance.StudyInstanceUID, file.StudyInstanceUID),
        (instance.SeriesInstanceUID, file.SeriesInstanceUID),
    ]:
        if found != expected:
            sys.exit(f"{instance.path}: the record says {found}, the file {expected}")
    print(Path(instance.path).relative_to(folder), record.DirectoryRecordType, instance.PatientID,
          file.SOPInstanceUID, file.file_meta.TransferSyntaxUID, sep="\t")
