#!/usr/bin/env python3
"""The network, fluoro against DCMTK's tools: sending, verification, queries.

Both run alternately in one go against the same peers on loopback, with TCP_NODELAY=1 for DCMTK, which else waits 40 ms
for each instance. The targets: 1000 CT sent at 2.3 times storescu's rate, 5000 small instances at 1.8 times over one association
and 2.2 times over four; sending CT at half the rate that loopback carries at all; C-ECHOs at 1.15 times echoscu's rate;
every one of 100,000 matches printed in no more time than `findscu -q` takes to print none, and in a seventh of what findscu takes to
print them, the first within 5 ms of its arrival, in memory that does not grow.

usage: network.py [--fluoro PATH] [--runs N] [--only ct|small|share|echo|find]... [--scale S]
Needs pydicom (the environment that `make test` puts under .build/venv), dcmtk and a release build of fluoro.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _canned import CannedPeer
from _rows import tell
from _shared import Comparison, Contest, end, free_port, wait_for, write_ct

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def peak_memory(process):
    """In MB; what wait4 reports counts what this script had taken before it became the program."""
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = max(peak, int(status.split("VmHWM:")[1].split()[0]))
        except (OSError, IndexError):
            pass
        time.sleep(0.002)
    return peak / 1024


class Drain:
    """A process that reads what connections send and throws it away: what the system's loopback can carry, without DICOM."""

    def __enter__(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.process = os.fork()
        if self.process == 0:
            memory = bytearray(1 << 20)
            while True:
                line, _ = listener.accept()
                while line.recv_into(memory):
                    pass
                line.close()
        listener.close()
        return self

    def __exit__(self, *_):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)

    def carry(self, contents):
        """How long these take from memory to the other process."""
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            for content in contents:
                line.sendall(content)
            line.shutdown(socket.SHUT_WR)
            line.recv(1)
        return time.monotonic() - began


