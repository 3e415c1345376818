#!/usr/bin/env python3
"""Instructions and allocations of the hot paths, counted by valgrind. They do not vary with what else the machine does, so a
saved run shows a regression of a few per cent.

Each program does the thing `few` and `many` times, and the difference counts: starting up does not. `Benchmarks/counts/build` makes
them. Where valgrind is missing `perf stat` counts the instructions, which then vary by some tenths of a per cent.

usage: counts.py [--fluoro PATH] [--runs N]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from _corpus import write_flat
from _shared import heading, tell
from datasets import sample

# Swift's hashing is seeded anew in each process otherwise.
ENVIRONMENT = dict(os.environ, SWIFT_DETERMINISTIC_HASHING="1")


def run(command, pattern):
    """What a tool counted while the program did its work, and what the program printed."""
    done = subprocess.run([str(word) for word in command], env=ENVIRONMENT, capture_output=True, text=True)
    found = re.search(pattern, done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(map(str, command[:6]))} ended with {done.returncode}: {done.stderr[-500:]}")
    return int(found[1].replace(",", "")), done.stdout.strip()


def instructions(*command):
    if shutil.which("valgrind"):
        return run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], r"Collected : (\d+)")
    return run(["perf", "stat", "-x,", "-e", "instructions:u", *command], r"(?m)^(\d+),")


def allocations(*command):
    return run(["valgrind", *command], r"total heap usage: ([\d,]+) allocs")


class Count:
    """One path: `command(n)` does it `n` times, and prints `printed(n)` when it has."""

    def __init__(self, work, command, printed, few, many):
        self.work, self.command, self.printed, self.few, self.many = work, command, printed, few, many

    def each(self, tool):
        counted = []
        for times in (self.few, self.many):
            count, printed = tool(*self.command(times))
            if printed != self.printed(times):
                sys.exit(f"{self.work}: {printed!r} instead of {self.printed(times)!r}")
            counted.append(count)
        return round((counted[1] - counted[0]) / (self.many - self.few))


def paths(products, work):
    small = work / "small"
    small.mkdir()
    for number in range(100):
        sample(number).save_as(small / f"{number:05}.dcm", enforce_file_format=True)
    headers = sorted(small.iterdir())
    indexed = work / "indexed"
    indexed.mkdir()
    inserted = write_flat(indexed, 40, 25)
    storages = iter(range(1_000_000))

    def insert(count):
        return [products / "counts-LocalIndex", "insert", work / f"storage-{next(storages):06}", *inserted[:count]]

    once = subprocess.run([products / "counts-Dicom", "headers", "100", *headers], capture_output=True, text=True, check=True)
    characters = int(once.stdout.split()[1])
    return [
        Count("decode the PDUs of one C-STORE request of 4 KB", lambda n: [products / "counts-Dicom", "pdus", n], str, 1000, 3000),
        Count("read the header of a file of 3.6 kB", lambda n: [products / "counts-Dicom", "headers", n, *headers],
              lambda n: f"{n} {characters * n // 100}", 100, 300),
        Count("insert an instance into the index, its header read", insert, str, 500, 1000),
        Count("draw a frame of 120 x 40 after a key", lambda n: [products / "counts-TUI", "draw", n],
              lambda n: f"{n} 2 true", 50, 150),
        Count("draw it and let curses show it", lambda n: [products / "counts-TUI", "show", n], lambda n: f"{n} 2 true", 50, 150),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    parser.add_argument("--runs", type=int, default=2)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="fluoro-counts-"))
    try:
        heading()
        for path in paths(Path(options.fluoro).resolve().parent, work):
            tell(path.work, [path.each(instructions) for _ in range(options.runs)], "instructions")
            if shutil.which("valgrind"):
                tell(f"{path.work}: memory", [path.each(allocations) for _ in range(options.runs)], "allocations")
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
