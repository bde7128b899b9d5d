"""Outputs that may be written twice, late or at the same time, and still end with the newest input's.

Each output says in its metadata which run wrote it and from what. It is first written on the condition that nothing is
there; where something is, its metadata decide, and the write is repeated on the condition that it is still that. So no
permission to list the bucket is needed, and no two writers can overwrite each other unseen.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from .clients import client
from .errors import OutputTaken, TransientError, code_of, doing
from .state import Run
from .upload import Upload

WRITTEN, UNCHANGED, SUPERSEDED = "written", "unchanged", "superseded"

_TRIES = 14
_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_THERE = frozenset({"PreconditionFailed", "412"})
_ABSENT = frozenset({"NoSuchKey", "404"})
_NOTHING_THERE = {"IfNoneMatch": "*"}
_BUSY = frozenset({"ConditionalRequestConflict", "409"})


@dataclass(frozen=True)
class Mark:
    """Who wrote an output, and from what."""

    run: str = ""
    source: str = ""
    sequencer: str = ""
    time: str = ""

    @classmethod
    def of(cls, run: Run) -> Mark:
        """Return the mark of a run; the source is a hash, since metadata is ASCII and short."""
        source = hashlib.sha256(f"{run.input.bucket}|{run.input.key}".encode()).hexdigest()[:40]
        return cls(run.id, source, run.input.sequencer, run.input.time)

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Mark:
        """Return the mark in an object's metadata; an empty one for what is not ours."""
        return cls(**{name: metadata.get(f"awslab-{name}", "") for name in cls.__dataclass_fields__})

    def metadata(self) -> dict[str, str]:
        """Return the mark as metadata."""
        return {f"awslab-{name}": value for name in self.__dataclass_fields__ if (value := getattr(self, name))}

    def older_than(self, other: Mark) -> bool:
        """Say whether another's input came after ours; where one of them does not know, it did not.

        Sequencers order the events of one key: hexadecimal, the shorter one filled with zeros at its right
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
        Between keys there is the time of the event alone.
        """
        if self.source != other.source and self.time != other.time:
            return bool(self.time and other.time) and self.time < other.time
        width = max(len(self.sequencer), len(other.sequencer))
        mine, theirs = (mark.sequencer.upper().ljust(width, "0") for mark in (self, other))
        return bool(self.sequencer and other.sequencer) and mine < theirs


def settle(upload: Upload, mine: Mark, *, shared: bool = False) -> str:
    """Finish an output unless it is there already or there is a newer one; returns which of the three.

    Raises OutputTaken where it is another input's, unless inputs share it.
    """
    key, condition = upload.target["Key"], _NOTHING_THERE
    for attempt in range(_TRIES):
        time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _PAUSE * 2**attempt)) if attempt > 1 else 0)  # noqa: S311
        refusal = _finish(upload, condition)
        if not refusal:
            return WRITTEN
        if refusal in _BUSY:
            continue
        there = _look(upload.target) if refusal in _THERE else None
        if there is None:
            condition = _NOTHING_THERE
            continue
        theirs = Mark.read(there["Metadata"])
        if theirs.run == mine.run:
            return UNCHANGED
        if theirs.source not in {"", mine.source} and not shared:
            raise OutputTaken(f"{key} is another input's output; let the name in `files` tell them apart: {{name}}")
        if mine.older_than(theirs):
            return SUPERSEDED
        condition = {"IfMatch": there["ETag"]}
    raise TransientError(f"others write {key} all the time; this one did not get its turn in {_TRIES} tries")


def _finish(upload: Upload, condition: dict[str, str]) -> str:
    """Try to finish; returns S3's code where the condition does not hold (any more) or another writer is at it."""
    with doing(f"write {upload.target['Key']}"):
        try:
            upload.finish(**condition)
        except ClientError as error:
            if code_of(error) not in _THERE | _ABSENT | _BUSY:
                raise
            return code_of(error)
    return ""


def _look(target: Mapping[str, str]) -> dict[str, Any] | None:
    try:
        with doing(f"look at {target['Key']}"):
            found: dict[str, Any] = client("s3").head_object(**target)
            return found
    except Exception as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) in _ABSENT:
            return None
        raise
