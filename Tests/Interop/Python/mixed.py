"""Writes one study of many SOP classes and transfer syntaxes: mixed.py FOLDER [--private]. Prints the paths.

CT in five transfer syntaxes, MR in Implicit VR, a report, a PDF, a key object note and, when asked for, an instance of a
private SOP class: each class a series.
"""

import sys
from pathlib import Path

from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

folder = Path(sys.argv[1])
root = "2.25.4712"
classes = [
    (uid.CTImageStorage, "CT", uid.ExplicitVRLittleEndian),
    (uid.CTImageStorage, "CT", uid.ImplicitVRLittleEndian),
    (uid.CTImageStorage, "CT", uid.JPEG2000Lossless),
    (uid.CTImageStorage, "CT", uid.JPEGLosslessSV1),
    (uid.CTImageStorage, "CT", uid.RLELossless),
    (uid.MRImageStorage, "MR", uid.ImplicitVRLittleEndian),
    (uid.BasicTextSRStorage, "SR", uid.ExplicitVRLittleEndian),
    (uid.EncapsulatedPDFStorage, "DOC", uid.ExplicitVRLittleEndian),
    (uid.KeyObjectSelectionDocumentStorage, "KO", uid.ExplicitVRLittleEndian),
]
if "--private" in sys.argv:
    classes.append((uid.UID("1.2.826.0.1.3680043.10.9999.1"), "OT", uid.ExplicitVRLittleEndian))
series = []
for number, (sop_class, modality, syntax) in enumerate(classes, 1):
    if modality not in series:
        series.append(modality)
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = f"{root}.9.{number}"
    dataset.StudyDate = "20260103"
    dataset.StudyTime = "040506"
    dataset.AccessionNumber = "A2"
    dataset.Modality = modality
    dataset.PatientName = "Mixed^Study"
    dataset.PatientID = "MIXED"
    dataset.StudyInstanceUID = root
    dataset.SeriesInstanceUID = f"{root}.{series.index(modality) + 1}"
    dataset.StudyID = "2"
    dataset.SeriesNumber = series.index(modality) + 1
    dataset.InstanceNumber = number
    if modality in ("CT", "MR"):
        dataset.SamplesPerPixel = 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.Rows = dataset.Columns = 16
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit = 15
        dataset.PixelRepresentation = 0
        pixels = bytes(range(256)) * 2
        dataset.PixelData = encapsulate([pixels]) if syntax.is_compressed else pixels
        dataset["PixelData"].VR = "OB" if syntax.is_compressed else "OW"
        dataset["PixelData"].is_undefined_length = syntax.is_compressed
    elif modality == "DOC":
        dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
        dataset.EncapsulatedDocument = b"%PDF-1.4 not much of one"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = syntax
    path = folder / f"{number:02}-{modality}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    print(path)
