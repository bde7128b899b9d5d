"""One call as it came in: which service, which action, by whom, with what."""

from __future__ import annotations

import io
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.request import Request
from moto.core.routing import NotFound, get_service_router
from moto.core.utils import get_service_model
from moto.iam.models import get_account_id_from

# Where the name in a signature is not the name of the service's model.
MODELS = {
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
    "email": "ses",
}
CREDENTIAL = re.compile(r"(?:Credential=|X-Amz-Credential=)([^/,&]+)(?:/|%2F)\d{8}(?:/|%2F)([^/%]+)(?:/|%2F)([^/%]+)")
RESOURCE = re.compile(r"\b[a-z]{1,20}(?:-[a-z]{1,20})?-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")


@dataclass
class Call:
    """What is known of a call before it is carried out."""

    service: str
    action: str
    region: str
    account: str
    access_key: str
    who: str
    user_agent: str
    protocol: str
    environ: dict[str, Any] = field(repr=False)
    body: bytes = field(repr=False, default=b"")
    params: dict[str, Any] = field(default_factory=dict)
    role_arn: str = ""  # of the role that was assumed for it

    def query(self, name: str) -> str:
        """Return a parameter of the query string; empty where there is none."""
        found = parse_qs(self.environ.get("QUERY_STRING", ""), keep_blank_values=True).get(name)
        return found[-1] if found else ""

    def resources(self) -> list[str]:
        """Return the ids of resources that the parameters name, each once."""
        return list(dict.fromkeys(RESOURCE.findall(json.dumps(self.params, default=str))))


def read_body(environ: dict[str, Any]) -> bytes:
    """Take the whole body from the connection and leave a copy for whoever reads next."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return bytes(body)


def parse(environ: dict[str, Any]) -> Call:
    """Read a call from a WSGI environment; what cannot be told stays empty."""
    body = read_body(environ)
    access_key, region, service = _signature(environ)
    form = _form(environ, body)
    if not service and "Action" in form:
        service, region = "sts", region or "us-east-1"  # the only unsigned calls of a query service
    who, role_arn = _who(access_key)
    call = Call(
        service=service or "s3",
        action=form.get("Action", ""),
        region=region or "us-east-1",
        account=get_account_id_from(access_key),
        access_key=access_key,
        who=who,
        role_arn=role_arn,
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        protocol=_protocol(service or "s3", environ.get("CONTENT_TYPE", "")),
        environ=environ,
        body=body,
        params={k: v for k, v in form.items() if k not in {"Action", "Version"}},
    )
    return call if call.action else _name_action(call)


def _signature(environ: dict[str, Any]) -> tuple[str, str, str]:
    signed = environ.get("HTTP_AUTHORIZATION", "") or environ.get("QUERY_STRING", "")
    found = CREDENTIAL.search(signed)
    return (found[1], found[2], found[3].lower()) if found else ("", "", "")


def _form(environ: dict[str, Any], body: bytes) -> dict[str, str]:
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return {}
    pairs = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {key: values[-1] for key, values in pairs.items()}


def _name_action(call: Call) -> Call:
    """Find the action of a JSON or REST call, and its parameters where they are JSON."""
    target = call.environ.get("HTTP_X_AMZ_TARGET", "")
    call.action = target.rpartition(".")[2] if target else _route(call)
    if call.body[:1] == b"{" and not _has_payload(call):
        with suppress(ValueError):
            call.params = call.params | json.loads(call.body)
    return call


def _has_payload(call: Call) -> bool:
    """Tell whether the body is one value of its own, as an object in S3, and not the parameters."""
    try:
        shape = get_service_model(MODELS.get(call.service, call.service)).operation_model(call.action).input_shape
    except (UnknownServiceError, OperationNotFoundError):
        return False
    return shape is not None and "payload" in shape.serialization


def _route(call: Call) -> str:
    request = Request(call.environ | {"wsgi.input": io.BytesIO(call.body)})
    try:
        operation, parameters = get_service_router(MODELS.get(call.service, call.service)).match(request)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return ""
    call.params = dict(parameters)
    return str(operation.name)


def _protocol(service: str, content_type: str) -> str:
    """Return the protocol that a call speaks: its service's own, or JSON where the service knows that too."""
    if content_type.startswith("application/x-amz-json"):
        return "json"
    try:
        return str(get_service_model(MODELS.get(service, service)).protocol)
    except UnknownServiceError:
        return "json"


def _who(access_key: str) -> tuple[str, str]:
    """Name an assumed role by its session, with the role's ARN; anybody else by the access key."""
    from moto.sts.models import sts_backends  # noqa: PLC0415 - moto loads a service when it is first used

    for account in list(sts_backends.values()):
        for backend in list(account.values()):
            if role := backend.get_assumed_role_from_access_key(access_key):
                return f"{role.role_arn.rpartition('/')[2]}/{role.session_name}", role.role_arn
    return access_key, ""
