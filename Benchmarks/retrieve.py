#!/usr/bin/env python3
"""Retrieve one CT study of 250 slices from Orthanc as Debian ships it: fluoro against movescu + storescp.

Both run alternately against the same server on loopback; every run must end with all instances on disk.
Each run gets a new folder, and the old ones stay until the end: deleting files between runs slows the
creation of later ones for minutes.

usage: retrieve.py [--fluoro PATH] [--slices N] [--runs N]
Needs pydicom (the environment that `make test` puts under .build/venv), orthanc, dcmtk and a
release build of fluoro.
"""

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _shared import Comparison, end, free_port, heading, wait_for, write_ct

ROOT = "2.25.329800735698586629295641978511506172918"


def start_orthanc(folder, port, http_port, destinations):
    """Debian's own configuration, with only the ports, the folders and our destinations changed."""
    config = json.loads(strip_comments(Path("/etc/orthanc/orthanc.json").read_text()))
    config.update({
        "DicomAet": "ORTHANC", "DicomPort": port, "HttpPort": http_port,
        "StorageDirectory": str(folder / "orthanc"), "IndexDirectory": str(folder / "orthanc"),
        "Plugins": [], "DicomModalities": destinations, "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False, "HttpsCACertificates": "",
    })
    path = folder / "orthanc.json"
    path.write_text(json.dumps(config))
    log = open(folder / "orthanc.log", "wb")
    process = subprocess.Popen(["Orthanc", str(path)], stdout=log, stderr=log)
    wait_for(http_port, process, "Orthanc")
    wait_for(port, process, "Orthanc")
    return process


def strip_comments(text):
    """Removes the comments Orthanc allows in its JSON; strings stay as they are."""
    out, i, in_string = [], 0, False
    while i < len(text):
        c = text[i]
        if in_string:
            out.append(c)
            if c == "\\":
                i += 1
                out.append(text[i])
            elif c == '"':
                in_string = False
        elif c == '"':
            in_string = True
            out.append(c)
        elif text.startswith("//", i):
            i = text.find("\n", i) - 1 if "\n" in text[i:] else len(text)
        elif text.startswith("/*", i):
            i = text.index("*/", i) + 1
        else:
            out.append(c)
        i += 1
    return "".join(out)


def upload(http_port, files):
    connection = http.client.HTTPConnection("127.0.0.1", http_port)
    for f in files:
        connection.request("POST", "/instances", f.read_bytes())
        reply = connection.getresponse()
        reply.read()
        if reply.status != 200:
            sys.exit(f"Orthanc refused {f.name}: {reply.status}")


def run_movescu(folder, port, storescp_port):
    folder.mkdir()
    receiver = subprocess.Popen(
        ["storescp", "-od", str(folder), str(storescp_port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(storescp_port, receiver, "storescp")
        began = time.monotonic()
        subprocess.run(
            ["movescu", "-S", "-aet", "STORESCP", "-aec", "ORTHANC", "-aem", "STORESCP", "127.0.0.1", str(port),
             "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={ROOT}.1"],
            check=True, timeout=300, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took = time.monotonic() - began
    finally:
        end(receiver)
    return took, len(list(folder.iterdir()))


def run_fluoro(fluoro, folder, port, own_port):
    folder.mkdir()
    config = folder / "fluoro.json"
    config.write_text(json.dumps({
        "DicomAet": "FLUORO", "DicomPort": own_port, "DicomBindAddress": "127.0.0.1",
        "DicomModalities": {"orthanc": ["ORTHANC", "127.0.0.1", port]},
    }))
    began = time.monotonic()
    done = subprocess.run(
        [fluoro, "move", "orthanc", "-q", f"StudyInstanceUID={ROOT}.1", "--json",
         "--config", str(config), "--storage", str(folder / "storage")],
        timeout=300, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    took = time.monotonic() - began
    if done.returncode != 0:
        sys.exit(f"fluoro move ended with {done.returncode}: {done.stderr.strip()}")
    return took, json.loads(done.stdout.strip().splitlines()[-1])["received"]


def complete(name, slices, result):
    took, count = result
    if count != slices:
        sys.exit(f"incomplete: {name} has {count} of {slices}")
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fluoro", default=".build/release/fluoro")
    parser.add_argument("--slices", type=int, default=250)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    fluoro = os.path.abspath(options.fluoro)

    work = Path(tempfile.mkdtemp(prefix="fluoro-bench-"))
    port, http_port, storescp_port, own_port = (free_port() for _ in range(4))
    server = None
    try:
        source = work / "source"
        source.mkdir()
        write_ct(source, options.slices, root=ROOT)
        server = start_orthanc(work, port, http_port, {
            "storescp": ["STORESCP", "127.0.0.1", storescp_port],
            "fluoro": ["FLUORO", "127.0.0.1", own_port],
        })
        upload(http_port, sorted(source.iterdir()))

        heading(options.runs)
        Comparison(f"retrieve {options.slices} CT of 0.5 MB from Orthanc as shipped, durably", "movescu + storescp", "fluoro",
                   15).run(
            options.runs,
            lambda n: complete("movescu", options.slices, run_movescu(work / f"movescu-{n}", port, storescp_port)),
            lambda n: complete("fluoro", options.slices, run_fluoro(fluoro, work / f"fluoro-{n}", port, own_port))).row()
    finally:
        if server:
            end(server)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
