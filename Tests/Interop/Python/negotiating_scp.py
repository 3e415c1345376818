"""An SCP in pynetdicom that negotiates all there is, for the interop tests.

    negotiating_scp.py PORT AETITLE

Knows the user jane with the passcode sesame, the user guest without one, and any ticket, assertion or token that says
"open". Agrees to the query capabilities but fuzzy matching, to both roles for CT, and answers an operations window (with
1, 1: pynetdicom has no other). Prints what each association asked for as one line of JSON.
"""

import json
import sys

from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

port, title = int(sys.argv[1]), sys.argv[2]
asked = {}


def on_identity(event):
    asked["identity"] = {
        "type": event.user_id_type,
        "primary": event.primary_field.decode(),
        "secondary": event.secondary_field.decode() if event.secondary_field else "",
    }
    if event.user_id_type == 2:
        return (event.primary_field, event.secondary_field) == (b"jane", b"sesame"), None
    if event.user_id_type == 1:
        return event.primary_field == b"guest", None
    return event.primary_field == b"open", b"welcome"


def on_extended(event):
    asked["extended"] = {str(uid): list(information) for uid, information in event.app_info.items()}
    return {
        uid: bytes(value if index != 2 else 0 for index, value in enumerate(information))
        for uid, information in event.app_info.items()
    }


def on_common(event):
    asked["common"] = {
        str(uid): [str(item.service_class_uid)] + [str(u) for u in item.related_general_sop_class_identification]
        for uid, item in event.items.items()
    }
    return event.items


def on_window(event):
    asked["window"] = [event.nr_invoked, event.nr_performed]
    return event.nr_invoked, event.nr_performed


def on_end(event):
    requestor = event.assoc.requestor
    asked["roles"] = {str(uid): [item.scu_role, item.scp_role] for uid, item in requestor.role_selection.items()}
    asked["implementation"] = [str(requestor.implementation_class_uid), requestor.implementation_version_name]
    asked["maximum"] = requestor.maximum_length
    print(json.dumps(asked), flush=True)
    asked.clear()


entity = AE(ae_title=title)
entity.maximum_pdu_size = 0
entity.add_supported_context(Verification)
entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
entity.add_supported_context(PatientRootQueryRetrieveInformationModelFind)
entity.add_supported_context(CTImageStorage, scu_role=True, scp_role=True)
entity.add_supported_context("1.2.826.0.1.3680043.8.498.99")
entity.start_server(
    ("127.0.0.1", port),
    evt_handlers=[
        (evt.EVT_USER_ID, on_identity),
        (evt.EVT_SOP_EXTENDED, on_extended),
        (evt.EVT_SOP_COMMON, on_common),
        (evt.EVT_ASYNC_OPS, on_window),
        (evt.EVT_C_FIND, lambda event: iter(())),
        (evt.EVT_C_STORE, lambda event: 0x0000),
        (evt.EVT_RELEASED, on_end),
        (evt.EVT_REJECTED, on_end),
        (evt.EVT_ABORTED, on_end),
    ],
)
