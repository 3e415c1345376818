"""A small PACS in pynetdicom for the interop tests.

    pacs.py PORT AETITLE [--destination AET=PORT]... [--find-status N] [--get-status N] [--move-status N]
            [--slow-echo SECONDS] [--slow-find SECONDS]
            [--slow-get SECONDS] [--slow-move SECONDS] [--drop-after N] [--send-nothing] [--refuse-move UID] [--refuse-get UID]
            [--hide-class UID] [--take-class UID] [--maximum N] [--folder FOLDER] [--require-called-aet]
            [--drop-store N] [--drop-times N] [--refuse-store UID] [--warn-store UID] [--only-syntax UID]
            [--tls CERTIFICATE KEY TRUSTED] [--commit same|later|never] FILE...

Answers C-ECHO, C-FIND (every study, or the ones whose StudyInstanceUID is asked for), C-GET, and C-MOVE to the
destinations it knows, and takes C-STORE. Prints what it got, one line each. A hidden class is not among the
SOPClassesInStudy; one whose move is refused goes only by C-GET, one whose get is refused goes only by C-MOVE. With --commit it commits to what it holds, and reports over the
same association, over one to the destination of the asking AE title, or not at all. A status that is given is all its answer. Its worklist has a CT and an MR of two patients. Once, it
aborts the association after N instances, or reports success and sends nothing. So many times it aborts when it is sent
the next one after N; instances it refuses to store, or stores with a warning, are named by their SOP Instance UID. It
stores in all transfer syntaxes, or in those given.
"""

import argparse
import ssl
import threading
import time
import warnings

import pydicom
from pydicom.dataset import Dataset
from pynetdicom import (
    ALL_TRANSFER_SYNTAXES,
    AE,
    AllStoragePresentationContexts,
    build_context,
    build_role,
    evt,
    register_uid,
)
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.sop_class import (
    ModalityWorklistInformationFind,
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
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
arguments.add_argument("port", type=int)
arguments.add_argument("aet")
arguments.add_argument("--destination", action="append", default=[])
arguments.add_argument("--find-status", type=lambda text: int(text, 0))
arguments.add_argument("--get-status", type=lambda text: int(text, 0))
arguments.add_argument("--move-status", type=lambda text: int(text, 0))
arguments.add_argument("--slow-find", type=float, default=0)
arguments.add_argument("--slow-echo", type=float, default=0)
arguments.add_argument("--slow-get", type=float, default=0)
arguments.add_argument("--drop-after", type=int)
arguments.add_argument("--send-nothing", action="store_true")
arguments.add_argument("--refuse-move", action="append", default=[])
arguments.add_argument("--slow-move", type=float, default=0)
arguments.add_argument("--maximum", type=int)
arguments.add_argument("--hide-class", action="append", default=[])
arguments.add_argument("--refuse-get", action="append", default=[])
arguments.add_argument("--take-class", action="append", default=[])
arguments.add_argument("--drop-store", type=int)
arguments.add_argument("--drop-times", type=int, default=1)
arguments.add_argument("--refuse-store", action="append", default=[])
arguments.add_argument("--warn-store", action="append", default=[])
arguments.add_argument("--only-syntax", action="append", default=[])
arguments.add_argument("--commit", choices=["same", "later", "never"])
arguments.add_argument("--folder")
arguments.add_argument("--require-called-aet", action="store_true")
arguments.add_argument("--tls", nargs=3)
arguments.add_argument("files", nargs="*")
options = arguments.parse_intermixed_args()
destinations = dict(text.split("=") for text in options.destination)
held = [pydicom.dcmread(path) for path in options.files]


def say(*words):
    # In one piece: associations are threads, and their lines must not mix.
    print(" ".join(map(str, words)) + "\n", end="", flush=True)


def matching(identifier):
    wanted = {"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientID"}
    for dataset in held:
        keys = [k for k in wanted if identifier.get(k) not in (None, "", "*")]
        if all(str(dataset.get(k)) in str(identifier.get(k)).replace("'", "").strip("[]").split(", ") for k in keys):
            yield dataset


def on_worklist(event):
    """Entries that match by modality, in the sequence, and by patient's name, outside of it."""
    asked = event.identifier
    step_asked = asked.ScheduledProcedureStepSequence[0]
    say("worklist", step_asked.get("Modality"), asked.get("PatientName"))
    for name, modality, text in (("Früh^Eva", "CT", "Head"), ("SPAET^ADAM", "MR", "Knee")):
        if step_asked.get("Modality") not in (None, "", modality):
            continue
        if str(asked.get("PatientName") or "*").rstrip("*") not in name:
            continue
        entry = Dataset()
        entry.SpecificCharacterSet = "ISO_IR 100"
        entry.PatientName = name
        entry.PatientID = "W" + modality
        entry.AccessionNumber = "A" + modality
        entry.StudyInstanceUID = "2.25.4713"
        step = Dataset()
        step.Modality = modality
        step.ScheduledStationAETitle = "SCANNER"
        step.ScheduledProcedureStepStartDate = "20260104"
        step.ScheduledProcedureStepStartTime = "0815"
        step.ScheduledProcedureStepDescription = text
        entry.ScheduledProcedureStepSequence = [step]
        yield 0xFF00, entry


def on_echo(event):
    time.sleep(options.slow_echo)
    return 0x0000


def on_find(event):
    if event.request.AffectedSOPClassUID == ModalityWorklistInformationFind:
        yield from on_worklist(event)
        return
    if options.find_status is not None:
        yield options.find_status, None
        return
    level_key = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}.get(
        event.identifier.QueryRetrieveLevel, "SOPInstanceUID"
    )
    say("find", event.identifier.QueryRetrieveLevel)
    say("keys", *(element.keyword for element in event.identifier))
    say("asked", *(f"{element.keyword}={element.value or ''}" for element in event.identifier))
    seen = set()
    for dataset in matching(event.identifier):
        if dataset.get(level_key) in seen:
            continue
        seen.add(dataset.get(level_key))
        response = Dataset()
        if "SpecificCharacterSet" in dataset:
            response.SpecificCharacterSet = dataset.SpecificCharacterSet
        for element in event.identifier:
            if element.keyword == "SOPClassesInStudy":
                study = [d for d in held if d.StudyInstanceUID == dataset.StudyInstanceUID]
                response.SOPClassesInStudy = sorted({d.SOPClassUID for d in study} - set(options.hide_class))
            elif element.tag != 0x00080005:
                response.add(dataset[element.tag] if element.tag in dataset else element)
        response.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
        yield 0xFF00, response
        waited = time.monotonic()
        while time.monotonic() - waited < options.slow_find:
            if event.is_cancelled:  # true only once for each cancel
                say("cancelled")
                yield 0xFE00, None
                return
            time.sleep(0.02)


