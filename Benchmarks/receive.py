#!/usr/bin/env python3
"""Receiving, durably and not: fluoro against a plain loop, Orthanc as Debian ships it, and DCMTK's storescp.

All in turn within each round, on the same disk, with the same sender for all: `fluoro store`, or DCMTK's storescu with
`--sender storescu`. TCP_NODELAY=1 is set for everything of DCMTK's, Orthanc included, which else waits 40 ms for each
instance. The loop has no network at all: it writes each file, syncs it, renames it, and syncs the folder. `storescp` syncs
nothing: it is compared with `Durability: none`; the durable ratio is only printed, since a disk's sync time varies
eightfold within an hour.

Each run gets a new folder, and the old ones stay until the end: deleting files between runs slows the creation of later
ones for minutes. It needs some 4 GB for each round.

storescp leaves what it received in memory; where the machine has to find that first, it takes three times as long as in
memory that was in use before. Hence the spread against it.

usage: receive.py [--fluoro PATH] [--runs N] [--only ct|small|big] [--scale S] [--sender fluoro|storescu]
Needs pydicom (the environment that `make test` puts under .build/venv), orthanc, dcmtk and a release build of fluoro.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _shared import Contest, end, free_port, heading, wait_for, write_ct
from retrieve import start_orthanc

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Corpus:
    def __init__(self, name, count, size, targets):
        self.name, self.count, self.size = name, count, size
        # Rates against the loop, Orthanc, and, without durability, storescp.
        self.targets = targets


CORPORA = {
    "ct": Corpus("CT of 0.5 MB", 1000, 512, (0.6, 3.5, 1.1)),
    "small": Corpus("of 4 KB", 5000, 42, (1.0, 4.0, 1.1)),
    "big": Corpus("of 100 MB", 6, 7240, (1.0, 8.0, 1.2)),
}


def enlarge(file, size):
    """Gives a slice so many rows and columns, by repeating what it shows."""
    from pydicom import dcmread

    ds = dcmread(file)
    ds.Rows = ds.Columns = size
    ds.PixelData = (ds.PixelData * (size * size // 512 // 512 + 1))[:2 * size * size]
    ds.save_as(file)


class Bench:
    def __init__(self, fluoro, sender, work, corpus, count):
        self.fluoro, self.sender, self.work, self.corpus, self.count = fluoro, sender, work, corpus, count
        self.source = work / f"source-{corpus.size}"
        self.source.mkdir()
        write_ct(self.source, count, min(corpus.size, 512))
        files = sorted(self.source.iterdir())
        if corpus.size > 512:
            for file in files:
                enlarge(file, corpus.size)
        self.quarters = [work / f"source-{corpus.size}-{n}" for n in range(4)]
        for n, file in enumerate(files):
            self.quarters[n % 4].mkdir(exist_ok=True)
            os.link(file, self.quarters[n % 4] / file.name)
        self.contents = [file.read_bytes() for file in files]
        self.runs = 0

    def folder(self, name):
        self.runs += 1
        folder = self.work / f"{name}-{self.corpus.size}-{self.runs}"
        folder.mkdir()
        return folder

    def send(self, called, port, parts):
        """How long one sender takes, or several at once."""
        commands = {
            "storescu": lambda part: ["storescu", "-aec", called, "+sd", "127.0.0.1", str(port), part],
            # Its own storage stays empty, and so it starts as quickly as it can.
            "fluoro": lambda part: [self.fluoro, "--storage", self.work / f"sender-{parts.index(part)}", "store",
                                    f"{called}@127.0.0.1:{port}", part],
        }
        began = time.monotonic()
        senders = [subprocess.Popen(commands[self.sender](part), **QUIET) for part in parts]
        for sender in senders:
            if sender.wait() != 0:
                sys.exit(f"{self.sender} ended with status {sender.returncode}")
        return time.monotonic() - began

    def check(self, found, name):
        if found != self.count:
            sys.exit(f"{name} holds {found} of {self.count} instances")

    def loop(self):
        folder = self.folder("loop")
        descriptor = os.open(folder, os.O_RDONLY)
        began = time.monotonic()
        for n, content in enumerate(self.contents):
            file = os.open(folder / f"{n}.part", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(file, rest):]
            os.fsync(file)
            os.close(file)
            os.rename(folder / f"{n}.part", folder / f"{n}.dcm")
            os.fsync(descriptor)
        took = time.monotonic() - began
        os.close(descriptor)
        return took

    def ours(self, durability="fsync", associations=1):
        folder, port = self.folder("fluoro"), free_port()
        config = folder / "fluoro.json"
        config.write_text(json.dumps({
            "DicomAet": "FLUORO", "DicomPort": port, "DicomBindAddress": "127.0.0.1", "DicomAlwaysAllowStore": True,
            "Durability": durability, "StorageDirectory": str(folder / "storage")}))
        server = subprocess.Popen([self.fluoro, "serve", "--config", config], **QUIET)
        try:
            wait_for(port, server, "fluoro")
            took = self.send("FLUORO", port, [self.source] if associations == 1 else self.quarters)
        finally:
            end(server)
        self.check(sum(1 for _ in (folder / "storage" / "instances").rglob("*.dcm")), "fluoro")
        return took

    def orthanc(self):
        folder, port, http_port = self.folder("orthanc"), free_port(), free_port()
        server = start_orthanc(folder, port, http_port, {})
        try:
            return self.send("ORTHANC", port, [self.source])
        finally:
            end(server)

    def storescp(self):
        folder, port = self.folder("storescp"), free_port()
        server = subprocess.Popen(["storescp", "-od", str(folder), str(port)], **QUIET)
        try:
            wait_for(port, server, "storescp")
            took = self.send("STORESCP", port, [self.source])
        finally:
            end(server)
        self.check(len(list(folder.iterdir())), "storescp")
        return took


def compare(bench, runs):
    contestants = {
        "a plain loop": lambda _: bench.loop(), "fluoro": lambda _: bench.ours(), "Orthanc": lambda _: bench.orthanc(),
        "storescp": lambda _: bench.storescp(), "fluoro, none": lambda _: bench.ours("none")}
    if bench.corpus.size == 42:
        contestants["fluoro, four associations"] = lambda _: bench.ours(associations=4)
    loop, orthanc, none = bench.corpus.targets
    contest = Contest(f"receive {bench.count} {bench.corpus.name}", contestants).run(runs)
    contest.row("a plain loop", "fluoro", loop)
    contest.row("Orthanc", "fluoro", orthanc)
    contest.row("storescp", "fluoro")
    contest.row("storescp", "fluoro, none", none)
    if "fluoro, four associations" in contestants:
        contest.row("fluoro", "fluoro, four associations", 1.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=list(CORPORA))
    parser.add_argument("--scale", type=float, default=1, help="of the numbers of instances")
    parser.add_argument("--sender", choices=["fluoro", "storescu"], default="fluoro")
    options = parser.parse_args()
    os.environ["TCP_NODELAY"] = "1"
    work = Path(tempfile.mkdtemp(prefix="fluoro-receive-"))
    try:
        print(f"sent by {options.sender}")
        heading(options.runs)
        for key, corpus in CORPORA.items():
            if options.only in (None, key):
                count = max(2, int(corpus.count * options.scale))
                compare(Bench(os.path.abspath(options.fluoro), options.sender, work, corpus, count), options.runs)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
