"""A slow line: throttle.py PORT TARGET-PORT BYTES-PER-SECOND.

Takes connections on PORT and passes what comes on to TARGET-PORT, either way, no faster than that. Its buffers are
small, so that whoever sends notices.
"""

import contextlib
import socket
import sys
import threading
import time

port, target, rate = map(int, sys.argv[1:])
PIECE = 4096


def pump(source, sink):
    due = time.monotonic()
    try:
        while piece := source.recv(PIECE):
            due = max(due, time.monotonic() - 0.05) + len(piece) / rate
            time.sleep(max(0.0, due - time.monotonic()))
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # Closing alone would leave the other direction waiting.
        for line in (source, sink):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)  # inherited, and before the window is agreed on
listener.bind(("127.0.0.1", port))
listener.listen(50)
while True:
    near, _ = listener.accept()
    far = socket.socket()
    far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
    try:
        far.connect(("127.0.0.1", target))
    except OSError:
        near.close()
        continue
    for line in (near, far):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=pump, args=(near, far), daemon=True).start()
    threading.Thread(target=pump, args=(far, near), daemon=True).start()