def drops(event, number):
    """Ends the association in the middle of a retrieve, the first time."""
    if number != options.drop_after:
        return False
    options.drop_after = None
    event.assoc.abort()
    return True


def sends(event, found, refused, pause):
    """The sub-operations of a retrieve, one after the other; `refused` are classes of which none is sent."""
    for number, dataset in enumerate(found):
        if event.is_cancelled:
            say("cancelled")
            yield 0xFE00, None
            return
        if drops(event, number):
            return
        time.sleep(pause)
        # pynetdicom counts what has no context as failed: here, what has no class.
        if dataset.SOPClassUID in refused:
            yield 0xFF00, Dataset()
        else:
            say("sends", dataset.SOPInstanceUID)
            yield 0xFF00, dataset


def on_move(event):
    say("move", event.move_destination)
    if event.move_destination not in destinations:
        yield None, None
        return
    found = list(matching(event.identifier))
    contexts = [build_context(d.SOPClassUID, d.file_meta.TransferSyntaxUID) for d in found]
    yield "127.0.0.1", int(destinations[event.move_destination]), {"contexts": contexts}
    if options.send_nothing:
        options.send_nothing = False
        yield 0
        return
    yield len(found)
    if options.move_status is not None:
        yield options.move_status, None
        return
    yield from sends(event, found, options.refuse_move, options.slow_move)


def on_get(event):
    say("get", event.identifier.QueryRetrieveLevel)
    found = list(matching(event.identifier))
    yield len(found)
    if options.get_status is not None:
        yield options.get_status, None
        return
    yield from sends(event, found, options.refuse_get, options.slow_get)


