#!/usr/bin/env python3
"""How time and memory grow with the work: associations, instances in the index, responses to a query. Draws Benchmarks/growth.png.

1, 2, 4 and 8 associations that send to storescp, which throws away, and that receive, durably, from as many storescu; 1000 to 1,000,000
instances in the storage; 1 to 100,000 responses, prerecorded. "Grows as n^x" is taken from the last two measured points.

usage: growth.py [--fluoro PATH] [--runs N] [--only send|receive|find|index] [--instances N] [--storages DIR] [--plot FILE]
Needs what network.py needs, and matplotlib. The storages are kept and used again, those of index.py among them; that of 1,000,000
takes 6 GB.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _canned import CannedPeer
from _fluoro import Fluoro, make_storage
from _shared import end, free_port, heading, tell, wait_for, write_ct
from network import QUIET, peak_memory

ENVIRONMENT = dict(os.environ, TCP_NODELAY="1")


class Growth:
    """Measured points of one thing: how many, and what of each run."""

    def __init__(self, title, across, unit, shares=False):
        """`shares`: the work stays the same, and is shared by so many."""
        self.title, self.across, self.unit, self.shares, self.points = title, across, unit, shares, []

    def add(self, count, measured):
        self.points.append((count, statistics.median(measured)))
        tell(f"{self.title}, {count:,} {self.across}", measured, self.unit)

    @property
    def exponent(self):
        (a, before), (b, after) = self.points[-2:]
        return math.log(after / before) / math.log(b / a)

    @property
    def words(self):
        if len(self.points) < 2:
            return self.title
        if self.shares:
            (_, one), (count, all_of_them) = self.points[0], self.points[-1]
            return f"{self.title}: {count} take {all_of_them / one:.2f} of one's"
        return f"{self.title}: grows as n^{self.exponent:.2f}"


class Bench:
    def __init__(self, options, work):
        self.fluoro, self.runs, self.work, self.options = os.path.abspath(options.fluoro), options.runs, work, options
        self.config = work / "fluoro.json"
        self.config.write_text('{"DicomModalities": {}}')
        self.number = 0

    def folder(self, name):
        self.number += 1
        folder = self.work / f"{name}-{self.number}"
        folder.mkdir()
        return folder

    def command(self, *words, storage=None):
        return [str(w) for w in (self.fluoro, *words, "--config", self.config, "--storage", storage or self.work / "own")]

    def timed(self, *commands):
        began = time.monotonic()
        processes = [subprocess.Popen([str(w) for w in command], env=ENVIRONMENT, **QUIET) for command in commands]
        for process in processes:
            if process.wait() != 0:
                sys.exit(f"{' '.join(process.args)} ended with {process.returncode}")
        return time.monotonic() - began

    def small_files(self, count=2000):
        """A folder with all of them, and one for each of eight."""
        folder = self.work / "small"
        if not folder.exists():
            folder.mkdir()
            write_ct(folder, count, 42)
            for n, file in enumerate(sorted(folder.iterdir())):
                part = self.work / f"small-{n % 8}"
                part.mkdir(exist_ok=True)
                os.link(file, part / file.name)
        return folder

    def send(self):
        folder = self.small_files()
        times, memory = (Growth(f"send 2000 of 4 KB{words}", "at once", unit, True) for words, unit in
                         (("", "s"), (", peak memory", "MB")))
        port = free_port()
        peer = subprocess.Popen(["storescp", "--ignore", "--fork", str(port)], env=ENVIRONMENT, **QUIET)
        try:
            wait_for(port, peer, "storescp")
            for count in (1, 2, 4, 8):
                command = self.command("store", f"STORESCP@127.0.0.1:{port}", folder, "--associations", count)
                times.add(count, [self.timed(command) for _ in range(self.runs + 1)][1:])
                memory.add(count, [peak_memory(subprocess.Popen(command, **QUIET)) for _ in range(2)])
        finally:
            end(peer)
        return [times, memory]

    def receive(self):
        self.small_files()
        times, memory = (Growth(f"receive 2000 of 4 KB, durably{words}", "at once", unit, True) for words, unit in
                         (("", "s"), (", peak memory", "MB")))
        for count in (1, 2, 4, 8):
            parts = [[self.work / f"small-{part}" for part in range(first, 8, count)] for first in range(count)]
            measured = [self.received(parts) for _ in range(self.runs + 1)][1:]
            times.add(count, [took for took, _ in measured])
            memory.add(count, [peak for _, peak in measured])
        return [times, memory]

    def received(self, parts):
        """Seconds and peak megabytes while as many storescu send, each a part."""
        folder, port = self.folder("received"), free_port()
        config = folder / "fluoro.json"
        config.write_text(json.dumps({
            "DicomAet": "FLUORO", "DicomPort": port, "DicomBindAddress": "127.0.0.1", "DicomAlwaysAllowStore": True,
            "StorageDirectory": str(folder / "storage")}))
        server = subprocess.Popen([self.fluoro, "serve", "--config", config], **QUIET)
        try:
            wait_for(port, server, "fluoro")
            took = self.timed(*(["storescu", "-aec", "FLUORO", "+sd", "127.0.0.1", port, *folders] for folders in parts))
            status = Path(f"/proc/{server.pid}/status").read_text()
        finally:
            end(server)
        return took, int(status.split("VmHWM:")[1].split()[0]) / 1024

    def find(self):
        times, memory = Growth("C-FIND", "responses", "s"), Growth("C-FIND, peak memory", "responses", "MB")
        with CannedPeer(100_000) as peer:
            command = self.command("find", f"CANNED@127.0.0.1:{peer.port}", "--json")
            for count in (1, 10, 100, 1000, 10_000, 100_000):
                peer.matches = count
                # Two are what the peer waits between; it is not among these.
                times.add(count, [self.timed(command) for _ in range(self.runs + 1)][1:])
                memory.add(count, [peak_memory(subprocess.Popen(command, **QUIET)) for _ in range(2)])
        return [times, memory]

    def index(self):
        works = {
            "open and count": ["local", "statistics", "--json"],
            "first page": ["local", "find", "--json", "--limit", "100", "--order-by", "-StudyDate"],
            "find a patient": ["local", "find", "--json", "-q", "PatientID=B0000033"],
            "find part of a name": ["local", "find", "--json", "--limit", "100", "-q", "PatientName=*offmann3*"],
        }
        results = {name: Growth(f"index: {name}", "instances", "ms") for name in works}
        memory = Growth("index: first page, peak memory", "instances", "MB")
        for count in (1000, 10_000, 100_000, 1_000_000):
            if count > self.options.instances:
                break
            storage = Path(self.options.storages).absolute() / f"{count // 10}x10"
            if not storage.exists():
                storage.parent.mkdir(parents=True, exist_ok=True)
                fluoro = Fluoro(self.fluoro, self.work, storage)
                make_storage(fluoro, count // 10, 10)
                fluoro.run("local", "reindex")
            for name, words in works.items():
                command = self.command(*words, storage=storage)
                results[name].add(count, [self.timed(command) * 1000 for _ in range(self.runs + 2)][2:])
            command = self.command(*works["first page"], storage=storage)
            memory.add(count, [peak_memory(subprocess.Popen(command, **QUIET)) for _ in range(3)])
        return [*results.values(), memory]


def plot(panels, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    figure, axes = pyplot.subplots(2, len(panels), figsize=(5 * len(panels), 7.6), squeeze=False)
    for column, (name, growths) in enumerate(panels):
        for row, units in enumerate((("s", "ms"), ("MB",))):
            axis = axes[row][column]
            shown = [growth for growth in growths if growth.unit in units]
            if not shown:
                axis.axis("off")
                continue
            for growth in shown:
                counts, values = zip(*growth.points)
                axis.plot(counts, values, "o-", label=growth.words)
            if not shown[0].shares and len(shown[0].points) > 1:
                # Twice the work in twice the time, ending where the steepest ends.
                counts, values = zip(*max(shown, key=lambda growth: growth.exponent).points)
                axis.plot(counts, [values[-1] * count / counts[-1] for count in counts], ":", color="0.6", label="linear")
            axis.set(title=f"{name}: {'memory' if row else 'time'}", xlabel=shown[0].across, ylabel=shown[0].unit)
            high = max(value for growth in shown for _, value in growth.points)
            if shown[0].shares:
                axis.set(xticks=counts, ylim=(0, high * 1.4))
            else:
                low = min(value for growth in shown for _, value in growth.points)
                axis.set(xscale="log", yscale="log", ylim=(low / 2, high * 20))
                axis.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
                axis.yaxis.set_minor_formatter(ticker.NullFormatter())
            axis.legend(fontsize=7, loc="upper left")
            axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["send", "receive", "find", "index"]
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=names, action="append")
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--storages", default=".build/storages")
    parser.add_argument("--plot", default=str(Path(__file__).with_name("growth.png")))
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="fluoro-growth-"))
    try:
        bench = Bench(options, work)
        heading(options.runs)
        panels = [(name, getattr(bench, name)()) for name in options.only or names]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print()
    for _, growths in panels:
        for growth in growths:
            print(f"- {growth.words}")
    plot(panels, options.plot)


if __name__ == "__main__":
    main()
