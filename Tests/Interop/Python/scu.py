"""Asks an SCP things as pynetdicom does, and prints what comes.

    scu.py get PORT AETITLE STUDY FOLDER [--cancel-after N] [--syntax UID]...
    scu.py commit PORT AETITLE CLASS INSTANCE

`get` writes the instances into FOLDER and prints the status and counters of each response; `commit` asks for storage
commitment and prints the status of the answer.
"""

import argparse
import warnings

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    BasicTextSRStorage,
    CTImageStorage,
    EncapsulatedPDFStorage,
    KeyObjectSelectionDocumentStorage,
    MRImageStorage,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    StudyRootQueryRetrieveInformationModelGet,
)

warnings.simplefilter("ignore")
arguments = argparse.ArgumentParser()
arguments.add_argument("what", choices=["get", "commit"])
arguments.add_argument("port", type=int)
arguments.add_argument("aet")
arguments.add_argument("first")
arguments.add_argument("second")
arguments.add_argument("--cancel-after", type=int)
arguments.add_argument("--syntax", action="append")
options = arguments.parse_args()
entity = AE(ae_title="PYSCU")


def get():
    received = []

    def on_store(event):
        received.append(event.request.AffectedSOPInstanceUID)
        with open(f"{options.second}/{received[-1]}.dcm", "wb") as file:
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
    entity.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    for sop_class in classes:
        for syntax in options.syntax or [None]:
            entity.add_requested_context(sop_class, syntax)
    association = entity.associate(
        "127.0.0.1",
        options.port,
        ae_title=options.aet,
        ext_neg=[build_role(sop_class, scp_role=True) for sop_class in classes],
        evt_handlers=[(evt.EVT_C_STORE, on_store)],
    )
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = options.first
    for status, _ in association.send_c_get(identifier, StudyRootQueryRetrieveInformationModelGet, msg_id=1):
        counters = [
            status.get(f"NumberOf{kind}Suboperations") for kind in ("Remaining", "Completed", "Failed", "Warning")
        ]
        print(f"0x{status.Status:04X}", *counters, flush=True)
    association.release()


def commit():
    entity.add_requested_context(StorageCommitmentPushModel)
    association = entity.associate("127.0.0.1", options.port, ae_title=options.aet)
    request = Dataset()
    request.TransactionUID = "2.25.1"
    item = Dataset()
    item.ReferencedSOPClassUID = options.first
    item.ReferencedSOPInstanceUID = options.second
    request.ReferencedSOPSequence = [item]
    status, _ = association.send_n_action(
        request, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    print(f"0x{status.Status:04X}", status.get("ErrorComment", ""))
    association.release()


get() if options.what == "get" else commit()