def on_action(event):
    request = event.action_information
    say("commit", len(request.ReferencedSOPSequence))
    if options.commit != "never":
        threading.Thread(target=report, args=(event.assoc, request), daemon=True).start()
    return 0x0000, None


def report(association, request):
    """The report on a storage commitment: what is held is kept, the rest is not known."""
    uids = {dataset.SOPInstanceUID for dataset in held}
    known = [item for item in request.ReferencedSOPSequence if item.ReferencedSOPInstanceUID in uids]
    unknown = [item for item in request.ReferencedSOPSequence if item.ReferencedSOPInstanceUID not in uids]
    answer = Dataset()
    answer.TransactionUID = request.TransactionUID
    answer.ReferencedSOPSequence = known
    if unknown:
        for item in unknown:
            item.FailureReason = 0x0112
        answer.FailedSOPSequence = unknown
    asked_by = association.requestor.ae_title
    time.sleep(0.2)  # the answer to the request goes first
    if options.commit == "later":
        reporter = AE(ae_title=options.aet)
        reporter.add_requested_context(StorageCommitmentPushModel)
        association = reporter.associate(
            "127.0.0.1",
            int(destinations[asked_by]),
            ae_title=asked_by,
            ext_neg=[build_role(StorageCommitmentPushModel, scu_role=False, scp_role=True)],
        )
    status, _ = association.send_n_event_report(
        answer, 2 if unknown else 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    say("reported", f"0x{status.Status:04X}" if status else "nobody")
    if options.commit == "later":
        association.release()


def on_store(event):
    dataset = event.dataset
    instance = event.request.AffectedSOPInstanceUID
    event.assoc.taken = getattr(event.assoc, "taken", 0) + 1
    if options.drop_store is not None and event.assoc.taken > options.drop_store and options.drop_times > 0:
        options.drop_times -= 1
        event.assoc.abort()
        return 0x0000
    if instance in options.refuse_store:
        options.refuse_store.remove(instance)  # the next time it is taken
        return 0xA700
    dataset.file_meta = event.file_meta
    held.append(dataset)
    if options.folder:
        with open(f"{options.folder}/{event.request.AffectedSOPInstanceUID}.dcm", "wb") as file:
            file.write(event.encoded_dataset())
    say("store", instance)
    if event.request.MoveOriginatorMessageID:
        say("moved for", event.request.MoveOriginatorApplicationEntityTitle, event.request.MoveOriginatorMessageID)
    return 0xB000 if instance in options.warn_store else 0x0000


secure = None
if options.tls:
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options.tls[2])
    secure.load_cert_chain(*options.tls[:2])
    secure.verify_mode = ssl.CERT_REQUIRED
entity = AE(ae_title=options.aet)
if options.maximum:
    entity.maximum_associations = options.maximum
    entity.acse_timeout = 2  # a connection that is not used counts as an association
entity.require_called_aet = options.require_called_aet
for abstract in (
    Verification,
    ModalityWorklistInformationFind,
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelMove,
    PatientRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
):
    entity.add_supported_context(abstract)
if options.commit:
    entity.add_supported_context(StorageCommitmentPushModel)
for number, abstract in enumerate(options.take_class):
    register_uid(abstract, f"TakenStorage{number}", StorageServiceClass)
for abstract in [context.abstract_syntax for context in AllStoragePresentationContexts] + options.take_class:
    syntaxes = options.only_syntax or ALL_TRANSFER_SYNTAXES
    entity.add_supported_context(abstract, syntaxes, scu_role=True, scp_role=True)
entity.start_server(
    ("127.0.0.1", options.port),
    ssl_context=secure,
    evt_handlers=[
        (evt.EVT_C_ECHO, on_echo),
        (evt.EVT_C_FIND, on_find),
        (evt.EVT_C_GET, on_get),
        (evt.EVT_C_MOVE, on_move),
        (evt.EVT_C_STORE, on_store),
        (evt.EVT_N_ACTION, on_action),
        (evt.EVT_ACCEPTED, lambda event: say("called by", event.assoc.requestor.ae_title)),
        (evt.EVT_RELEASED, lambda event: say("released")),
        (evt.EVT_ABORTED, lambda event: say("aborted")),
    ],
)
