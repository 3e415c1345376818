"""Asks an SCP things as pynetdicom does, and prints what comes.

    scu.py echo PORT AETITLE
    scu.py store PORT AETITLE FILE...
    scu.py find PORT AETITLE STUDY
    scu.py query PORT AETITLE [--negotiate HEX] KEYWORD=VALUE...
    scu.py move PORT AETITLE STUDY DESTINATION
    scu.py get PORT AETITLE STUDY FOLDER [--cancel-after N] [--syntax UID]...
    scu.py commit PORT AETITLE CLASS INSTANCE
    scu.py normalized PORT AETITLE

Each prints the status of each response, `get` and `move` their counters too, `find` and `query` the patient. `query` asks
for studies and prints first what was agreed to of the extended negotiation. `get` writes the instances into FOLDER; `store`
sends the bytes of the files as they are; `normalized` asks for each of PS3.7's N-services once, and then for an echo, all on one
association.
"""

import argparse
import warnings

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.sop_class import (
    BasicTextSRStorage,
    CTImageStorage,
    EncapsulatedPDFStorage,
    KeyObjectSelectionDocumentStorage,
    MRImageStorage,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

import steady  # noqa: F401

warnings.simplefilter("ignore")
arguments = argparse.ArgumentParser()
arguments.add_argument("what", choices=["echo", "store", "find", "query", "move", "get", "commit", "normalized"])
arguments.add_argument("port", type=int)
arguments.add_argument("aet")
arguments.add_argument("rest", nargs="*")
arguments.add_argument("--cancel-after", type=int)
arguments.add_argument("--negotiate")
arguments.add_argument("--syntax", action="append")
options = arguments.parse_intermixed_args()
_config.STORE_SEND_CHUNKED_DATASET = True
entity = AE(ae_title="PYSCU")


def associate(*contexts, **more):
    for context in contexts:
        entity.add_requested_context(*context)
    association = entity.associate("127.0.0.1", options.port, ae_title=options.aet, **more)
    if not association.is_established:
        raise SystemExit("no association")
    return association


def study():
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = options.rest[0]
    return identifier


def say(status, *words):
    kinds = [f"NumberOf{kind}Suboperations" for kind in ("Remaining", "Completed", "Failed", "Warning")]
    counters = [status.get(kind) for kind in kinds] if any(kind in status for kind in kinds) else []
    print(f"0x{status.Status:04X}", *counters, *words, flush=True)


def echo():
    association = associate([Verification])
    say(association.send_c_echo())
    association.release()


def store():
    files = {path: pydicom.dcmread(path, stop_before_pixels=True) for path in options.rest}
    contexts = {(file.SOPClassUID, file.file_meta.TransferSyntaxUID) for file in files.values()}
    association = associate(*contexts)
    for path in files:
        say(association.send_c_store(path))
    association.release()


def find():
    model = StudyRootQueryRetrieveInformationModelFind
    association = associate([model])
    identifier = study()
    identifier.PatientID = ""
    for status, match in association.send_c_find(identifier, model):
        say(status, match.PatientID if match else "")
    association.release()


def query():
    model = StudyRootQueryRetrieveInformationModelFind
    asked = SOPClassExtendedNegotiation()
    asked.sop_class_uid = model
    asked.service_class_application_information = bytes.fromhex(options.negotiate)
    association = associate([model], ext_neg=[asked])
    print(association.acceptor.sop_class_extended[model].hex(), flush=True)
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = identifier.PatientID = ""
    for key in options.rest:
        keyword, value = key.split("=", 1)
        setattr(identifier, keyword, value.split("\\") if "\\" in value else value)
    for status, match in association.send_c_find(identifier, model):
        say(status, *[match.PatientID] if match else [])
    association.release()


def move():
    model = StudyRootQueryRetrieveInformationModelMove
    association = associate([model])
    for status, _ in association.send_c_move(study(), options.rest[1], model):
        say(status)
    association.release()


def get():
    received = []

    def on_store(event):
        received.append(event.request.AffectedSOPInstanceUID)
        with open(f"{options.rest[1]}/{received[-1]}.dcm", "wb") as file:
            file.write(event.encoded_dataset())
        if len(received) == options.cancel_after:
            association.send_c_cancel(1, query_model=StudyRootQueryRetrieveInformationModelGet)
        return 0x0000

    classes = [
        CTImageStorage,
        MRImageStorage,
        BasicTextSRStorage,
        EncapsulatedPDFStorage,
        KeyObjectSelectionDocumentStorage,
    ]
    model = StudyRootQueryRetrieveInformationModelGet
    association = associate(
        [model],
        *[(sop_class, syntax) for sop_class in classes for syntax in options.syntax or [None]],
        ext_neg=[build_role(sop_class, scp_role=True) for sop_class in classes],
        evt_handlers=[(evt.EVT_C_STORE, on_store)],
    )
    for status, _ in association.send_c_get(study(), model, msg_id=1):
        say(status)
    association.release()


def commit():
    association = associate([StorageCommitmentPushModel])
    request = Dataset()
    request.TransactionUID = "2.25.1"
    item = Dataset()
    item.ReferencedSOPClassUID = options.rest[0]
    item.ReferencedSOPInstanceUID = options.rest[1]
    request.ReferencedSOPSequence = [item]
    status, _ = association.send_n_action(
        request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    say(status, status.get("ErrorComment", ""))
    association.release()


def normalized():
    association = associate([StorageCommitmentPushModel], [Verification])
    target = (StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    something = Dataset()
    something.TransactionUID = "2.25.1"
    for status, _ in (
        association.send_n_event_report(something, 9, *target),
        association.send_n_get([0x00081195], *target),
        association.send_n_set(something, *target),
        association.send_n_action(something, 9, *target),
        association.send_n_create(something, *target),
    ):
        say(status)
    say(association.send_n_delete(*target))
    say(association.send_c_echo())
    association.release()


{"echo": echo, "store": store, "find": find, "query": query, "move": move, "get": get, "commit": commit,
 "normalized": normalized}[options.what]()
