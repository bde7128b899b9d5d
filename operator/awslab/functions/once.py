"""Once and no more: who does what is agreed on by conditional writes into the pipeline's table."""

from __future__ import annotations

import os
import time
from typing import Any

from botocore.exceptions import ClientError

from .clients import client
from .errors import InvalidSettings, TransientError, code_of, doing

KEPT_SECONDS = 90 * 24 * 3600
"""As long as Step Functions keeps the names of executions."""

LEASE_SECONDS = 60
"""After so long, somebody who began a start and did not tell of its end is taken for dead."""


def finished(run: str, pipeline: str, outcome: str) -> bool:
    """Mark a run as done; says whether it was this call that did."""
    return _update(
        run,
        "SET #status = :done, pipeline = :pipeline, outcome = :outcome, finished = :now, expires = :expires",
        "attribute_not_exists(#status) OR #status <> :done",
        {":done": "done", ":pipeline": pipeline, ":outcome": outcome},
    )


def begin(run: str, pipeline: str) -> bool:
    """Claim the start of a run; says whether to start it, raises TransientError while somebody else is at it."""
    now = _now()
    claimed = _update(
        f"start/{run}",
        "SET #status = :starting, pipeline = :pipeline, lease = :lease, expires = :expires",
        "attribute_not_exists(id) OR (#status = :starting AND lease < :now)",
        {":starting": "starting", ":pipeline": pipeline, ":lease": now + LEASE_SECONDS},
    )
    if not claimed and not _started(run):
        raise TransientError(f"another event is starting run {run}; it is looked at again in a minute")
    return claimed


def begun(run: str) -> None:
    """Note that a run is started."""
    values = {":started": "started"}
    _update(f"start/{run}", "SET #status = :started, expires = :expires", "attribute_exists(id)", values)


def _started(run: str) -> bool:
    """Ask by a write that changes nothing, so that no further permission is needed."""
    return _update(f"start/{run}", "SET #status = :started", "#status = :started", {":started": "started"})


def _update(key: str, change: str, condition: str, values: dict[str, Any]) -> bool:
    """Change an item on a condition; says whether it held."""
    table = os.environ.get("AWSLAB_TABLE")
    if not table:
        raise InvalidSettings("AWSLAB_TABLE is not set: it names the table in which runs are noted")
    used = change + condition
    given = {":now": _now(), ":expires": _now() + KEPT_SECONDS, **values}
    with doing(f"note run {key} in table {table}"):
        try:
            client("dynamodb").update_item(
                TableName=table,
                Key={"id": {"S": key}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={name: _typed(value) for name, value in given.items() if name in used},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
    return True


def _typed(value: Any) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def _now() -> int:
    return int(time.time())
