#!/usr/bin/env python3
"""Writes inputs to begin fuzzing PDUs with into a folder: one for each PDU, item, command and shape of code."""
import pathlib
import struct
import sys

STREAM, REQUEST, ACCEPT, INFORMATION, COMMAND, DATA, EVENTS, CODE = range(8)
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def seed(name, mode, data):
    (folder / name).write_bytes(bytes([mode]) + data)


def item(kind, value):
    return struct.pack(">BBH", kind, 0, len(value)) + value


def counted(value):
    return struct.pack(">H", len(value)) + value


def pdu(kind, body):
    return struct.pack(">BBI", kind, 0, len(body)) + body


def pdv(context, control, value):
    return struct.pack(">IBB", len(value) + 2, context, control) + value


def element(number, value):
    return struct.pack("<HHI", 0, number, len(value)) + value


def short(number, value):
    return element(number, struct.pack("<H", value))


CT, VERIFICATION, IMPLICIT = b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.1.1", b"1.2.840.10008.1.2"
items = {
    "maximum": item(0x51, struct.pack(">I", 16384)),
    "implementation": item(0x52, b"1.2.3") + item(0x55, b"SEED"),
    "window": item(0x53, struct.pack(">HH", 4, 0)),
    "role": item(0x54, counted(CT) + b"\1\1"),
    "extended": item(0x56, counted(b"1.2.840.10008.5.1.4.1.2.2.1") + b"\1\0\1\1"),
    "common": item(0x57, counted(b"1.2.3.4") + counted(b"1.2.840.10008.4.2") + counted(counted(CT) + counted(b"1.2"))),
    "username": item(0x58, b"\1\1" + counted(b"jane") + counted(b"")),
    "passcode": item(0x58, b"\2\1" + counted(b"jane") + counted(b"sesame")),
    "kerberos": item(0x58, b"\3\0" + counted(bytes(range(32))) + counted(b"")),
    "token": item(0x58, b"\5\1" + counted(b"eyJhbGciOiJub25lIn0.e30.") + counted(b"")),
    "response": item(0x59, counted(b"welcome")),
    "unknown": item(0x5F, b"whatever"),
}
for name, data in items.items():
    seed("item-" + name, INFORMATION, data)
everything = b"".join(items.values())
seed("item-all", INFORMATION, everything)

context = item(0x10, b"1.2.840.10008.3.1.1.1")
proposed = item(0x20, b"\1\0\0\0" + item(0x30, VERIFICATION) + item(0x40, IMPLICIT) + item(0x40, IMPLICIT + b".1"))
result = item(0x21, b"\1\0\0\0" + item(0x40, IMPLICIT)) + item(0x21, b"\3\0\3\0" + item(0x40, b""))
seed("request", REQUEST, context + proposed + item(0x50, everything))
seed("accept", ACCEPT, context + result + item(0x50, everything))
fixed = struct.pack(">HH16s16s32s", 1, 0, b"CALLED".ljust(16), b"CALLING".ljust(16), b"")
request = pdu(1, fixed + context + proposed + item(0x50, everything))
accept = pdu(2, fixed + context + result + item(0x50, items["maximum"]))

echo = short(0x0100, 0x30) + short(0x0110, 1) + short(0x0800, 0x0101) + element(0x0002, VERIFICATION + b"\0")
find = short(0x0100, 0x20) + short(0x0110, 2) + short(0x0700, 0) + short(0x0800, 0)
answer = short(0x0100, 0x8021) + short(0x0120, 3) + short(0x0800, 0) + short(0x0900, 0xB000) + short(0x1020, 5)
answer += short(0x1021, 4) + short(0x1022, 1) + short(0x1023, 0) + element(0x0902, b"a comment ")
answer += element(0x0901, struct.pack("<HHHH", 0x10, 0x10, 0x8, 0x52))
move = short(0x0100, 0x21) + element(0x0600, b"FLUORO") + element(0x1030, b"OTHER ") + short(0x1031, 7)
event = short(0x0100, 0x100) + element(0x0003, CT + b"\0") + element(0x1001, b"1.2.3\0") + short(0x1002, 1)
for name, data in {"echo": echo, "find": find, "answer": answer, "move": move, "event": event}.items():
    seed("command-" + name, COMMAND, element(0, struct.pack("<I", len(data))) + data)

message = pdv(1, 1, find[:10]) + pdv(1, 3, find[10:]) + pdv(1, 0, b"\x10\0\x20\0") + pdv(1, 2, b"\4\0\0\0A   ")
seed("data", DATA, message)
seed("data-echoes", DATA, pdv(1, 3, echo) * 3)
seed("data-empty", DATA, pdv(1, 3, find) + pdv(1, 2, b""))
control = pdu(3, b"\0\1\1\7") + pdu(7, b"\0\0\2\6") + pdu(5, bytes(4)) + pdu(6, bytes(4))
seed("stream", STREAM, request + pdu(4, message) + pdu(4, pdv(1, 3, echo)) + pdu(5, bytes(4)))
seed("stream-accept", STREAM, accept + control)
seed("stream-http", STREAM, b"GET / HTTP/1.1\r\n\r\n")
seed("stream-lie", STREAM, b"\4\0\xff\xff\xff\xff")

seed("events-requestor", EVENTS, bytes([0, 0, 1, 2, 9, 10, 11, 12, 14, 13]))
seed("events-acceptor", EVENTS, bytes([1, 4, 5, 7, 10, 9, 11, 12, 13, 14, 17]))
for number, text in enumerate(("A801", "A7xx", "C000-CFFF", "rejected 1/1/7", "abort 2/6", "context 3", "0x0110")):
    seed(f"code-{number}", CODE, text.encode())
