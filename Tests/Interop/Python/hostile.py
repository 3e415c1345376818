"""Peers no program should have to meet, in both roles; each case is one JSON object on standard output:
{"role", "case", "outcome", "seconds", "peak" in MB, "descriptors"}.

usage: hostile.py acceptor PORT PID      attacks the SCP on PORT, which is process PID
       hostile.py requestor COMMAND...   runs COMMAND with an operation for each case, against peers of its own

For the acceptor the peak is what its memory grew by at most while a case ran, for a requestor what its process took at most;
descriptors are those of the SCP that are more than before, after the case; those of a requestor have ended with it.
"""

import contextlib
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from pdus import CT, ECHO, EXPLICIT, FIND, IMPLICIT, command, data, item, pdu, pdv, read_pdu


def user_information():
    return item(0x50, item(0x51, struct.pack(">I", 131072)) + item(0x52, b"1.2.3.4"))


def request():
    contexts = b"".join(
        item(0x20, bytes([number, 0, 0, 0]) + item(0x30, syntax) + item(0x40, EXPLICIT) + item(0x40, IMPLICIT))
        for number, syntax in ((1, ECHO), (3, CT), (5, FIND)))
    return pdu(1, struct.pack(">HH", 1, 0) + b"FLUORO".ljust(16) + b"HOSTILE".ljust(16) + bytes(32)
               + item(0x10, b"1.2.840.10008.3.1.1.1") + contexts + user_information())


def acceptance(asked):
    results, at = b"", 68
    while at < len(asked):
        kind, _, length = struct.unpack(">BBH", asked[at:at + 4])
        if kind == 0x20:
            first = asked[at + 8:at + 4 + length]
            abstract = struct.unpack(">H", first[2:4])[0]
            syntax = first[4 + abstract:]
            size = struct.unpack(">H", syntax[2:4])[0]
            results += item(0x21, bytes([asked[at + 4], 0, 0, 0]) + item(0x40, syntax[4:4 + size]))
        at += 4 + length
    return pdu(2, asked[:68] + item(0x10, b"1.2.840.10008.3.1.1.1") + results + user_information())


def reset(line):
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def trickle(line, message):
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(len(message)):
        line.sendall(message[at:at + 1])


def report(role, case, outcome, began, peak, descriptors):
    print(json.dumps({"role": role, "case": case, "outcome": outcome, "seconds": round(time.monotonic() - began, 2),
                      "peak": round(peak, 1), "descriptors": descriptors}), flush=True)


# MARK: Against an acceptor