class Bench:
    def __init__(self, options, work):
        self.fluoro, self.runs, self.scale = os.path.abspath(options.fluoro), options.runs, options.scale
        self.work = work
        self.environment = dict(os.environ, TCP_NODELAY="1")
        self.config = work / "fluoro.json"
        self.config.write_text('{"DicomModalities": {}}')

    def scaled(self, count):
        return max(4, int(count * self.scale))

    def timed(self, *commands, **options):
        """How long it takes until all of these have ended well."""
        began = time.monotonic()
        processes = [
            subprocess.Popen([str(part) for part in command], env=self.environment, **{**QUIET, **options})
            for command in commands]
        for process, command in zip(processes, commands):
            if process.wait() != 0:
                sys.exit(f"{command[0]} ended with status {process.returncode}: {' '.join(map(str, command))}")
        return time.monotonic() - began

    def ours(self, *arguments):
        return (self.fluoro, *arguments, "--config", self.config, "--storage", self.work / "storage")

    def peer(self, *options):
        port = free_port()
        process = subprocess.Popen(["storescp", *options, str(port)], env=self.environment, **QUIET)
        wait_for(port, process, "storescp")
        return process, port

    def ct(self):
        self.send("CT of 0.5 MB", 1000, 512, (2.3, None))

    def small(self):
        self.send("of 4 KB", 5000, 42, (1.8, 2.2))

    def send(self, name, count, size, targets):
        count = self.scaled(count)
        folder = self.work / f"send-{size}"
        folder.mkdir()
        write_ct(folder, count, size)
        quarters = [self.work / f"send-{size}-{n}" for n in range(4)]
        for n, file in enumerate(sorted(folder.iterdir())):
            quarters[n % 4].mkdir(exist_ok=True)
            os.link(file, quarters[n % 4] / file.name)
        for associations, target in zip((1, 4), targets):
            process, port = self.peer("--ignore", *(["--fork"] if associations > 1 else []))
            try:
                parts = [folder] if associations == 1 else quarters
                theirs = [("storescu", "+sd", "127.0.0.1", port, part) for part in parts]
                ours = self.ours("store", f"STORESCP@127.0.0.1:{port}", folder, "--associations", associations)
                Comparison(f"send {count} {name}, {associations} at once", "storescu", "fluoro", target).run(
                    self.runs, lambda n: self.timed(*theirs), lambda n: self.timed(ours)).row()
            finally:
                end(process)

    def share(self):
        """Of what loopback carries: the same bytes by a socket alone, and as DICOM, reading of files and all."""
        count = self.scaled(1000)
        folder = self.work / "share"
        folder.mkdir()
        write_ct(folder, count)
        contents = [file.read_bytes() for file in sorted(folder.iterdir())]
        process, port = self.peer("--ignore")
        try:
            with Drain() as drain:
                Comparison(f"send {count} CT of 0.5 MB, share of the limit", "raw loopback", "fluoro", 0.5).run(
                    self.runs, lambda n: drain.carry(contents),
                    lambda n: self.timed(self.ours("store", f"STORESCP@127.0.0.1:{port}", folder))).row()
        finally:
            end(process)

    def echo(self):
        count = self.scaled(10_000)
        process, port = self.peer("--ignore")
        try:
            address = f"STORESCP@127.0.0.1:{port}"
            Comparison(f"{count} C-ECHOs, one association", "echoscu", "fluoro", 1.15).run(
                self.runs, lambda n: self.timed(("echoscu", "--repeat", count, "127.0.0.1", port)),
                lambda n: self.timed(self.ours("echo", address, "--count", count))).row()
            Comparison("one C-ECHO, whole process", "echoscu", "fluoro", 1, "ms").run(
                max(20, self.runs), lambda n: self.timed(("echoscu", "127.0.0.1", port)),
                lambda n: self.timed(self.ours("echo", address))).row()
        finally:
            end(process)

    def find(self):
        count = self.scaled(100_000)
        with CannedPeer(count) as peer:
            def theirs(*options):
                return ("findscu", *options, "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "127.0.0.1",
                        peer.port)

            ours = self.ours("find", f"CANNED@127.0.0.1:{peer.port}", "--json")
            printed = self.work / "matches.json"

            def print_all(n):
                with open(printed, "wb") as out:
                    took = self.timed(ours, stdout=out)
                lines = printed.read_bytes().count(b"\n")
                if lines != count:
                    sys.exit(f"{lines} of {count} matches were printed")
                return took

            contest = Contest(f"{count} matches, ours printed as JSON", {
                "findscu, printing": lambda n: self.timed(theirs()), "findscu -q, which prints nothing":
                lambda n: self.timed(theirs("-q")), "fluoro": print_all}).run(self.runs)
            contest.row("findscu, printing", "fluoro", 7)
            contest.row("findscu -q, which prints nothing", "fluoro", 1)
            peaks = []
            for matches in (1000, count):
                peer.matches = matches
                process = subprocess.Popen([str(part) for part in ours], **QUIET)
                peaks.append(peak_memory(process))
            peer.matches = 2
            delays = []
            for _ in range(20):
                process = subprocess.Popen([str(part) for part in ours], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                process.stdout.readline()
                delays.append((time.monotonic() - peer.first_sent) * 1000)
                process.stdout.read()
                process.wait()
        tell("peak memory of a C-FIND, 1000 matches", peaks[:1], "MB")
        tell(f"peak memory of a C-FIND, {count} matches", peaks[1:], "MB", wanted=peaks[0] + 10)
        tell("first match, from its arrival to its line", delays, "ms", wanted=5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    parser.add_argument("--runs", type=int, default=5)
    parts = ["ct", "small", "share", "echo", "find"]
    parser.add_argument("--only", choices=parts, action="append")
    parser.add_argument("--scale", type=float, default=1, help="of the numbers of instances and messages")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="fluoro-network-"))
    try:
        bench = Bench(options, work)
        Comparison.heading(options.runs)
        for part in options.only or parts:
            getattr(bench, part)()
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
