#!/usr/bin/env python3
"""The interface in a pseudo terminal of 120 x 40: how soon a key is answered, with how many bytes, and what it costs.

Over an index of 100,000 studies and a million instances: keys, against tig over the commits of this repository, htop, less,
and `cat` as the floor; the start to the first complete frame; what it costs while idle. Then an answer of 100,000 studies
streaming in while keys are pressed, and a link of 2.5 kB/s and 200 ms with 40 countdowns.

A frame ends with 2 ms of silence. Over a few thousand studies what a search or a page fetches is drawn within that, and counts with
its key; over 100,000 it comes later. Figures of storages of different size do not compare.

usage: console.py [--fluoro PATH] [--storage DIR] [--runs N] [--only PART]...
--storage keeps what was made, and uses it again: making it takes some minutes and 5 GB of disk.
"""

import argparse
import collections
import contextlib
import os
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _canned import CannedPeer
from _fluoro import Fluoro, make_storage
from _interface import ANSWER, QUESTION, Interface
from _screen import Screen
from _shared import heading, tell

ROOT = Path(__file__).resolve().parent.parent


def percentile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * share))]


def row(name, answers):
    """Of some runs, each a list of (milliseconds, bytes): the median run."""
    runs = [[took for took, _ in run] for run in answers]
    sizes = [statistics.mean(count for _, count in run) for run in answers]
    p50, p99, longest = (statistics.median(f(run) for run in runs) for f in (
        statistics.median, lambda run: percentile(run, 0.99), max))
    print(f"| {name} | {p50:.2f} ms | {p99:.2f} ms | {longest:.1f} ms | {statistics.median(sizes):.0f} |", flush=True)


# Keys


