"""fluoro as the comparisons call it, and storages for it that hold many studies."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from _corpus import write_storage
from _interface import Interface
from _shared import free_port


class Fluoro:
    """How the program is called: with a configuration of its own, and a storage."""

    def __init__(self, path, work, storage, modalities=None, **configuration):
        self.path, self.work, self.storage, self.port = path, work, Path(storage), free_port()
        self.config = work / f"fluoro-{self.port}.json"
        self.config.write_text(json.dumps({
            "DicomAet": "FLUORO", "DicomPort": self.port, "DicomBindAddress": "127.0.0.1", "DicomAlwaysAllowStore": True,
            "DicomModalities": modalities or {"PACS": ["PACS", "127.0.0.1", 104]}, **configuration}))

    def command(self, *arguments):
        return [self.path, *arguments, "--config", str(self.config), "--storage", str(self.storage)]

    def run(self, *arguments):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"fluoro {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def open(self):
        """The interface, in a pseudo terminal."""
        return contextlib.closing(Interface(self.command(), self.work))


def make_storage(fluoro, studies, instances):
    """Files only, beside the storage's place, then moved there: an interrupted one is made again."""
    shutil.rmtree(fluoro.storage, ignore_errors=True)
    part = Fluoro(fluoro.path, fluoro.work, str(fluoro.storage) + ".part")
    shutil.rmtree(part.storage, ignore_errors=True)
    part.run("local", "statistics")
    began = time.monotonic()
    half = studies // 2
    child = os.fork()
    if child == 0:
        write_storage(part.storage, 0, half, instances)
        os._exit(0)
    write_storage(part.storage, half, studies, instances)
    os.waitpid(child, 0)
    os.sync()
    os.rename(part.storage, fluoro.storage)
    print(f"{studies * instances:,} files written in {time.monotonic() - began:.0f} s", flush=True)