class Acceptor:
    def __init__(self, port, process):
        self.port, self.process = port, process

    def connect(self):
        line = socket.create_connection(("127.0.0.1", self.port))
        line.settimeout(20)
        return line

    def associate(self):
        line = self.connect()
        line.sendall(request())
        kind, _ = read_pdu(line)
        assert kind == 2, f"PDU of type {kind} instead of an acceptance"
        return line

    def memory(self, name):
        with open(f"/proc/{self.process}/status") as status:
            return int(next(text for text in status if text.startswith(name)).split()[1]) / 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process}/fd"))

    def serves_others(self):
        with self.associate() as line:
            line.sendall(data(1, True, command(0x0030)))
            kind, body = read_pdu(line)
            assert kind == 4, f"PDU of type {kind} instead of a C-ECHO response"
            line.sendall(pdu(5, bytes(4)))
            assert read_pdu(line)[0] == 6

    def end(self, line):
        """How the other side ends it."""
        try:
            while True:
                kind, body = read_pdu(line)
                if kind == 7:
                    return f"aborted, source {body[2]} reason {body[3]}"
        except EOFError:
            return "closed"
        except ConnectionResetError:
            return "reset"

    def run(self, case, attack):
        with open(f"/proc/{self.process}/clear_refs", "w") as clear:
            clear.write("5")
        base, began = self.memory("VmRSS"), time.monotonic()
        outcome = attack()
        took = time.monotonic()
        self.serves_others()
        peak = self.memory("VmHWM") - base
        limit = time.monotonic() + 10
        while self.descriptors() > self.before and time.monotonic() < limit:
            time.sleep(0.02)
        left = max(0, self.descriptors() - self.before)
        report("acceptor", case, outcome, began + time.monotonic() - took, peak, left)

    def settle(self):
        """What it opens once and keeps is open, and what it closes is closed."""
        self.cut_off()
        self.endless_instance()
        self.serves_others()
        seen = []
        while len(seen) < 25 or len(set(seen[-25:])) > 1:
            seen.append(self.descriptors())
            time.sleep(0.02)
        self.before = seen[-1]

    def after_association(self, *messages):
        def attack():
            with self.associate() as line:
                for message in messages:
                    line.sendall(message)
                self.serves_others()
                return self.end(line)
        return attack

    def before_association(self, message):
        def attack():
            with self.connect() as line:
                line.sendall(message)
                self.serves_others()
                return self.end(line)
        return attack

    def store(self, size, sent):
        """A C-STORE that announces a PDU and stops amid it."""
        header = data(3, True, command(1, has_data=True, sop_class=CT, instance=b"1.2.3.4"))
        return header + struct.pack(">BBIIBB", 4, 0, size + 6, size + 2, 3, 2) + bytes(sent)

    def one_byte_at_a_time(self):
        with self.connect() as line:
            trickle(line, request())
            assert read_pdu(line)[0] == 2
            trickle(line, data(1, True, command(0x0030)))
            assert read_pdu(line)[0] == 4
            trickle(line, pdu(5, bytes(4)))
            assert read_pdu(line)[0] == 6
            return "served"

    def cut_off(self):
        line = self.associate()
        line.sendall(self.store(65536, 30000))
        self.serves_others()
        reset(line)
        return "we reset"

    def flood(self):
        lines = []
        with contextlib.ExitStack() as stack:
            for _ in range(1000):
                lines.append(stack.enter_context(socket.create_connection(("127.0.0.1", self.port))))
            self.serves_others()
            return f"others served, {self.descriptors()} descriptors at most"

    def endless_instance(self):
        with self.associate() as line:
            line.sendall(data(3, True, command(1, has_data=True, sop_class=CT, instance=b"1.2.3.5")))
            piece = data(3, False, bytes(131066), is_last=False) * 8
            for _ in range(256):
                line.sendall(piece)
            self.serves_others()
            reset(line)
        return "we reset after 256 MB"

    def random_bytes(self):
        ends, seeds = set(), random.Random(1)
        for number in range(40):
            with (self.connect() if number % 2 else self.associate()) as line:
                noise = seeds.randbytes(2000)
                try:
                    # Half of them begin like a PDU.
                    line.sendall(struct.pack(">BBI", 1 + number % 7, 0, 1500) + noise if number % 4 < 2 else noise)
                    line.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                ends.add(self.end(line).split(",")[0])
        return " or ".join(sorted(ends))

    def run_all(self):
        echo = command(0x0030)
        self.settle()
        self.run("one byte at a time", self.one_byte_at_a_time)
        self.run("silence after connecting", self.before_association(b""))
        self.run("silence amid the request", self.before_association(request()[:60]))
        self.run("silence after the association", self.after_association())
        self.run("silence amid a command", self.after_association(data(1, True, echo)[:20]))
        self.run("silence amid a data set", self.after_association(self.store(65536, 30000)))
        self.run("a PDU longer than agreed", self.after_association(struct.pack(">BBI", 4, 0, 1 << 20)))
        self.run("a PDU of 4 GB", self.after_association(struct.pack(">BBI", 4, 0, 0xFFFFFFFF)))
        self.run("a request of 4 GB", self.before_association(struct.pack(">BBI", 1, 0, 0xFFFFFFFF)))
        self.run("a PDV longer than its PDU", self.after_association(pdu(4, struct.pack(">IBB", 500, 1, 3) + echo)))
        self.run("a PDV shorter than its header", self.after_association(pdu(4, struct.pack(">IBB", 1, 1, 3) + echo)))
        self.run("a context never negotiated", self.after_association(data(99, True, echo)))
        self.run("a command amid a data set", self.after_association(
            data(3, True, command(1, has_data=True, sop_class=CT, instance=b"1.2.3")), data(1, True, echo)))
        self.run("data without a command", self.after_association(data(3, False, bytes(100))))
        self.run("a response to nothing", self.after_association(data(1, True, command(0x8030, 0, answered=7))))
        self.run("reset amid a data set", self.cut_off)
        self.run("an instance that does not end", self.endless_instance)
        self.run("1000 connections", self.flood)
        self.run("TLS where none is", self.before_association(bytes.fromhex("160301020001000100fc0303") + bytes(500)))
        self.run("HTTP", self.before_association(b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n"))
        self.run("random bytes", self.random_bytes)


# MARK: Against a requestor


class Peer:
    """Listens; accepts what is asked for and answers each command as `answer(line, field, context, message)` does."""

    def __init__(self, answer=None, on_connect=None, on_release=None, trickles=False):
        self.answer, self.on_connect, self.on_release = answer, on_connect, on_release
        self.trickles = trickles
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lines = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            self.lines.append(line)
            threading.Thread(target=self.converse, args=(line,), daemon=True).start()

    def send(self, line, message):
        trickle(line, message) if self.trickles else line.sendall(message)

    def converse(self, line):
        try:
            if self.on_connect:
                return self.on_connect(line)
            while True:
                kind, body = read_pdu(line)
                if kind == 1:
                    self.send(line, acceptance(body))
                elif kind == 4 and body[5] & 1:
                    if self.take(line, body) is False:
                        return
                elif kind == 5:
                    if self.on_release:
                        return self.on_release(line)
                    self.send(line, pdu(6, bytes(4)))
                    return line.close()
                elif kind == 7:
                    return line.close()
        except (OSError, EOFError):
            line.close()

    def take(self, line, body):
        fields, at, command_set = {}, 0, body[6:]
        while at + 8 <= len(command_set):
            _, element, length = struct.unpack("<HHI", command_set[at:at + 8])
            fields[element] = command_set[at + 8:at + 8 + length]
            at += 8 + length
        number = struct.unpack("<H", fields.get(0x0110, fields.get(0x0120, b"\0\0")))[0]
        return self.answer(line, struct.unpack("<H", fields[0x0100])[0], body[4], number) if self.answer else None

    def close(self):
        self.listener.close()
        for line in self.lines:
            line.close()


def match(context, message, number=0, status=0xFF00):
    uid = f"1.2.3.{number}".encode()
    uid += b"\0" * (len(uid) % 2)
    body = struct.pack("<HH2sH", 0x0008, 0x0052, b"CS", 6) + b"STUDY " \
        + struct.pack("<HH2sH", 0x0020, 0x000D, b"UI", len(uid)) + uid
    return data(context, True, command(0x8020, status, True, answered=message, sop_class=FIND)) + data(context, False, body)


def final(context, message, status=0):
    return data(context, True, command(0x8020, status, answered=message, sop_class=FIND))


def on_find(*messages):
    """Answers a C-FIND by what the functions make of context and message id, a C-CANCEL by nothing."""
    def answer(line, field, context, message):
        if field == 0x0020:
            for make in messages:
                line.sendall(make(context, message))
    return answer


class Requestor:
    def __init__(self, arguments):
        self.arguments = arguments
        # Two gigabytes that take no room on the disk.
        self.folder = tempfile.TemporaryDirectory()
        self.big = f"{self.folder.name}/big.dcm"
        meta = b"".join(struct.pack("<HH2sH", 2, element, b"UI", len(value) + len(value) % 2) + value + b"\0" * (len(value) % 2)
                        for element, value in ((0x0002, CT), (0x0003, b"1.2.3.9"), (0x0010, EXPLICIT)))
        body = b"".join(struct.pack("<HH2sH", 8, element, b"UI", len(value) + len(value) % 2) + value + b"\0" * (len(value) % 2)
                        for element, value in ((0x0016, CT), (0x0018, b"1.2.3.9")))
        pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, (1 << 31) - (1 << 20))
        with open(self.big, "wb") as file:
            file.write(bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta + body + pixels)
            file.truncate(file.tell() + (1 << 31) - (1 << 20))

    def run(self, case, peer, *operation):
        address = f"HOSTILE@127.0.0.1:{peer.port}"
        operation = [part.replace("PEER", address) for part in (operation or ("find", "PEER"))]
        began = time.monotonic()
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
            process = subprocess.Popen([*self.arguments, *operation, "--timeout", "1"], stdout=output, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            output.seek(0)
            said = errors.read().decode().strip().replace("\n", " ") or "fine"
            lines = output.read().count(b"\n")
        peer.close()
        report("requestor", case, f"{process.returncode}, {lines} lines: {said}", began, usage.ru_maxrss / 1024, 0)

    def run_all(self):
        def late(line, field, context, message):
            if field == 0x0020:
                line.sendall(match(context, message) * 50)
            elif field == 0x0FFF:
                line.sendall(match(context, message) * 1000 + final(context, message, 0xFE00))

        def never_confirming(line, field, context, message):
            if field == 0x0020:
                line.sendall(match(context, message) * 50)

        def served(line, field, context, message):
            if field == 0x0020:
                trickle(line, match(context, message) + final(context, message))

        def dripping(line, field, context, message):
            if field == 0x0020:
                for byte in match(context, message):
                    time.sleep(0.2)
                    line.sendall(bytes([byte]))

        def taking_nothing(line):
            kind, body = read_pdu(line)
            line.sendall(acceptance(body))

        def resetting(line, field, context, message):
            line.sendall((match(context, message))[:-10])
            reset(line)
            return False

        self.run("one byte at a time", Peer(served, trickles=True))
        self.run("a byte now and then", Peer(dripping))
        self.run("silence after connecting", Peer(on_connect=lambda line: None))
        self.run("silence amid the acceptance", Peer(on_connect=lambda line: line.sendall(acceptance(read_pdu(line)[1])[:40])))
        self.run("silence after the association", Peer())
        self.run("silence amid a response", Peer(on_find(lambda c, m: match(c, m)[:-5])))
        self.run("silence at the release", Peer(on_find(match, final), on_release=lambda line: None))
        self.run("a PDU longer than agreed", Peer(on_find(lambda c, m: struct.pack(">BBI", 4, 0, 1 << 20))))
        self.run("a PDU of 4 GB", Peer(on_find(lambda c, m: struct.pack(">BBI", 4, 0, 0xFFFFFFFF))))
        self.run("an acceptance of 4 GB", Peer(on_connect=lambda line: line.sendall(struct.pack(">BBI", 2, 0, 0xFFFFFFFF))))
        self.run("a PDV longer than its PDU", Peer(on_find(lambda c, m: pdu(4, struct.pack(">IBB", 500, c, 3) + bytes(20)))))
        self.run("a PDV shorter than its header", Peer(on_find(lambda c, m: pdu(4, struct.pack(">IBB", 1, c, 3) + bytes(20)))))
        self.run("a context never negotiated", Peer(on_find(lambda c, m: match(99, m))))
        self.run("a command amid a data set", Peer(on_find(
            lambda c, m: data(c, True, command(0x8020, 0xFF00, True, answered=m, sop_class=FIND)) * 2)))
        self.run("a response with the wrong id", Peer(on_find(lambda c, m: match(c, m + 1))))
        self.run("a response of another service", Peer(on_find(lambda c, m: data(c, True, command(0x8030, 0, answered=m)))))
        self.run("responses after the cancel", Peer(late), "find", "PEER", "--limit", "10")
        self.run("a cancel never confirmed", Peer(never_confirming), "find", "PEER", "--limit", "10")
        self.run("100,000 responses at once", Peer(on_find(lambda c, m: match(c, m) * 100_000, final)))
        self.run("reset amid a data set", Peer(resetting))
        self.run("2 GB to a peer that takes nothing", Peer(on_connect=taking_nothing), "store", "PEER", self.big)
        self.run("TLS where none is", Peer(on_connect=lambda line: line.sendall(b"\x15\x03\x03\x00\x02\x02\x28")))
        self.run("HTTP", Peer(on_connect=lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")))
        seeds = random.Random(2)
        self.run("random bytes", Peer(on_find(lambda c, m: seeds.randbytes(5000))))
        self.run("random bytes as content", Peer(on_find(lambda c, m: data(c, True, seeds.randbytes(300)))))


if __name__ == "__main__":
    if sys.argv[1] == "acceptor":
        Acceptor(int(sys.argv[2]), int(sys.argv[3])).run_all()
    else:
        Requestor(sys.argv[2:]).run_all()
