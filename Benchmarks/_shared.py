"""What the comparisons share: peers, files to send, runs side by side."""

import array
import os
import signal
import socket
import subprocess
import sys
import time

from _rows import HEADER, tell


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


class Contest:
    """Several ways to do one thing, taking turns in one run, so that what the machine does meanwhile befalls all alike; what
    counts are the ratios within the turns. `contestants` is a function for each name, which does the thing, number `n`, and
    says how many seconds it took."""

    def __init__(self, work, contestants, unit="s"):
        self.work, self.contestants, self.unit = work, contestants, unit
        self.times = {name: [] for name in contestants}

    def run(self, runs):
        """The first turn warms up."""
        for n in range(runs + 1):
            for name, contestant in self.contestants.items():
                # What one leaves unwritten in memory would otherwise be written in the other's time.
                os.sync()
                took = contestant(n)
                if n > 0:
                    self.times[name].append(took * (1000 if self.unit == "ms" else 1))
        return self

    def row(self, theirs, ours, target=None):
        """One pair of them; `target` is the least ratio."""
        work = self.work if ours == "fluoro" else f"{self.work}: {ours}"
        tell(work, self.times[ours], self.unit, against=theirs, theirs=self.times[theirs], wanted=target)


class Comparison:
    """Two ways to do one thing: `theirs` and `ours` are their names."""

    def __init__(self, work, theirs, ours, target=None, unit="s"):
        self.work, self.names, self.target, self.unit = work, (theirs, ours), target, unit

    def run(self, runs, theirs, ours):
        """Each of the two does the thing once and says how many seconds it took."""
        self.contest = Contest(self.work, dict(zip(self.names, (theirs, ours))), self.unit).run(runs)
        return self

    def row(self):
        self.contest.row(*self.names, self.target)

    @staticmethod
    def heading(runs):
        heading(runs)


def heading(runs=None):
    """The table's, once a script; rows follow, by `Comparison`, `Contest` or, for what is alone, `tell`."""
    words = f"; {runs} runs, taking turns: medians, and the ratio of each pair" if runs else ""
    print(f"load {os.getloadavg()[0]:.1f}{words}\n\n{HEADER}", flush=True)
