"""A query SCP that says what was recorded before: it costs nothing but the writing of bytes."""

import socket
import struct
import sys
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "Tests/Interop/Python"))
from pdus import EXPLICIT, FIND, command, data, item, pdu, read_pdu  # noqa: E402


def element(group, number, vr, text):
    value = text.encode() + (b" " if vr != "UI" else b"\0") * (len(text) % 2)
    return struct.pack("<HH2sH", group, number, vr.encode(), len(value)) + value


def match(n):
    return b"".join([
        element(0x0008, 0x0005, "CS", "ISO_IR 100"), element(0x0008, 0x0020, "DA", "20240102"),
        element(0x0008, 0x0030, "TM", "101112"), element(0x0008, 0x0050, "SH", f"A{n}"),
        element(0x0008, 0x0052, "CS", "STUDY"), element(0x0008, 0x0061, "CS", "CT\\SR"),
        element(0x0008, 0x1030, "LO", "Thorax and abdomen"), element(0x0010, 0x0010, "PN", f"Doe^Jane^{n}"),
        element(0x0010, 0x0020, "LO", f"PID{n}"), element(0x0010, 0x0030, "DA", "19700101"),
        element(0x0010, 0x0040, "CS", "F"),
        element(0x0020, 0x000D, "UI", f"1.2.826.0.1.3680043.10.1521.7.{n}"), element(0x0020, 0x0010, "SH", str(n)),
        element(0x0020, 0x1206, "IS", "3"), element(0x0020, 0x1208, "IS", "250")])


class CannedPeer:
    """Accepts any association and answers each C-FIND with `matches` of the `count` recorded matches. With two of them it
    waits between the first and the second, so that what becomes of the first can be timed."""

    def __init__(self, count):
        self.matches = count
        self.first_sent = 0
        header = self.response(0xFF00, has_data=True)
        self.recorded = [data(1, True, header) + data(1, False, match(n)) for n in range(count)]
        self.all = b"".join(self.recorded)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with line:
                try:
                    self.converse(line)
                except (ConnectionError, EOFError):
                    pass

    def converse(self, line):
        while True:
            kind, body = read_pdu(line)
            if kind == 1:
                line.sendall(self.acceptance(body))
            elif kind == 4 and body[5] & 1 == 0 and body[5] & 2:
                self.answer(line)
            elif kind == 5:
                line.sendall(pdu(6, bytes(4)))
            elif kind == 7:
                return

    def answer(self, line):
        final = data(1, True, self.response(0))
        if self.matches == 2:
            self.first_sent = time.monotonic()
            line.sendall(self.recorded[0])
            time.sleep(0.1)
            line.sendall(self.recorded[1] + final)
        elif self.matches == len(self.recorded):
            line.sendall(self.all)
            line.sendall(final)
        else:
            line.sendall(b"".join(self.recorded[:self.matches]) + final)

    @staticmethod
    def response(status, has_data=False):
        return command(0x8020, status, has_data, answered=1, sop_class=FIND)

    @staticmethod
    def acceptance(request):
        results, at = b"", 68
        while at < len(request):
            kind, _, length = struct.unpack(">BBH", request[at:at + 4])
            if kind == 0x20:
                results += item(0x21, bytes([request[at + 4], 0, 0, 0]) + item(0x40, EXPLICIT))
            at += 4 + length
        user = item(0x51, struct.pack(">I", 131072)) + item(0x52, b"1.2.826.0.1.3680043.10.1521.9")
        return pdu(2, request[:68] + item(0x10, b"1.2.840.10008.3.1.1.1") + results + item(0x50, user))
