"""What a run was measured on, in words: a figure means nothing without."""

import os
import platform
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

TOOLS = {
    "DCMTK": ("storescu", "--version"), "Orthanc": ("Orthanc", "--version"), "Swift": ("swift", "--version"),
    "valgrind": ("valgrind", "--version"), "tig": ("tig", "--version"),
}


def of_file(path, pattern):
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return None
    return found and found[1].strip()


def processor():
    return of_file("/proc/cpuinfo", r"^model name\s*:\s*(.*)") or platform.machine()


def memory():
    kilobytes = of_file("/proc/meminfo", r"^MemTotal:\s*(\d+)")
    return f"{int(kilobytes) / 1024 / 1024:.1f} GB" if kilobytes else "unknown"


def disk():
    """Of the temporary folder, where everything is measured: its file system, the device, and how long a sync takes now."""
    folder = tempfile.gettempdir()
    fields = ["unknown", "unknown"]
    if shutil.which("findmnt"):
        done = subprocess.run(["findmnt", "-no", "FSTYPE,SOURCE", "-T", folder], capture_output=True, text=True)
        fields = done.stdout.split() or fields
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(100):
            began = time.perf_counter()
            os.write(file.fileno(), bytes(4096))
            os.fsync(file.fileno())
            times.append((time.perf_counter() - began) * 1e6)
    return f"{fields[0]} on {fields[1]}, a sync of 4 KB takes {statistics.median(times):.0f} µs"


def versions(python):
    """Of the tools that are there. `python` is the one that runs the scripts."""
    found = []
    for name, command in TOOLS.items():
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True)
            number = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
            found.append(f"{name} {number[0] if number else 'of an unknown version'}")
    packages = "import importlib.metadata as m; print(*(f'{p} {m.version(p)}' for p in ('pydicom', 'pynetdicom')), sep=', ')"
    done = subprocess.run([python, "-c", packages], capture_output=True, text=True)
    return ", ".join(found + ([done.stdout.strip()] if done.returncode == 0 else []))


def describe(python):
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores", "memory": memory(),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}", "disk": disk(),
        "tools": versions(python),
    }
