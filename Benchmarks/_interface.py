"""A program in a pseudo terminal of its own: keys go in, and what they are answered with is timed."""

import os
import pty
import random
import re
import select
import signal
import sys
import termios
import time

QUESTION, ANSWER = b"\x1b[5n", b"\x1b[0n"


class Interface:
    """`work` is its home. A question about the terminal's status is answered as terminals do, at once."""

    def __init__(self, command, work, rows=40, columns=120, folder=None, environment=None):
        variables = {
            **os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(work), "PWD": str(folder or work),
            "XDG_CONFIG_HOME": str(work), "XDG_DATA_HOME": str(work), **(environment or {}),
        }
        self.terminal, theirs = pty.openpty()
        # The size is there before the program is, as in a terminal.
        termios.tcsetwinsize(theirs, (rows, columns))
        path = os.ttyname(theirs)
        before = os.getcwd()
        if folder:
            os.chdir(folder)
        self.started = time.perf_counter()
        # The first terminal that the leader of a session opens becomes its own.
        self.process = os.posix_spawnp(
            command[0], [str(word) for word in command], variables, setsid=True,
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, path, os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1),
                          (os.POSIX_SPAWN_DUP2, 0, 2), (os.POSIX_SPAWN_CLOSE, theirs)])
        os.chdir(before)
        os.close(theirs)
        self.returncode = None
        self.text = ""
        self.tail = b""

    def poll(self):
        """As of a subprocess: its status when it has ended."""
        if self.returncode is None:
            pid, status = os.waitpid(self.process, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def read(self, timeout):
        """What is drawn within a time, or nothing."""
        ready, _, _ = select.select([self.terminal], [], [], timeout)
        if not ready:
            return b""
        try:
            data = os.read(self.terminal, 1 << 16)
        except OSError:
            return b""
        # A question may be cut in two.
        *asked, self.tail = (self.tail + data).split(QUESTION)
        self.tail = self.tail[-len(QUESTION):]
        os.write(self.terminal, ANSWER * len(asked))
        self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]", "", data.decode(errors="replace"))
        return data

    def drain(self, quiet):
        """Everything until nothing has come for `quiet` seconds, and when its last byte came."""
        received, last = b"", None
        while data := self.read(quiet):
            last = time.perf_counter()
            received += data
        return received, last

    def wait_for(self, text, limit=30):
        until = time.monotonic() + limit
        while text not in self.text:
            self.read(0.1)
            if self.poll() is not None or time.monotonic() > until:
                sys.exit(f"the interface does not show {text!r}: {self.text[-300:]!r}")

    def press(self, key):
        os.write(self.terminal, key.encode())

    def answer(self, key, quiet=0.002):
        """From a key to the last byte of its frame, in milliseconds (None: nothing was drawn), and how many bytes it has."""
        began = time.perf_counter()
        self.press(key)
        first = self.read(0.5)
        if not first:
            return None, 0
        last = time.perf_counter()
        rest, later = self.drain(quiet)
        return ((later or last) - began) * 1000, len(first) + len(rest)

    def answers(self, keys, pace=random.Random(1)):
        """The same for keys that come at random gaps, as from a hand that holds one or knows its way."""
        results = []
        for key in keys:
            self.drain(pace.uniform(0.003, 0.03))
            results.append(self.answer(key))
        return [(took, count) for took, count in results if took is not None]

    def latencies(self, keys):
        """Milliseconds from each key to the last byte of its frame."""
        return [took for took, _ in self.answers(keys)]

    def processor_seconds(self):
        """Of all its threads, those that have ended too; in steps of 10 ms."""
        with open(f"/proc/{self.process}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_memory(self):
        """Kilobytes."""
        with open(f"/proc/{self.process}/status") as status:
            return int(re.search(r"VmHWM:\s*(\d+)", status.read())[1])

    def close(self):
        if self.poll() is None:
            os.kill(self.process, signal.SIGTERM)
            for _ in range(100):
                if self.poll() is not None:
                    break
                self.read(0.05)
            else:
                os.kill(self.process, signal.SIGKILL)
                os.waitpid(self.process, 0)
        os.close(self.terminal)
