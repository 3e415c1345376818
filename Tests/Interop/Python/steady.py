"""Keeps the reactor of pynetdicom away from answers that somebody waits for. To be imported by whatever sends requests.

The reactor of an association pauses while a request waits for its answer. Whether it does, pynetdicom asks a moment too
early: on a busy machine the reactor still takes the answer, calls it unexpected, and the request waits until its time is
over.
"""

from pynetdicom.dimse import DIMSEServiceProvider

take = DIMSEServiceProvider.get_msg


def get_msg(self, block=False):
    if block:
        return take(self, block=True)
    checkpoint = self.assoc._reactor_checkpoint
    with checkpoint._cond:  # whoever sends a request clears it first, which has to wait for this
        return take(self) if checkpoint.is_set() else (None, None)


DIMSEServiceProvider.get_msg = get_msg
