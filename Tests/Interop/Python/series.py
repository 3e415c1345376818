"""Writes a synthetic CT series: series.py FOLDER COUNT [ROWS]. Prints the paths.

A ball grows and shrinks through the slices. UIDs are the same for the same COUNT and ROWS.
"""

import sys
from pathlib import Path

import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

folder, count = Path(sys.argv[1]), int(sys.argv[2])
rows = int(sys.argv[3]) if len(sys.argv) > 3 else 64
root = f"2.25.4711.{count}.{rows}"
y, x = numpy.mgrid[-1 : 1 : rows * 1j, -1 : 1 : rows * 1j]
for number in range(1, count + 1):
    z = 2 * number / (count + 1) - 1
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = f"{root}.2.{number}"
    dataset.StudyDate = "20260102"
    dataset.StudyTime = "030405"
    dataset.AccessionNumber = "A1"
    dataset.Modality = "CT"
    dataset.StudyDescription = "Ball"
    dataset.SeriesDescription = f"{count} slices"
    dataset.PatientName = "Ball^Große"
    dataset.PatientID = "BALL"
    dataset.StudyInstanceUID = root
    dataset.SeriesInstanceUID = f"{root}.1"
    dataset.StudyID = "1"
    dataset.SeriesNumber = 1
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [0, 0, number]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = rows
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = (1000 * (x * x + y * y + z * z < 0.8)).astype("<u2").tobytes()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / f"{number:04}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    print(path)
