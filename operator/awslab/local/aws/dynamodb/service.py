"""DynamoDB: moto keeps tables and items; a table's states take their time, and hold up what AWS would hold up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from awslab.local.aws.errors import AwsError
from awslab.local.aws.modelled import Modelled
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.asked import Asked
    from awslab.local.aws.world import Due, World

book = Book("dynamodb")
API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
CREATING, UPDATING, DELETING = "CREATING", "UPDATING", "DELETING"
DATA = ("PutItem", "GetItem", "UpdateItem", "DeleteItem", "Query", "Scan")
NOT_YET = {CREATING: "created", UPDATING: "updated", DELETING: "deleted"}


def _states(world: World, account: str, region: str) -> dict[str, str]:
    """Return the tables that are not active, with their states."""
    states: dict[str, str] = world.store("dynamodb-states", account, region, dict)
    return states


def _name(asked: Asked) -> str:
    return str(asked.params.get("TableName", "")).rpartition("/")[2]


def _state(asked: Asked) -> str:
    return _states(asked.world, asked.account, asked.region).get(_name(asked), "ACTIVE")


def _begin(asked: Asked, state: str, change: str) -> None:
    _states(asked.world, asked.account, asked.region)[_name(asked)] = state
    asked.later(change, _name(asked))


@book.follows(
    "table-creating",
    "CreateTable",
    does="A table is CREATING for some seconds before it is ACTIVE.",
    see=API + "API_CreateTable.html",
)
def begin(asked: Asked, result: dict[str, Any]) -> None:
    """Let a table begin as one that is not there yet."""
    _begin(asked, CREATING, "table-active")
    result["TableDescription"]["TableStatus"] = CREATING


@book.follows(
    "table-updating",
    "UpdateTable",
    does="A changed table is UPDATING for some seconds, and serves meanwhile.",
    see=API + "API_UpdateTable.html",
)
def updating(asked: Asked, result: dict[str, Any]) -> None:
    """Let a change take its time."""
    _begin(asked, UPDATING, "table-updated")
    result["TableDescription"]["TableStatus"] = UPDATING


@book.follows(
    "table-encryption",
    "UpdateTable",
    does="A table's encryption can be changed: to a key of the account, and back to one of AWS's.",
    see=API + "API_SSESpecification.html",
)
def encrypt(asked: Asked, _result: dict[str, Any]) -> None:
    """Keep the wish, which moto takes no notice of."""
    if wish := asked.params.get("SSESpecification"):
        table = dynamodb_backends[asked.account][asked.region].tables[_name(asked)]
        own = table._get_default_encryption_key(asked.account, asked.region)  # noqa: SLF001 - as moto does at creation
        table.sse_specification = {"KMSMasterKeyId": own, **wish}


@book.follows(
    "table-status",
    "DescribeTable",
    does="A table shows its state: CREATING, UPDATING, DELETING or ACTIVE.",
    see=API + "API_DescribeTable.html",
)
def show(asked: Asked, result: dict[str, Any]) -> None:
    """Show the state."""
    result["Table"]["TableStatus"] = _state(asked)


@book.refuses(
    "table-in-use",
    "UpdateTable",
    "DeleteTable",
    "UpdateTimeToLive",
    code="ResourceInUseException",
    does="A table that is being created, updated or deleted can neither be changed nor deleted.",
    see=API + "API_UpdateTable.html",
)
def in_use(asked: Asked) -> str | None:
    """Refuse a change of what is changing."""
    state = _state(asked)
    if state == "ACTIVE":
        return None
    return f"Attempt to change a resource which is still in use: Table is being {NOT_YET[state]}: {_name(asked)}"


@book.refuses(
    "table-not-ready",
    *DATA,
    code="ResourceNotFoundException",
    does="A table that is being created or deleted holds no items yet, or any more.",
    see=API + "API_PutItem.html",
)
def not_ready(asked: Asked) -> str | None:
    """Refuse items of a table that is not there."""
    return "Requested resource not found" if _state(asked) in {CREATING, DELETING} else None


@book.refuses(
    "table-backups-not-ready",
    "UpdateContinuousBackups",
    code="ContinuousBackupsUnavailableException",
    does="Point-in-time recovery cannot be changed while a table is being created.",
    see=API + "API_UpdateContinuousBackups.html",
)
def backups_not_ready(asked: Asked) -> str | None:
    """Refuse a change of backups that are only being set up."""
    if _state(asked) == CREATING:
        return f"Backups are being enabled for the table: {_name(asked)}. Please retry later"
    return None


@book.refuses(
    "table-ttl-twice",
    "UpdateTimeToLive",
    code="ValidationException",
    does="Time to live that is on, or off, already cannot be turned so again.",
    see=API + "API_UpdateTimeToLive.html",
)
def ttl_twice(asked: Asked) -> str | None:
    """Refuse to turn on what is on, and off what is off."""
    table = dynamodb_backends[asked.account][asked.region].tables.get(_name(asked))
    if table is None:
        return None
    wished = bool((asked.params.get("TimeToLiveSpecification") or {}).get("Enabled"))
    is_on = table.ttl["TimeToLiveStatus"] == "ENABLED"
    return f"TimeToLive is already {'enabled' if is_on else 'disabled'}" if wished == is_on else None


@book.behaves(
    "table-deleting",
    "DeleteTable",
    does="A deleted table is DELETING for some seconds, and its name is taken until it is gone; one with deletion"
    " protection is refused.",
    see=API + "API_DeleteTable.html",
)
def delete(asked: Asked) -> dict[str, Any]:
    """Answer DeleteTable."""
    name = _name(asked)
    table = dynamodb_backends[asked.account][asked.region].tables.get(name)
    if table is None:
        raise AwsError("ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")
    if table.deletion_protection_enabled:
        sentence = "Resource cannot be deleted as it is currently protected against deletion. Disable deletion"
        raise AwsError("ValidationException", f"{sentence} protection first.")
    _begin(asked, DELETING, "table-deleted")
    described: dict[str, Any] = table.describe(base_key="TableDescription")
    described["TableDescription"]["TableStatus"] = DELETING
    return described


@book.follows(
    "table-tags-once",
    "TagResource",
    does="A table has a tag once.",
    see=API + "API_TagResource.html",
)
def tags_once(asked: Asked, _result: Any) -> None:
    """Keep the newest value of each tag, where moto keeps all."""
    for table in dynamodb_backends[asked.account][asked.region].tables.values():
        if table.table_arn == asked.params.get("ResourceArn"):
            table.tags = [{"Key": key, "Value": value} for key, value in _tags(table).items()]


def _tags(table: Any) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in table.tags or []}


def _settled(world: World, due: Due) -> None:
    """A table is created or updated."""
    states = _states(world, due.account, due.region)
    if states.get(due.id) == {"table-active": CREATING, "table-updated": UPDATING}[due.change]:
        del states[due.id]


def _gone(world: World, due: Due) -> None:
    states = _states(world, due.account, due.region)
    if states.pop(due.id, None) == DELETING:
        dynamodb_backends[due.account][due.region].tables.pop(due.id, None)


class DynamoDb(Modelled):
    """Answers the calls of DynamoDB."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "dynamodb", "dynamodb", {"DeleteTable": delete}, DynamoHandler)
        world.changes |= {"table-active": _settled, "table-updated": _settled, "table-deleted": _gone}


def tagged_resources(account: str, region: str) -> dict[str, dict[str, str]]:
    """Return the tags of every table by its ARN, for the tagging API."""
    return {table.table_arn: _tags(table) for table in dynamodb_backends[account][region].tables.values()}
