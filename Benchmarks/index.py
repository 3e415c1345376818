#!/usr/bin/env python3
"""The local studies at a million instances, and importing.

Makes a storage of 100,000 studies with 10 instances each, lets fluoro index it from the files, and times against it the list
of studies and searches of every kind limited to 100: as whole commands, and what of that is the index, in the open process
(`--timings`). Also the interface itself while a study arrives. Then imports 5000 small files, alternating with Orthanc taking
the same files by C-STORE.

usage: index.py [--fluoro PATH] [--studies N] [--instances N] [--runs N] [--storage DIR] [--only PART]...
The storage is kept (under .build, or where --storage says) and used again; --only make stops when it is there. PART is
make, open, reindex, search, browse or import. Needs dcmtk, orthanc, and a release build of fluoro; 6 GB of disk.
"""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _corpus import Study, write_flat
from _fluoro import Fluoro, make_storage
from _shared import Comparison, end, free_port, heading, tell, wait_for

# Name, target in milliseconds, arguments of `fluoro local find`. Between a rare value and one that every row has.
SEARCHES = [
    ("the first studies", 20, []),
    ("newest first", 20, ["--order-by", "-StudyDate"]),
    ("substring of a name", 10, ["-q", "PatientName=*offmann3*"]),
    ("substring that is nowhere", 10, ["-q", "PatientName=*zzzz*"]),
    ("two letters of a name", 20, ["-q", "PatientName=*ff*"]),
    ("beginning of a name", 20, ["-q", "PatientName=kowalski*"]),
    ("one patient", 20, ["-q", "PatientID=B0033333"]),
    ("end of an identifier", 20, ["-q", "PatientID=*3333"]),
    ("dates at the end", 20, ["-q", "StudyDate=20230601-"]),
    ("dates, sorted by name", 20, ["-q", "StudyDate=20230601-20230607", "--order-by", "PatientName"]),
    ("a description", 20, ["-q", "StudyDescription=*knee*"]),
    ("a referring physician", 20, ["-q", "ReferringPhysicianName=dr777^refers"]),
    ("part of one", 20, ["-q", "ReferringPhysicianName=*r777*"]),
    ("modality in study", 20, ["-q", "ModalitiesInStudy=US"]),
    ("name and date and modality", 20,
     ["-q", "PatientName=rossi*", "-q", "StudyDate=2019-", "-q", "ModalitiesInStudy=MR"]),
    ("two common keys", 20, ["-q", "PatientSex=F", "-q", "StudyDescription=knee mr*"]),
    ("by a tag of its series", 20, ["-q", "StationName=SCANNER17"]),
    ("by one of its instances", 20, ["-q", f"SOPInstanceUID={Study(77777).uid}.1.1"]),
    ("patients", 20, ["--level", "patient", "-q", "PatientName=*anaka12*"]),
    ("patients by modality", 20, ["--level", "patient", "-q", "Modality=CR"]),
    ("series by description", 20, ["--level", "series", "-q", "SeriesDescription=spine series 2"]),
    ("series by protocol", 20, ["--level", "series", "-q", "ProtocolName=*oulder*"]),
    ("series of a name", 20, ["--level", "series", "-q", "PatientName=dimitrov12*"]),
    ("series by a rare part", 20, ["--level", "series", "-q", "StationName=*NER4*"]),
    ("instances of a study", 20, ["--level", "instance", "-q", f"StudyInstanceUID={Study(88888).uid}"]),
    ("instances by number", 20, ["--level", "instance", "-q", "InstanceNumber=7"]),
    ("instances of a class", 20, ["--level", "instance", "-q", "SOPClassUID=1.2.840.10008.5.1.4.1.1.6.1"]),
    ("instances of a name", 20, ["--level", "instance", "-q", "PatientName=*brandt444*"]),
]


def milliseconds(command, runs):
    """Whole runs of a command, its start included, and the lines it printed."""
    times = []
    for n in range(runs + 2):
        began = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if n > 1:
            times.append((time.perf_counter() - began) * 1000)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.decode().strip()}")
    return times, done.stdout.count(b"\n")


