"""Questions to log groups, in the language of Logs Insights."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from awslab.core.errors import Rejected

from .session import Aws

EVERY = 0.5
"""Seconds between two looks at whether the answer is there."""

RUNNING = frozenset({"Scheduled", "Running", "Unknown"})


def ask(aws: Aws, groups: Sequence[str], text: str, begin: datetime, end: datetime) -> list[Mapping[str, str]]:
    """The rows that *text* finds in the log groups so named between two moments; raises Rejected where it fails.

    It is paid for by what it reads: https://aws.amazon.com/cloudwatch/pricing/
    """
    logs = aws.client("logs")
    span = {"startTime": int(begin.timestamp()), "endTime": int(end.timestamp()) + 1}
    id_ = logs.start_query(logGroupNames=list(groups), queryString=text, **span)["queryId"]
    while (answer := logs.get_query_results(queryId=id_))["status"] in RUNNING:
        time.sleep(EVERY)
    if answer["status"] != "Complete":
        raise Rejected(f"the query of {', '.join(groups)} ended as {answer['status']}; ask for a shorter time")
    return [{one["field"]: one["value"] for one in row if one["field"] != "@ptr"} for row in answer["results"]]
