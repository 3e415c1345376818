"""PDUs, PDVs and command sets as bytes (PS3.8 §9.3, PS3.7 §6.3), for scripts that speak DICOM by hand."""

import struct

EXPLICIT, IMPLICIT = b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2"
ECHO, CT, FIND = b"1.2.840.10008.1.1", b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.5.1.4.1.2.2.1"


def item(kind, body):
    return struct.pack(">BBH", kind, 0, len(body)) + body


def pdu(kind, body):
    return struct.pack(">BBI", kind, 0, len(body)) + body


def pdv(context, is_command, body, is_last=True):
    return struct.pack(">IBB", len(body) + 2, context, is_command | is_last << 1) + body


def data(context, is_command, body, is_last=True):
    return pdu(4, pdv(context, is_command, body, is_last))


def command(field, status=None, has_data=False, message=1, answered=None, sop_class=ECHO, instance=None):
    def even(value, pad=b"\0"):
        return value + pad * (len(value) % 2)

    elements = [(0x0002, even(sop_class)), (0x0100, struct.pack("<H", field))]
    if answered is None:
        elements.append((0x0110, struct.pack("<H", message)))
    else:
        elements.append((0x0120, struct.pack("<H", answered)))
    elements.append((0x0800, struct.pack("<H", 0 if has_data else 0x0101)))
    if status is not None:
        elements.append((0x0900, struct.pack("<H", status)))
    if instance:
        elements.append((0x1000, even(instance)))
    body = b"".join(struct.pack("<HHI", 0, element, len(value)) + value for element, value in elements)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def read_pdu(line):
    def exactly(count):
        parts = b""
        while len(parts) < count:
            part = line.recv(count - len(parts))
            if not part:
                raise EOFError
            parts += part
        return parts

    kind, _, length = struct.unpack(">BBI", exactly(6))
    return kind, exactly(length)
