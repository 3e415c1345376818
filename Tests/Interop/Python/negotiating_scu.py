"""Opens one association with pynetdicom, proposing what the arguments say, for the interop tests.

    negotiating_scu.py PORT CALLED-AETITLE JSON

JSON: {"identity": [type, primary, secondary], "extended": {uid: [byte, ...]}, "common": {uid: [service, related...]},
"window": [invoked, performed], "roles": {uid: [scu, scp]}, "contexts": [uid, ...], "maximum": N, "repeat": N}.
Sends `repeat` C-ECHOs and prints what was agreed to as one line of JSON.
"""

import json
import sys

from pynetdicom import AE, build_role
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.sop_class import Verification

import steady  # noqa: F401

port, called, wanted = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
items = []
if "identity" in wanted:
    item = UserIdentityNegotiation()
    item.user_identity_type, item.positive_response_requested = wanted["identity"][0], True
    item.primary_field = wanted["identity"][1].encode()
    if wanted["identity"][2:]:
        item.secondary_field = wanted["identity"][2].encode()
    items.append(item)
for uid, information in wanted.get("extended", {}).items():
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = uid, bytes(information)
    items.append(item)
for uid, (service, *related) in wanted.get("common", {}).items():
    item = SOPClassCommonExtendedNegotiation()
    item.sop_class_uid, item.service_class_uid = uid, service
    item.related_general_sop_class_identification = related
    items.append(item)
if "window" in wanted:
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked, item.maximum_number_operations_performed = wanted["window"]
    items.append(item)
for uid, (scu, scp) in wanted.get("roles", {}).items():
    items.append(build_role(uid, scu_role=bool(scu), scp_role=bool(scp)))

entity = AE(ae_title="PYNETDICOM")
entity.add_requested_context(Verification)
for uid in wanted.get("contexts", []):
    entity.add_requested_context(uid)
association = entity.associate(
    "127.0.0.1", port, ae_title=called, ext_neg=items, max_pdu=wanted.get("maximum", 16382)
)
answer = {"established": association.is_established, "rejected": association.is_rejected}
if association.is_established:
    acceptor = association.acceptor
    response = acceptor.user_identity
    answer |= {
        "identity": None if response is None else (response.server_response or b"").decode(),
        "extended": {str(uid): list(data) for uid, data in acceptor.sop_class_extended.items()},
        "window": list(acceptor.asynchronous_operations),
        "roles": {str(uid): [item.scu_role, item.scp_role] for uid, item in acceptor.role_selection.items()},
        "contexts": sorted(str(context.abstract_syntax) for context in association.accepted_contexts),
        "maximum": acceptor.maximum_length,
        "echoes": [association.send_c_echo().get("Status") for _ in range(wanted.get("repeat", 1))],
    }
    association.release()
print(json.dumps(answer))
