#!/usr/bin/env python3
"""Read and convert data sets: fluoro's library and command against dcmdump, pydicom, dcmconv and cp.

Everything runs in one go, alternately, on files that this script writes; ratios within one run are what counts.
The targets: headers at 5 times dcmdump's and 20 times pydicom's rate; the header of a 100 MB file in less than 1 ms and
256 KB; 100 MB converted faster than dcmconv does it, and in less than twice the time of cp.

usage: datasets.py [--fluoro PATH] [--files N] [--runs N]
Needs pydicom (the environment that `make test` puts under .build/venv), dcmtk, a release build of fluoro and the program
that `Benchmarks/datasets/build` makes beside it.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _shared import Contest, heading, tell

PYDICOM = """
import sys, time, glob, pydicom
names = sorted(glob.glob(sys.argv[1] + '/*.dcm'))
start = time.perf_counter()
for name in names:
    ds = pydicom.dcmread(name, stop_before_pixels=True)
    for keyword in ('PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex', 'StudyInstanceUID', 'StudyDate',
                    'StudyTime', 'StudyDescription', 'AccessionNumber', 'ReferringPhysicianName', 'SeriesInstanceUID',
                    'Modality', 'SeriesDescription', 'SeriesNumber', 'SOPInstanceUID', 'SOPClassUID', 'InstanceNumber'):
        str(ds.get(keyword, ''))
print(len(names), time.perf_counter() - start)
"""


def sample(number):
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    root = "1.2.826.0.1.3680043.10.1521.3"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"{root}.1.1.{number}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20180323"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101112.120000"
    ds.AccessionNumber, ds.Modality, ds.Manufacturer = f"A{number // 100}", "CT", "FLUORO"
    ds.InstitutionName, ds.ReferringPhysicianName = "Hôpital", "Müller^Jörg"
    ds.StationName, ds.StudyDescription, ds.SeriesDescription = "CT1", "Thorax", "Lunge 1.0"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CTTHORAX", "99FLUORO", "CT of the thorax"
    ds.ProcedureCodeSequence = [code]
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CTImageStorage, f"{root}.9"
    ds.ReferencedImageSequence = [reference]
    ds.PatientName, ds.PatientID = f"Doe^Jané^{number // 100}", f"P{number // 100}"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge, ds.PatientWeight = "19700101", "F", "048Y", "70.5"
    ds.BodyPartExamined, ds.SliceThickness, ds.KVP = "CHEST", "1.0", "120"
    ds.SoftwareVersions, ds.ProtocolName, ds.ConvolutionKernel = "1.0", "Thorax", "B60f"
    ds.ExposureTime, ds.XRayTubeCurrent, ds.Exposure = "500", "200", "100"
    ds.PatientPosition = "HFS"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{root}.{number // 100}", f"{root}.{number // 100}.1"
    ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "1", 2, 1, number
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-100.5, -100.5, number], [1, 0, 0, 0, 1, 0]
    ds.FrameOfReferenceUID, ds.SliceLocation = f"{root}.7", number
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns, ds.PixelSpacing = 32, 32, [0.5, 0.5]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth, ds.RescaleIntercept, ds.RescaleSlope = [40, 300], [400, 1500], -1024, 1
    block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x08, "CS", "IMAGE NUM 4")
    ds.PixelData = bytes(2 * 32 * 32)
    return ds


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, **options).stdout.decode()


def timed(*command):
    start = time.perf_counter()
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    options = parser.parse_args()
    fluoro = Path(options.fluoro).resolve()
    program = fluoro.with_name("datasets")

    work = Path(tempfile.mkdtemp(prefix="fluoro-datasets-"))
    heading(options.runs)
    try:
        headers(program, work, options)
        large(program, fluoro, work, options.runs)
    finally:
        shutil.rmtree(work)


def headers(program, work, options):
    folder = work / "small"
    folder.mkdir()
    for number in range(options.files):
        sample(number).save_as(folder / f"{number:05}.dcm", enforce_file_format=True)

    def ours(_):
        count, _, _, seconds = run(program, "headers", folder).split()
        assert int(count) == options.files
        return float(seconds)

    contest = Contest(f"headers of {options.files} files of 3.6 kB, one core", {
        "fluoro": ours, "dcmdump": lambda _: timed("dcmdump", "+sd", folder),
        "pydicom": lambda _: float(run(sys.executable, "-c", PYDICOM, folder).split()[1])}).run(options.runs)
    contest.row("dcmdump", "fluoro", 5)
    contest.row("pydicom", "fluoro", 20)


def large(program, fluoro, work, runs):
    source = work / "large.dcm"
    ds = sample(1)
    ds.Rows = ds.Columns = 1024
    ds.NumberOfFrames = 50
    ds.PixelData = random.Random(1).randbytes(1 << 20) * 100
    ds.save_as(source, enforce_file_format=True)
    _, read, milliseconds = run(program, "header", source).split()
    tell("header of a file of 100 MB: read from disk", [int(read)], "bytes", wanted=262_144)
    tell("header of a file of 100 MB", [float(milliseconds)], "ms", wanted=1)

    def converted(name, *command):
        def convert(n):
            target = work / f"{name}-{n % 2}.dcm"
            target.unlink(missing_ok=True)
            return timed(*[target if part == "OUT" else part for part in command])

        return convert

    contest = Contest("100 MB from Explicit to Implicit VR Little Endian, whole process", {
        "fluoro": converted("fluoro", fluoro, "convert", source, "OUT", "--transfer-syntax", "implicit"),
        "dcmconv": converted("dcmconv", "dcmconv", "+ti", source, "OUT"),
        "cp": converted("cp", "cp", source, "OUT"),
    }, "ms").run(runs)
    import pydicom

    first, second = (pydicom.dcmread(work / f"{name}-0.dcm") for name in ("fluoro", "dcmconv"))
    assert first.PixelData == second.PixelData == ds.PixelData and first.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    contest.row("dcmconv", "fluoro", 1)
    contest.row("cp", "fluoro", 0.5)


if __name__ == "__main__":
    main()