def in_process(command, runs):
    """What a search says of its times itself: how long opening took, and searching and printing."""
    times = []
    for n in range(runs + 2):
        done = subprocess.run([*command, "--timings"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        if n > 1:
            opened, searched = re.findall(r"in ([0-9.]+) ms", done.stderr.decode())
            times.append((float(opened), float(searched)))
    return times


def first_open(fluoro):
    """As after the index was lost."""
    for suffix in ["", "-wal", "-shm"]:
        Path(f"{fluoro.storage}/index.sqlite{suffix}").unlink(missing_ok=True)
    began = time.monotonic()
    done = json.loads(fluoro.run("local", "statistics", "--json").splitlines()[-1])
    took = time.monotonic() - began
    print(f"opening a storage of {done['instances']:,} instances without an index took {took:.0f} s "
          f"({done['instances'] / took:,.0f} a second)", flush=True)


def reindex(fluoro):
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = json.loads(fluoro.run("local", "reindex", "--json").splitlines()[-1])
    took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    heading()
    tell(f"reindex {done['instances']:,} instances, each", [took * 1e6 / done["instances"]], "µs", wanted=100)
    tell(f"reindex {done['instances']:,} instances, processor for each", [processor * 1e6 / done["instances"]], "µs")


def search(fluoro, runs):
    heading()
    tell("`fluoro --version`, what starting a process takes", milliseconds([fluoro.path, "--version"], runs)[0], "ms")
    for number, (name, target, arguments) in enumerate(SEARCHES):
        command = fluoro.command("local", "find", "--json", "--limit", "100", *arguments)
        whole, lines = milliseconds(command, runs)
        own = in_process(command, runs)
        name += f", {lines} matches"
        if number == 0:
            tell(f"index opened, and read: {name}", [sum(both) for both in own], "ms", wanted=target)
        tell(f"index read: {name}", [searched for _, searched in own], "ms", wanted=target)
        tell(f"whole `local find --limit 100`: {name}", whole, "ms", wanted=target)


def browse(fluoro, work):
    """The real interface: how long a key takes to be answered in the list of studies, without and with an arriving study."""
    source = work / "arriving"
    source.mkdir()
    for n, (_, content) in enumerate(Study(10_000_000).instances(500)):
        (source / f"{n:04}.dcm").write_bytes(content)
    with fluoro.open() as interface:
        interface.wait_for("modalities")
        interface.press("3")
        interface.wait_for("studies")
        wait_for(fluoro.port, interface, "fluoro")
        quiet = interface.latencies(["j"] * 300)
        sender = subprocess.Popen(
            ["storescu", "-aec", "FLUORO", "127.0.0.1", str(fluoro.port), "+sd", str(source)],
            env={**os.environ, "TCP_NODELAY": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        busy = []
        while sender.poll() is None:
            busy += interface.latencies(["j", "k"] * 5)
        busy += interface.latencies(["j", "k"] * 20)
        memory = interface.peak_memory()
    if sender.returncode != 0:
        sys.exit("the study did not arrive")
    print("\n| the interface over all studies | median | 99 % | longest |")
    print("| --- | --- | --- | --- |")
    for name, times in [("a key, nothing arriving", quiet), ("a key while 500 instances arrive", busy)]:
        times = sorted(times)
        print(f"| {name} | {statistics.median(times):.1f} ms | {times[len(times) * 99 // 100]:.1f} ms "
              f"| {times[-1]:.1f} ms |")
    print(f"\nresident memory of the interface, at most: {memory / 1024:.0f} MB (target: under 100 MB)", flush=True)


def import_small(path, work, runs):
    source = work / "small"
    source.mkdir()
    write_flat(source, 500, 10)
    count = 5000

    def orthanc(n):
        folder = work / f"orthanc-{n}"
        folder.mkdir()
        port, http = free_port(), free_port()
        config = folder / "orthanc.json"
        config.write_text(json.dumps({
            "StorageDirectory": str(folder), "IndexDirectory": str(folder), "Plugins": [], "DicomAet": "ORTHANC",
            "DicomPort": port, "HttpPort": http, "AuthenticationEnabled": False}))
        # DCMTK is in both: without this each instance waits 40 ms for a delayed acknowledgement.
        quick = {"env": {**os.environ, "TCP_NODELAY": "1"}, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(["Orthanc", str(config)], **quick)
        try:
            wait_for(port, server, "Orthanc")
            began = time.monotonic()
            subprocess.run(
                ["storescu", "-aec", "ORTHANC", "127.0.0.1", str(port), "+sd", str(source)], check=True, **quick)
            return time.monotonic() - began
        finally:
            end(server)

    def ours(n):
        fluoro = Fluoro(path, work, work / f"import-{n}")
        began = time.monotonic()
        done = json.loads(fluoro.run("local", "import", "--json", str(source)).splitlines()[-1])
        took = time.monotonic() - began
        if done["imported"] != count:
            sys.exit(f"imported {done['imported']} of {count}")
        return took

    Comparison.heading(runs)
    Comparison(f"import {count} small files", "Orthanc, by C-STORE", "fluoro local import (durable)", target=5).run(
        runs, orthanc, ours).row()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    parser.add_argument("--studies", type=int, default=100_000)
    parser.add_argument("--instances", type=int, default=10)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--storage")
    parser.add_argument("--only", choices=["make", "open", "reindex", "search", "browse", "import"], action="append")
    options = parser.parse_args()
    parts = options.only or ["open", "reindex", "search", "browse", "import"]
    path = os.path.abspath(options.fluoro)
    work = Path(tempfile.mkdtemp(prefix="fluoro-bench-"))
    try:
        storage = Path(options.storage or f".build/storages/{options.studies}x{options.instances}").absolute()
        storage.parent.mkdir(parents=True, exist_ok=True)
        fluoro = Fluoro(path, work, storage)
        if not storage.exists() and parts != ["import"]:
            make_storage(fluoro, options.studies, options.instances)
        if "open" in parts:
            first_open(fluoro)
        if "reindex" in parts:
            reindex(fluoro)
        if "search" in parts:
            search(fluoro, options.runs)
        if "browse" in parts:
            browse(fluoro, work)
        if "import" in parts:
            import_small(path, work, options.runs)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
