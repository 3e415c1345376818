"""Reads what `strace -f -y` wrote of a receiver and says for which instances success was answered too early.

durability.py TRACE

Success may leave when the instance would survive a power cut: its file was synced after the last byte was written, then
named, then the folder of that name synced (and the folder's own name, where it is new); or a record that holds it was
written to a journal, which was synced afterwards. A sync counts from its return, and only if it began after what it is to
cover had been done. Prints a line for each violation, and the number of answers and of violations at the end.
"""

import ast
import re
import sys

LINE = re.compile(r"^(\d+) +(.*)$")
CALL = re.compile(r"^(\w+)\((.*)\) += +(-?\d+|\?)(.*)$", re.S)
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
DESCRIPTOR = re.compile(r"^(?:AT_FDCWD|\d+)<([^>]*)>")


def calls(path):
    """Yields (begin, end, name, arguments, result) in the order of the ends; begin and end are line numbers."""
    begun = {}
    for number, line in enumerate(open(path, encoding="latin-1")):
        match = LINE.match(line.rstrip("\n"))
        if not match:
            continue
        process, rest = match.groups()
        begin = number
        resumed = RESUMED.match(rest)
        if resumed:
            if process not in begun:
                continue
            begin, head = begun.pop(process)
            rest = head + resumed.group(2)
        elif rest.endswith("<unfinished ...>"):
            begun[process] = (number, rest[: -len("<unfinished ...>")])
            continue
        call = CALL.match(rest)
        if call and call.group(3) != "?":
            yield begin, number, call.group(1), call.group(2), int(call.group(3))


def content(arguments):
    text = TEXT.search(arguments)
    return ast.literal_eval('b"' + text.group(1) + '"') if text else b""


def paths(arguments):
    return [ast.literal_eval('b"' + t + '"').decode() for t in TEXT.findall(arguments)]


def acknowledged(data):
    """The SOP instance UID of a C-STORE response with status 0000 among these bytes, PS3.7 Table 9.3-2."""
    if b"\0\0\0\1\2\0\0\0\1\x80" not in data or b"\0\0\0\x09\2\0\0\0\0\0" not in data:
        return None
    at = data.find(b"\0\0\0\x10")
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    return data[at + 8 : at + 8 + length].rstrip(b"\0")


class Disk:
    """What has been done to files and folders so far, each with the line at which it was over."""

    def __init__(self):
        self.written = {}  # path -> line of the end of the last write
        self.syncs = {}  # path -> [(begin, end)]
        self.names = {}  # partial file -> (final path, line)
        self.folders = {}  # folder made -> line
        self.starts = {}  # path -> its first bytes
        self.records = []  # (journal, line, bytes)

    def synced(self, path, after, before):
        return any(begin > after and end < before for begin, end in self.syncs.get(path, []))

    def is_safe(self, uid, now):
        for journal, line, data in self.records:
            if uid in data and self.synced(journal, line, now):
                return True
        for path, start in self.starts.items():
            if uid not in start or path not in self.names:
                continue
            final, named = self.names[path]
            folder = final.rsplit("/", 1)[0]
            if not any(self.written[path] < begin and end < named for begin, end in self.syncs.get(path, [])):
                continue
            if self.synced(folder, named, now) and self.is_reachable(folder, now):
                return True
        return False

    def is_reachable(self, folder, now):
        """Whether the names of the folders made on the way are synced."""
        while folder in self.folders:
            parent = folder.rsplit("/", 1)[0]
            if not self.synced(parent, self.folders[folder], now):
                return False
            folder = parent
        return True


def main():
    disk, answers, violations = Disk(), 0, []
    for begin, end, name, arguments, result in calls(sys.argv[1]):
        if result < 0:
            continue
        descriptor = DESCRIPTOR.match(arguments)
        path = descriptor.group(1) if descriptor else ""
        if name in ("write", "pwrite64", "writev", "sendmsg", "sendto"):
            data = content(arguments)
            if path.startswith("socket:"):
                uid = acknowledged(data)
                if uid:
                    answers += 1
                    if not disk.is_safe(uid, begin):
                        violations.append(uid.decode())
            elif path.endswith(".journal"):
                disk.records.append((path, end, data))
            else:
                disk.written[path] = end
                disk.starts.setdefault(path, data)
        elif name in ("fsync", "fdatasync"):
            disk.syncs.setdefault(path, []).append((begin, end))
        elif name in ("link", "linkat", "rename", "renameat", "renameat2"):
            source, target = paths(arguments)[:2]
            disk.names.setdefault(source, (target, end))
        elif name in ("mkdir", "mkdirat"):
            disk.folders[paths(arguments)[0]] = end
    for uid in violations:
        print(f"{uid}: success was answered before it was durable")
    print(answers, len(violations))


main()
