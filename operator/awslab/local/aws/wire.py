"""Answers as they go over the wire, in the protocol of each service."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awslab.local.aws.errors import AwsError

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
CLIENT_ERRORS = range(400, 500)


@dataclass
class Answer:
    """One HTTP answer, and the result that the log shows: `ok` or an error's code."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    result: str = "ok"


def refusal(protocol: str, error: AwsError) -> Answer:
    """Put an error into the protocol's form, so that botocore raises a ClientError with its code."""
    request_id = str(uuid.uuid4())
    if "json" in protocol:
        return _json(error, request_id)
    code, message = escape(error.code), escape(error.message)
    inner = f"<Code>{code}</Code><Message>{message}</Message>"
    if protocol == "ec2":
        body = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    elif protocol == "rest-xml":
        body = f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    else:
        kind = "Sender" if error.status in CLIENT_ERRORS else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{kind}</Type>{inner}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    headers = {"Content-Type": "text/xml;charset=UTF-8", "x-amzn-RequestId": request_id}
    return Answer(error.status, headers, (XML + body).encode(), error.code)


def _json(error: AwsError, request_id: str) -> Answer:
    body = json.dumps({"__type": error.code, "message": error.message, "Message": error.message})
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-ErrorType": error.code,
        "x-amzn-RequestId": request_id,
    }
    return Answer(error.status, headers, body.encode(), error.code)
