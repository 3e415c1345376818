"""What the comparisons share: peers, files to send, runs side by side."""

import array
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process, what):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"{what} ended at once with status {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"{what} did not listen on port {port} within 30 s")


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def write_ct(folder, count, size=512, root="2.25.329800735698586629295641978511506172918", patient="BENCH"):
    """CT slices of `size` x `size` pixels in one series, deterministic: one picture, its rows shifted from slice to
    slice. 512 make 0.5 MB, 42 make 4 KB."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    picture = array.array("H")
    middle = size / 2
    for y in range(size):
        for x in range(size):
            inside = (x - middle) ** 2 / (0.45 * size) ** 2 + (y - middle) ** 2 / (0.35 * size) ** 2 < 1
            picture.append(1040 + (x * y) % 64 if inside else 24)
    rows = picture.tobytes()
    for k in range(count):
        shift = 2 * size * (k % size)
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"{root}.3.{k + 1}"
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, f"{root}.3.{k + 1}"
        ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{root}.1", f"{root}.2"
        ds.PatientID, ds.PatientName = patient, "Bench^Synthetic"
        ds.Modality, ds.StudyDate, ds.InstanceNumber = "CT", "20240102", str(k + 1)
        ds.Rows = ds.Columns = size
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 1, 1
        ds.PhotometricInterpretation = "MONOCHROME2"
        ds.PixelData = rows[shift:] + rows[:shift]
        ds.save_as(folder / f"{k + 1:05}.dcm", enforce_file_format=True)


class Comparison:
    """Two ways to do one thing, alternating in one run; what counts is their ratio within it."""

    def __init__(self, work, theirs, ours, target=None, unit="s"):
        self.work, self.names, self.target, self.unit = work, (theirs, ours), target, unit
        self.times = ([], [])

    def run(self, runs, theirs, ours):
        """Each of the two does the thing once and says how long it took. The first pair warms up."""
        for n in range(runs + 1):
            for times, contestant in zip(self.times, (theirs, ours)):
                # What one leaves unwritten in memory would otherwise be written in the other's time.
                os.sync()
                took = contestant(n)
                if n > 0:
                    times.append(took)
        return self

    @staticmethod
    def heading(runs):
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
              f"{runs} alternating runs; medians, and the ratio of each pair")
        print("| work | they | we | ratio, median (min..max) | target |")
        print("| --- | --- | --- | --- | --- |", flush=True)

    def row(self):
        scale, unit = (1000, "ms") if self.unit == "ms" else (1, "s")
        they, we = (f"{name} {statistics.median(times) * scale:.3g} {unit}" for name, times in zip(self.names, self.times))
        ratios = [a / b for a, b in zip(*self.times)]
        print(f"| {self.work} | {they} | {we} | {statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f}) "
              f"| {self.target or ''} |", flush=True)
