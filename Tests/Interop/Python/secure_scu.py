"""A client in pynetdicom that speaks TLS, for the interop tests.

    secure_scu.py PORT CALLED CERTIFICATE KEY TRUSTED VERSION FILE...

VERSION: 1.2 or 1.3. Sends C-ECHO, then each FILE by C-STORE, and prints what TLS came to and each status.
"""

import ssl
import sys
import warnings

import pydicom
from pynetdicom import AE
from pynetdicom.sop_class import Verification

import steady  # noqa: F401

warnings.simplefilter("ignore")
port, called, certificate, key, trusted, version, *paths = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=trusted)
context.load_cert_chain(certificate, key)
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv1_" + version[2:])
files = [pydicom.dcmread(path) for path in paths]
entity = AE(ae_title="PYNETDICOM")
entity.add_requested_context(Verification)
for file in files:
    entity.add_requested_context(file.SOPClassUID, file.file_meta.TransferSyntaxUID)
association = entity.associate("127.0.0.1", int(port), ae_title=called, tls_args=(context, "127.0.0.1"))
if not association.is_established:
    sys.exit("no association")
secured = association.dul.socket.socket
print(secured.version(), secured.cipher()[0])
print("echo", hex(association.send_c_echo().Status))
for file in files:
    print("store", hex(association.send_c_store(file).Status))
association.release()
