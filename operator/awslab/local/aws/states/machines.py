"""State machines: made, changed, deleted, shown, tagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.rules import Book
from awslab.local.aws.states import executions, logs, roles, versions
from awslab.local.aws.states.names import check_name
from awslab.local.aws.states.store import Machine, Revision, Store, store_of, stores

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import Due, World

book = Book("states")
API = "https://docs.aws.amazon.com/step-functions/latest/apireference/"
NO_LOGGING = {"level": "OFF", "includeExecutionData": False}
NO_TRACING = {"enabled": False}
OWN_KEY = {"type": "AWS_OWNED_KEY"}
MOST_PROBLEMS = 100
MOST_TAGS = 50


@book.behaves(
    "definition-valid",
    "CreateStateMachine",
    "UpdateStateMachine",
    "ValidateStateMachineDefinition",
    code="InvalidDefinition",
    does="A definition is refused that does not follow the Amazon States Language, whose transitions lead nowhere, or"
    " that has states which nothing reaches; the message names state and field.",
    see="https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html",
)
def check_definition(definition: str, kind: str) -> str:
    """Return a definition that AWS would take for a type of state machine; raises AwsError."""
    from awslab.local.aws.states.definition import problems  # noqa: PLC0415 - moto's parser takes seconds to import

    if found := problems(definition, kind):
        said = ", ".join(map(str, found))
        raise AwsError("InvalidDefinition", f"Invalid State Machine Definition: '{said}'")
    return definition


def validate(asked: Asked) -> dict[str, Any]:
    """Answer ValidateStateMachineDefinition."""
    from awslab.local.aws.states.definition import problems  # noqa: PLC0415 - as above

    found = problems(asked.params.get("definition", ""), asked.params.get("type") or "STANDARD")
    most = asked.params.get("maxResults") or MOST_PROBLEMS
    told = [
        {"severity": "ERROR", "code": one.code, "message": one.message, "location": one.location}
        for one in found[:most]
    ]
    return {"result": "FAIL" if found else "OK", "diagnostics": told, "truncated": len(found) > most}


@book.behaves(
    "machine-same-name",
    "CreateStateMachine",
    code="StateMachineAlreadyExists",
    does="Making a state machine again with the same definition, type, logging and tracing gives the one there is,"
    " with its role and tags as they were; with others it is refused.",
    see=API + "API_CreateStateMachine.html",
)
def _same(machine: Machine, kind: str, wish: Revision) -> None:
    """Refuse a name that another state machine has; role and tags are not compared."""
    had = machine.revision
    as_had = (had.definition, machine.type, had.logging, had.tracing)
    if as_had != (wish.definition, kind, wish.logging, wish.tracing):
        raise AwsError("StateMachineAlreadyExists", f"State Machine Already Exists: '{machine.arn}'")


def create(asked: Asked) -> dict[str, Any]:
    """Answer CreateStateMachine."""
    params, store = asked.params, _store(asked)
    name = check_name(params.get("name", ""))
    arn = asked.arn("states", f"stateMachine:{name}")
    kind = params.get("type") or "STANDARD"
    wish = Revision(
        definition=check_definition(params.get("definition", ""), kind),
        role=params.get("roleArn", ""),
        logging=_logging(params.get("loggingConfiguration")),
        tracing=params.get("tracingConfiguration") or NO_TRACING,
        encryption=params.get("encryptionConfiguration") or OWN_KEY,
    )
    _check_publish(params)
    roles.check(asked, wish.role, arn)
    check_logging(asked, wish)
    if arn in store.machines:
        machine = store.machines[arn]
        executions.refuse_deleting(machine)
        _same(machine, kind, wish)
    else:
        tags = _tags(params.get("tags"))
        machine = store.machines[arn] = Machine(arn, name, kind, wish, asked.now, asked.now, tags)
    made = {"stateMachineArn": machine.arn, "creationDate": machine.created}
    return made | _published(asked, machine)


def update(asked: Asked) -> dict[str, Any]:
    """Answer UpdateStateMachine: running executions keep what they began with."""
    params, store = asked.params, _store(asked)
    machine = store.machine(params.get("stateMachineArn", ""))
    executions.refuse_deleting(machine)
    _check_publish(params)
    machine.revision = _changed(asked, machine)
    machine.updated = asked.now
    return {"updateDate": machine.updated, "revisionId": machine.revision.id} | _published(asked, machine)


@book.behaves(
    "machine-update-something",
    "UpdateStateMachine",
    code="MissingRequiredParameter",
    does="An update changes the definition, the role, logging, tracing or encryption, or publishes a version.",
    see=API + "API_UpdateStateMachine.html",
)
def _changed(asked: Asked, machine: Machine) -> Revision:
    params = asked.params
    fields = {
        "definition": params.get("definition"),
        "role": params.get("roleArn"),
        "logging": _logging(params["loggingConfiguration"]) if params.get("loggingConfiguration") else None,
        "tracing": params.get("tracingConfiguration"),
        "encryption": params.get("encryptionConfiguration"),
    }
    wishes = {name: value for name, value in fields.items() if value is not None}
    if not wishes and not params.get("publish"):
        sentence = "Either the definition, the role ARN, the LoggingConfiguration, the EncryptionConfiguration or the"
        raise AwsError("MissingRequiredParameter", f"{sentence} TracingConfiguration must be specified")
    if not wishes:
        return machine.revision
    changed = machine.revision.changed(**wishes)
    if "definition" in wishes:
        check_definition(changed.definition, machine.type)
    roles.check(asked, changed.role, machine.arn)
    check_logging(asked, changed)
    return changed


@book.behaves(
    "machine-version-description",
    "CreateStateMachine",
    "UpdateStateMachine",
    code="ValidationException",
    does="A version's description comes with publish only.",
    see=API + "API_CreateStateMachine.html",
)
def _check_publish(params: dict[str, Any]) -> None:
    if params.get("versionDescription") and not params.get("publish"):
        raise AwsError("ValidationException", "Version description can only be set when publish is true")


def _published(asked: Asked, machine: Machine) -> dict[str, Any]:
    if not asked.params.get("publish"):
        return {}
    return {"stateMachineVersionArn": versions.publish_now(asked, machine, asked.params.get("versionDescription")).arn}


@book.behaves(
    "logging-configuration",
    "CreateStateMachine",
    "UpdateStateMachine",
    code="InvalidLoggingConfiguration",
    does="Logging of any level but OFF needs one destination: a log group's ARN that ends with `:*`, which is there"
    " and which the role may deliver to.",
    see=API + "API_LoggingConfiguration.html",
)
def check_logging(asked: Asked, wish: Revision) -> None:
    """Refuse logging that would lead nowhere."""
    logging = wish.logging
    if logging.get("level", "OFF") == "OFF":
        return
    destinations = logging.get("destinations") or []
    if len(destinations) != 1:
        sentence = "Invalid Logging Configuration: Must specify exactly one Log Destination."
        raise AwsError("InvalidLoggingConfiguration", sentence)
    arn = str((destinations[0].get("cloudWatchLogsLogGroup") or {}).get("logGroupArn", ""))
    if not arn.endswith(":*") or not logs.is_there(asked, arn):
        sentence = f"Invalid Logging Configuration: The CloudWatch Logs log group '{arn}' does not exist or is not one."
        raise AwsError("InvalidLoggingConfiguration", sentence)
    roles.check_log_delivery(asked, wish.role)


def _logging(wish: dict[str, Any] | None) -> dict[str, Any]:
    return NO_LOGGING | (wish or {})


@book.behaves(
    "machine-deleting",
    "DeleteStateMachine",
    does="A state machine is DELETING until its running executions have ended; each is stopped when it would go on to"
    " its next state. Deleting one that is not there succeeds.",
    see=API + "API_DeleteStateMachine.html",
)
def delete(asked: Asked) -> dict[str, Any]:
    """Answer DeleteStateMachine."""
    store, arn = _store(asked), asked.params.get("stateMachineArn", "")
    machine = store.machines.get(arn)
    if machine is not None and machine.status != "DELETING":
        machine.status = "DELETING"
        for execution in store.running(arn):
            run = asked.world.background.find(execution.arn)
            if run is not None:
                run.expire()
        asked.later("machine-deleted", arn)
    return {}


def _deleted(world: World, due: Due) -> None:
    store = store_of(world, due.account, due.region)
    machine = store.machines.get(due.id)
    if machine is None or machine.status != "DELETING":
        return
    if store.running(due.id):
        world.later("machine-deleted", due.account, due.region, due.id)
        return
    del store.machines[due.id]
    for execution in [one for one in store.executions.values() if one.machine == due.id]:
        del store.executions[execution.arn]


def describe(asked: Asked) -> dict[str, Any]:
    """Answer DescribeStateMachine, of a state machine or a version."""
    store, arn = _store(asked), asked.params.get("stateMachineArn", "")
    machine, revision, version, _ = executions.routed(store, arn)
    told = {
        "stateMachineArn": version or machine.arn,
        "name": machine.name,
        "status": machine.status,
        "definition": revision.definition,
        "roleArn": revision.role,
        "type": machine.type,
        "creationDate": machine.created,
        "loggingConfiguration": revision.logging,
        "tracingConfiguration": revision.tracing,
        "encryptionConfiguration": revision.encryption,
        "revisionId": revision.id,
    }
    if version:
        published = machine.versions[int(version.rpartition(":")[2])]
        told |= {"creationDate": published.created}
        told |= {"description": published.description} if published.description else {}
    return told


def list_all(asked: Asked) -> dict[str, Any]:
    """Answer ListStateMachines, oldest first."""
    machines = sorted(_store(asked).machines.values(), key=lambda one: one.created)
    page, token = asked.page(machines)
    told = [
        {"stateMachineArn": one.arn, "name": one.name, "type": one.type, "creationDate": one.created} for one in page
    ]
    return {"stateMachines": told} | ({"nextToken": token} if token else {})


@book.behaves(
    "machine-tags",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    code="ResourceNotFound",
    does="Tags are of a state machine that is there, 50 at most.",
    see=API + "API_TagResource.html",
)
def _tagged(asked: Asked) -> Machine:
    arn = asked.params.get("resourceArn", "")
    machine = _store(asked).machines.get(arn)
    if machine is None:
        raise AwsError("ResourceNotFound", f"Resource not found: '{arn}'")
    return machine


def _tags(wish: list[dict[str, str]] | None) -> dict[str, str]:
    tags = {one["key"]: one.get("value", "") for one in wish or []}
    if len(tags) > MOST_TAGS:
        raise AwsError("TooManyTags", f"A resource has at most {MOST_TAGS} tags")
    return tags


def tag(asked: Asked) -> dict[str, Any]:
    """Answer TagResource."""
    machine = _tagged(asked)
    merged = machine.tags | _tags(asked.params.get("tags"))
    machine.tags = _tags([{"key": key, "value": value} for key, value in merged.items()])
    return {}


def untag(asked: Asked) -> dict[str, Any]:
    """Answer UntagResource."""
    machine = _tagged(asked)
    gone = set(asked.params.get("tagKeys") or [])
    machine.tags = {key: value for key, value in machine.tags.items() if key not in gone}
    return {}


def list_tags(asked: Asked) -> dict[str, Any]:
    """Answer ListTagsForResource."""
    return {"tags": [{"key": key, "value": value} for key, value in _tagged(asked).tags.items()]}


def tagged_resources(world: World, account: str, region: str) -> dict[str, dict[str, str]]:
    """Return the tags of every state machine by its ARN, for the tagging API."""
    return {
        machine.arn: machine.tags
        for owner, where, store in stores(world)
        if (owner, where) == (account, region)
        for machine in store.machines.values()
    }


def _store(asked: Asked) -> Store:
    return store_of(asked.world, asked.account, asked.region)


CHANGES = {"machine-deleted": _deleted}
