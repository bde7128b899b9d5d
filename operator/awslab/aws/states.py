"""Step Functions: state machines, and the definitions that they follow."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from awslab.core.diff import Changes
from awslab.core.errors import InUse
from awslab.core.outcome import Blocker
from awslab.core.resource import Ids, Observed, Phase, Usual
from awslab.core.values import FrozenMap

from .documents import canonical
from .named import NamedResource, Reference, after, name_in, unless_gone
from .session import Aws

KEPT_VERSIONS = 10
NAMED = 3
"""So many running executions are named where there are more."""

STOPPED_AT_ONCE = 200
"""In one pass; AWS lets 200 be stopped a second: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""


@dataclass(frozen=True)
class Definition:
    """What a state machine does: a document of the Amazon States Language, and the functions that it calls.

    One value, as neither is any use without the other: a new text must never be live with an old function.

    AWS keeps nothing but the document.  So that the names can be told from it, the functions are
    written by name into its comment, which AWS takes no notice of: a place in the text that somebody has
    changed is not in the comment, and a comment that somebody has changed is not in the text.
    """

    text: str
    """Canonical, with ``${Name}`` where a function's ARN goes."""
    functions: FrozenMap[str, Reference] = FrozenMap()  # noqa: RUF009 - it does not change
    """By name, the version of a function; each function has one name."""

    @classmethod
    def of(cls, document: Any, functions: Mapping[str, Reference] | None = None) -> Definition:
        """A definition as people write it, as text or as what a text says."""
        named = FrozenMap(functions or {})
        if len(set(named.values())) < len(named):
            raise ValueError(f"one function has two names: {', '.join(named)}")
        return cls(canonical(document), named)

    @classmethod
    def read(cls, text: str) -> Definition:
        """The definition that AWS keeps."""
        document = json.loads(text)
        comment, functions = _read_comment(document.pop("Comment", None))
        if comment is not None:
            document["Comment"] = comment
        names = {str(arn): f"${{{name}}}" for name, arn in sorted(functions.items(), reverse=True)}
        return cls(_replaced(canonical(document), names), functions)

    def written(self) -> str:
        """The document for AWS, and for those who read it there; every function is an ARN by now."""
        document = json.loads(_replaced(self.text, {f"${{{name}}}": str(arn) for name, arn in self.functions.items()}))
        if self.functions:
            told = {"comment": document["Comment"]} if "Comment" in document else {}
            document["Comment"] = canonical({**told, "functions": dict(self.functions)})
        return json.dumps(document, indent=2, ensure_ascii=False)

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits: another text, or another version of a function, has others."""
        told = canonical([self.text, {name: str(arn) for name, arn in self.functions.items()}])
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def __str__(self) -> str:
        called = ", ".join(f"{name} {_version(arn)}" for name, arn in sorted(self.functions.items()))
        return f"{self.fingerprint} ({called})" if called else self.fingerprint


def _read_comment(comment: Any) -> tuple[Any, FrozenMap[str, Reference]]:
    """The comment as it was before the functions were written into it, and the functions."""
    try:
        told = json.loads(comment)
        return told.get("comment"), FrozenMap({str(name): str(arn) for name, arn in told["functions"].items()})
    except (TypeError, ValueError, KeyError, AttributeError):
        return comment, FrozenMap()


def _replaced(text: str, others: Mapping[str, str]) -> str:
    """*text* with each key of *others* replaced, but not where it only begins a longer name."""
    if not others:
        return text
    longest_first = sorted(others, key=len, reverse=True)
    either = "|".join(map(re.escape, longest_first))
    return re.sub(rf"(?:{either})(?![\w:-])", lambda found: others[found[0]], text)


def _version(function: Any) -> str:
    return name_in(str(function)) if isinstance(function, str) else str(getattr(function, "address", function))


@dataclass(frozen=True)
class Logging:
    """What a state machine writes to its log."""

    group: Reference
    level: str = "ALL"
    """ALL, ERROR or FATAL."""
    data: bool = False
    """Whether input and output are written too."""


@dataclass(frozen=True, kw_only=True)
class StateMachine(NamedResource):
    """A state machine; each change publishes a version, of which the last ten are kept."""

    resource_type: ClassVar = "states:stateMachine"
    mutable: ClassVar = frozenset({"definition", "role", "logging", "tracing"})
    usual: ClassVar = Usual(delete=10)

    definition: Definition
    role: Reference
    type: str = "STANDARD"
    logging: Logging | None = None
    tracing: bool = False

    @classmethod
    def look(cls, aws: Aws, arn: str) -> Observed:
        client = aws.client("stepfunctions")
        item = client.describe_state_machine(stateMachineArn=arn)
        tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
        phase = Phase.DELETING if item["status"] == "DELETING" else Phase.READY
        fields = {
            "definition": Definition.read(item["definition"]),
            "role": item["roleArn"],
            "type": item["type"],
            "logging": _read_logging(item.get("loggingConfiguration") or {}),
            "tracing": item.get("tracingConfiguration", {}).get("enabled", False),
        }
        return cls.seen(arn, fields, {t["key"]: t["value"] for t in tags}, phase=phase)

    def make(self, aws: Aws, ids: Ids) -> None:
        wishes = self.resolved(ids)
        aws.client("stepfunctions").create_state_machine(
            name=self.physical_name,
            type=self.type,
            **_configuration(wishes),
            tags=_tags(aws.owner.birth_tags(self)),
        )

    @classmethod
    def modify(cls, aws: Aws, found: Observed, changes: Changes) -> None:
        """Change it and publish that as a version; executions that run end with what they began with."""
        client = aws.client("stepfunctions")
        client.update_state_machine(stateMachineArn=found.id, **_configuration(after(found, changes)))
        listed = client.list_state_machine_versions(stateMachineArn=found.id, maxResults=1000)
        for version in listed["stateMachineVersions"][KEPT_VERSIONS:]:
            client.delete_state_machine_version(stateMachineVersionArn=version["stateMachineVersionArn"])

    @classmethod
    def retag(cls, aws: Aws, arn: str, new: Mapping[str, str], gone: Sequence[str]) -> None:
        client = aws.client("stepfunctions")
        if new:
            client.tag_resource(resourceArn=arn, tags=_tags(new))
        if gone:
            client.untag_resource(resourceArn=arn, tagKeys=list(gone))

    @classmethod
    def delete(cls, aws: Aws, found: Observed) -> None:
        """Delete it once nothing runs any more, or stop what runs, as the object's spec says.

        AWS would delete it at once and let what runs go on, with roles and functions that are gone.
        """
        with unless_gone():
            if found.fields["type"] != "EXPRESS":
                cls._end_executions(aws, found)
            aws.client("stepfunctions").delete_state_machine(stateMachineArn=found.id)

    @classmethod
    def _end_executions(cls, aws: Aws, found: Observed) -> None:
        if aws.on_delete.get("runningExecutions") != "Stop":
            if running := _running(aws, found.id, most=1000):
                raise InUse(f"{_told(running)}; they are waited for, unless deletion.runningExecutions says Stop")
            return
        running = _running(aws, found.id, most=STOPPED_AT_ONCE + 1)
        for execution in running[:STOPPED_AT_ONCE]:
            _stop(aws, execution["executionArn"])
        if len(running) > STOPPED_AT_ONCE:
            raise InUse(f"{STOPPED_AT_ONCE} executions were stopped, and more are running; they are stopped next")

    @classmethod
    def blockers(cls, aws: Aws, found: Observed) -> Iterator[Blocker]:
        """The executions that are waited for, the oldest first."""
        if found.fields["type"] != "EXPRESS":
            for execution in _running(aws, found.id, most=1000)[:NAMED]:
                yield Blocker(execution["executionArn"], f"execution running since {_moment(execution)}", found.owner)


def _configuration(wishes: Mapping[str, Any]) -> dict[str, Any]:
    """What both making and changing take, the version that is published with it included."""
    definition: Definition = wishes["definition"]
    return {
        "definition": definition.written(),
        "roleArn": wishes["role"],
        "loggingConfiguration": _logging(wishes["logging"]),
        "tracingConfiguration": {"enabled": wishes["tracing"]},
        "publish": True,
        "versionDescription": str(definition)[:256],
    }


def _logging(wish: Logging | None) -> dict[str, Any]:
    if wish is None:
        return {"level": "OFF", "includeExecutionData": False, "destinations": []}
    group = {"cloudWatchLogsLogGroup": {"logGroupArn": f"{wish.group}:*"}}
    return {"level": wish.level, "includeExecutionData": wish.data, "destinations": [group]}


def _read_logging(item: Mapping[str, Any]) -> Logging | None:
    groups = [d["cloudWatchLogsLogGroup"]["logGroupArn"] for d in item.get("destinations") or ()]
    if item.get("level", "OFF") == "OFF" or not groups:
        return None
    return Logging(groups[0].removesuffix(":*"), item["level"], item.get("includeExecutionData", False))


def _running(aws: Aws, arn: str, most: int) -> list[Mapping[str, Any]]:
    """The executions that run, the oldest first; no more than *most* of them are looked at."""
    paginator = aws.client("stepfunctions").get_paginator("list_executions")
    pages = paginator.paginate(stateMachineArn=arn, statusFilter="RUNNING", PaginationConfig={"PageSize": 1000})
    running = islice((execution for page in pages for execution in page["executions"]), most)
    return sorted(running, key=lambda execution: execution["startDate"])


def _told(running: Sequence[Mapping[str, Any]]) -> str:
    first = ", ".join(execution["name"] for execution in running[:NAMED])
    more = ", ..." if len(running) > NAMED else ""
    noun = "execution is" if len(running) == 1 else "executions are"
    return f"{len(running)} {noun} running, the first since {_moment(running[0])}: {first}{more}"


def _moment(execution: Mapping[str, Any]) -> str:
    return f"{execution['startDate']:%Y-%m-%d %H:%M:%S}"


def _stop(aws: Aws, execution: str) -> None:
    with unless_gone():
        aws.client("stepfunctions").stop_execution(
            executionArn=execution, error="awslab.Deleted", cause="Its state machine is deleted, and so it was stopped."
        )


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]