def steps(down, up, count):
    """Down and up again, a hundred at a time."""
    return [down if n // 100 % 2 == 0 else up for n in range(count)]


def keys(options, fluoro):
    sides = {
        "fluoro, `j` `k` over 100,000 studies": (fluoro.command(), ["3"], steps("j", "k", options.keys)),
        "fluoro, `Ctrl-F` `Ctrl-B`": (fluoro.command(), ["3"], steps("\x06", "\x02", options.keys // 4)),
        "fluoro, a letter of the search and one back": (fluoro.command(), ["3", "/"], ["k", "\x7f"] * (options.keys // 8)),
    }
    if shutil.which("tig"):
        sides["tig, `j` `k` over the commits here"] = (["tig"], [], steps("j", "k", options.keys))
    if shutil.which("htop"):
        sides["htop, down and up"] = (["htop"], [], steps("\x1b[B", "\x1b[A", options.keys))
    sides["less, `j` `k`"] = (
        ["less", str(ROOT / "Sources/Dicom/Dictionary/AttributeTable.swift")], ["\x06"], steps("j", "k", options.keys))
    sides["`cat`, the floor"] = (["cat"], [], ["x"] * options.keys)
    answers = collections.defaultdict(list)
    for run in range(options.runs):
        for name, (command, before, pressed) in sides.items():
            with contextlib.closing(Interface(command, fluoro.work, folder=ROOT)) as interface:
                interface.drain(1)
                for key in before:
                    interface.press(key)
                    interface.drain(1)
                answers[name].append(interface.answers(pressed))
    print("\n| key to the last byte of its frame | median | 99 % | longest | bytes a key |")
    print("| --- | --- | --- | --- | --- |")
    for name, runs in answers.items():
        row(name, runs)
    ours = answers["fluoro, `j` `k` over 100,000 studies"]
    theirs = answers.get("tig, `j` `k` over the commits here", [])

    instances = f"{options.studies * options.instances:,}"

    def against_tig(work, unit, figure, wanted):
        tell(work, [figure(run) for run in ours], unit, "tig", [figure(run) for run in theirs], wanted if theirs else None)

    heading(options.runs)
    against_tig(f"key to frame, 99 %, over {instances} instances", "ms", lambda run: percentile([took for took, _ in run], 0.99),
                0.8)
    against_tig(f"bytes per key, over {instances} instances", "B", lambda run: statistics.mean(count for _, count in run), 20)


def start(options, fluoro):
    """Until the last words of the first frame are there."""
    sides = {"fluoro": (fluoro.command(), "help")}
    if shutil.which("tig"):
        sides["tig"] = (["tig"], "commit")
    if shutil.which("htop"):
        sides["htop"] = (["htop"], "Quit")
    times = collections.defaultdict(list)
    for _ in range(4 * options.runs):
        for name, (command, last) in sides.items():
            with contextlib.closing(Interface(command, fluoro.work, folder=ROOT)) as interface:
                until = time.monotonic() + 10
                while last not in interface.text and time.monotonic() < until:
                    interface.read(1)
                if last not in interface.text:
                    sys.exit(f"{name} has not shown {last!r} within 10 s")
                times[name].append((time.perf_counter() - interface.started) * 1000)
                interface.drain(0.3)
    print("\n| start to the first complete frame | median | longest |")
    print("| --- | --- | --- |")
    for name, runs in times.items():
        print(f"| {name} | {statistics.median(runs):.1f} ms | {max(runs):.1f} ms |", flush=True)
    heading(options.runs)
    tell("start to the first complete frame", times["fluoro"], "ms", "tig", times.get("tig"), 0.6 if "tig" in times else None)


def idle(options, fluoro):
    with fluoro.open() as interface:
        interface.drain(1)
        interface.press("3")
        interface.drain(2)
        before, began = interface.processor_seconds(), time.perf_counter()
        time.sleep(30)
        share = (interface.processor_seconds() - before) / (time.perf_counter() - began)
        memory = interface.peak_memory()
    heading()
    tell("idle over 100,000 studies, of a processor", [share * 100], "%", wanted=0.5)
    tell("the same, resident at most", [memory / 1024], "MB")


# A long answer


def stream(options, fluoro):
    count, lost, slowest = 100_000, [], []
    print(f"\n| {count:,} studies of one C-FIND | seconds | answers a second | keys answered | 99 % | longest |")
    print("| --- | --- | --- | --- | --- | --- |")
    with CannedPeer(count) as peer:
        pacs = {"PACS": ["PACS", "127.0.0.1", peer.port]}
        command = Fluoro(fluoro.path, fluoro.work, fluoro.work / "empty", pacs)
        times = []
        for _ in range(options.runs):
            began = time.perf_counter()
            subprocess.run(command.command("find", "PACS", "--json"), check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            times.append(time.perf_counter() - began)
        took = statistics.median(times)
        print(f"| `fluoro find --json` | {took:.2f} | {count / took:,.0f} | | | |", flush=True)
        interface = Fluoro(fluoro.path, fluoro.work, fluoro.work / "empty", pacs, QueryLimit=0)
        for _ in range(options.runs):
            answers, dropped = streamed(interface, count)
            slowest.append(percentile(answers, 0.99))
            lost.append(dropped)
    heading(options.runs)
    tell(f"keys lost while {count:,} studies come", lost, "keys", wanted=0)
    tell("key to frame meanwhile, 99 %", slowest, "ms")


def streamed(fluoro, count):
    """While they come the cursor is moved down: how long each key took, and how many did not move it by one row."""
    with fluoro.open() as interface:
        screen = Screen()

        def take(quiet):
            data, last = interface.drain(quiet)
            screen.feed(data)
            return last

        take(0.5)
        for key in ["\r", "\r"]:
            interface.press(key)
            take(0.05)
        began = time.perf_counter()
        answers, ended, dropped = [], None, 0
        # They come in the order they stay in, their numbers in their names.
        place = screen.selected(r"Doe, Jane (\d+)")
        while ended is None and time.perf_counter() - began < 120:
            sent = time.perf_counter()
            interface.press("j")
            data = interface.read(2)
            answers.append((time.perf_counter() - sent) * 1000)
            screen.feed(data)
            take(0.02)
            before, place = place, screen.selected(r"Doe, Jane (\d+)")
            if before is not None and (place is None or int(place) != int(before) + 1):
                dropped += 1
            if f"{count:,} studies" in screen.lines[2] and "so far" not in screen.lines[2]:
                ended = time.perf_counter()
        if ended is None:
            sys.exit("the answer did not end:\n" + "\n".join(screen.lines))
        took = ended - began
        print(f"| the interface | {took:.2f} | {count / took:,.0f} | {len(answers)} | {percentile(answers, 0.99):.1f} ms "
              f"| {max(answers):.1f} ms |", flush=True)
        return answers, dropped


# A thin line


class Silence:
    """Ports that accept connections and say nothing."""

    def __init__(self, count):
        self.listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        self.ports = [listener.getsockname()[1] for listener in self.listeners]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listener in self.listeners:
            listener.close()


class Link:
    """A line between the program and a person's terminal: so many bytes a second, and a delay in each direction. What the
    program writes waits in it, as in the buffers of ssh."""

    def __init__(self, interface, rate, delay):
        self.interface, self.rate, self.delay = interface, rate, delay
        self.screen = Screen()
        self.waiting = self.tail = b""
        self.free = time.perf_counter()
        self.coming = collections.deque()
        self.going = collections.deque()

    def run(self, until, done=lambda: False):
        while (now := time.perf_counter()) < until and not done():
            if self.waiting and now >= self.free:
                piece, self.waiting = self.waiting[:64], self.waiting[64:]
                self.free = now + len(piece) / self.rate
                self.coming.append((self.free + self.delay, piece))
            while self.coming and self.coming[0][0] <= now:
                piece = self.coming.popleft()[1]
                self.screen.feed(piece)
                # A question may be cut in two pieces.
                *asked, self.tail = (self.tail + piece).split(QUESTION)
                self.tail = self.tail[-len(QUESTION):]
                self.going.extend([(now + self.delay, ANSWER)] * len(asked))
            while self.going and self.going[0][0] <= now:
                os.write(self.interface.terminal, self.going.popleft()[1])
            if select.select([self.interface.terminal], [], [], 0.002)[0]:
                self.waiting += os.read(self.interface.terminal, 1 << 16)

    def press(self, key):
        self.going.append((time.perf_counter() + self.delay, key.encode()))

    def selected(self):
        return self.screen.selected(r"(\S+)")


def link(options, fluoro):
    with Silence(40) as silent:
        modalities = {f"PACS{n:02}": ["SILENT", "127.0.0.1", port] for n, port in enumerate(silent.ports)}
        thin = Fluoro(fluoro.path, fluoro.work, fluoro.work / "empty", modalities, DicomScuTimeout=120)
        with thin.open() as interface:
            line = Link(interface, 2500, 0.1)
            line.run(time.perf_counter() + 4)
            line.press("E")
            line.run(time.perf_counter() + 4)
            times, depth = [], []
            for n in range(60):
                wanted = f"PACS{n % 40 + 1:02}" if n % 40 < 29 else None
                if wanted is None:
                    line.press("g")
                    line.run(time.perf_counter() + 2, lambda: line.selected() == "PACS00")
                    continue
                began = time.perf_counter()
                line.press("j")
                line.run(began + 10, lambda: line.selected() == wanted)
                times.append(time.perf_counter() - began)
                if line.selected() != wanted:
                    sys.exit(f"{line.selected()} instead of {wanted}:\n" + "\n".join(line.screen.lines))
                depth.append(len(line.waiting))
                line.run(time.perf_counter() + 0.15)
            counting = sum(bool(re.search(r"\d\.\d s", text)) for text in line.screen.lines[4:-2])
    print(f"\n2.5 kB/s and 200 ms there and back, {counting} countdowns in sight: a key is answered after "
          f"{statistics.median(times):.2f} s, 99 % {percentile(times, 0.99):.2f} s, at most {max(times):.2f} s "
          f"(of that the line 0.20 s)", flush=True)
    heading()
    tell("key over 2.5 kB/s and 200 ms with 40 countdowns, 99 %", [percentile(times, 0.99)], "s", wanted=0.6)


PARTS = {"keys": keys, "start": start, "idle": idle, "stream": stream, "link": link}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    parser.add_argument("--studies", type=int, default=100_000)
    parser.add_argument("--instances", type=int, default=10)
    parser.add_argument("--storage")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keys", type=int, default=400)
    parser.add_argument("--only", choices=list(PARTS), action="append")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="fluoro-console-"))
    # Otherwise tig begins with what is not committed here.
    (work / ".tigrc").write_text("set show-changes = no\n")
    try:
        storage = Path(options.storage or work / "storage").absolute()
        fluoro = Fluoro(os.path.abspath(options.fluoro), work, storage)
        if {"keys", "start", "idle"} & set(options.only or PARTS) and not storage.exists():
            make_storage(fluoro, options.studies, options.instances)
            fluoro.run("local", "reindex")
        for part in options.only or PARTS:
            PARTS[part](options, fluoro)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
