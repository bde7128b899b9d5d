"""What Lambda keeps: functions with their versions and aliases, layers, waiting events. All is plain data."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError

if TYPE_CHECKING:
    from awslab.local.aws.world import World

LATEST = "$LATEST"
NAME = re.compile(
    r"(?:(?:arn:(?P<partition>aws[\w-]*):lambda:)?(?P<region>[a-z]{2}(?:-[a-z]+)+-\d:)?(?P<account>\d{12}:)?function:"
    r"|(?P<short>\d{12}):function:)?(?P<name>[\w-]{1,64})(?::(?P<qualifier>\$LATEST|[\w-]+))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Code:
    """A deployment package, or the name of an image."""

    data: bytes = b""
    image: str = ""

    @property
    def sha256(self) -> str:
        """Return the digest as Lambda shows it."""
        if self.image:
            return hashlib.sha256(self.image.encode()).hexdigest()
        return base64.b64encode(hashlib.sha256(self.data).digest()).decode()

    @property
    def digest(self) -> str:
        """Return the digest as it can name a folder."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Deployed:
    """What an invocation gets: code and configuration of one moment."""

    settings: dict[str, Any]
    code: Code
    revision: str

    @property
    def role(self) -> str:
        """Return the ARN of the execution role."""
        return str(self.settings["Role"])


@dataclass
class Version:
    """One version of a function; `$LATEST` is the one that changes."""

    number: str
    settings: dict[str, Any]
    code: Code
    modified: float
    state: str = "Pending"
    updating: bool = False
    revision: str = field(default_factory=lambda: str(uuid.uuid4()))
    serving: Deployed | None = None  # what is invoked while an update is in progress
    origin: tuple[Any, ...] = ()  # what $LATEST was when this one was published

    def deployed(self) -> Deployed:
        """Return what an invocation gets now."""
        return self.serving or Deployed(self.settings, self.code, self.revision)

    def change(self, settings: dict[str, Any], code: Code, now: float) -> None:
        """Begin an update; until it is done, the old one serves."""
        self.serving = self.deployed()
        self.settings, self.code = settings, code
        self.modified, self.updating = now, True
        self.revision = str(uuid.uuid4())


@dataclass
class Alias:
    """A name for a version, or for two with weights."""

    name: str
    version: str
    description: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    revision: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Policy:
    """Who else may call a function, or one version or alias of it."""

    statements: list[dict[str, Any]] = field(default_factory=list)
    revision: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Function:
    """A function with everything that belongs to it."""

    name: str
    account: str
    region: str
    latest: Version
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)  # by qualifier; "" is the function itself
    concurrency: int | None = None
    invoke_configs: dict[str, dict[str, Any]] = field(default_factory=dict)  # by qualifier
    last: int = 0  # the number of the last version that was published

    @property
    def arn(self) -> str:
        """Return the ARN without a version."""
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.name}"

    def all_versions(self) -> list[Version]:
        """Return `$LATEST` and then the published ones, oldest first."""
        return [self.latest, *self.versions.values()]


@dataclass
class LayerVersion:
    """One version of a layer."""

    arn: str
    number: int
    code: Code
    shown: dict[str, Any]  # what was said of it


@dataclass
class Waiting:
    """An event that was accepted and has not been dealt with: plain data, so that it survives a restart."""

    id: str
    account: str
    region: str
    reference: str  # ARN of the function, with a qualifier where one was asked for
    payload: bytes
    born: float
    due: float
    attempts: int = 0


@dataclass
class Region:
    """Lambda in one region of one account."""

    functions: dict[str, Function] = field(default_factory=dict)
    layers: dict[str, list[LayerVersion]] = field(default_factory=dict)
    layer_numbers: dict[str, int] = field(default_factory=dict)
    interfaces: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)  # id, by subnet and groups


@dataclass(frozen=True)
class Reference:
    """How a function is named in a call."""

    name: str
    qualifier: str = ""
    account: str = ""
    region: str = ""


@dataclass(frozen=True)
class Target:
    """What a reference leads to."""

    function: Function
    version: Version
    qualifier: str  # as it was asked for: empty, a version or an alias

    @property
    def arn(self) -> str:
        """Return the ARN as it was asked for."""
        return f"{self.function.arn}:{self.qualifier}" if self.qualifier else self.function.arn


def region_of(world: World, account: str, region: str) -> Region:
    """Return Lambda in a region of an account."""
    found: Region = world.overlay.lambdas.setdefault((account, region), Region())
    return found


def package(world: World, digest: str) -> bytes | None:
    """Return the deployment package, or the layer, with a digest."""
    regions = world.overlay.lambdas.values()
    functions = [one for region in regions for one in region.functions.values()]
    codes = [version.code for one in functions for version in one.all_versions()]
    codes += [one.code for region in regions for several in region.layers.values() for one in several]
    return next((one.data for one in codes if one.digest == digest), None)


def read_name(text: str, qualifier: str = "") -> Reference:
    """Read a name, a partial ARN or an ARN; raises AwsError where it is none."""
    found = NAME.fullmatch(text)
    if found is None:
        sentence = f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint"
        raise AwsError("ValidationException", sentence)
    inside = found["qualifier"] or ""
    if inside and qualifier and inside != qualifier:
        sentence = "The derived qualifier from the function name does not match the specified qualifier."
        raise AwsError("InvalidParameterValueException", sentence)
    account = (found["account"] or found["short"] or "").rstrip(":")
    return Reference(found["name"], inside or qualifier, account, (found["region"] or "").rstrip(":"))


def missing(arn: str) -> AwsError:
    """Return the refusal of what is not there."""
    return AwsError("ResourceNotFoundException", f"Function not found: {arn}", HTTPStatus.NOT_FOUND)


def find(world: World, account: str, region: str, reference: Reference) -> Target:
    """Return function and version that a reference names; an alias with weights leads to its first version."""
    account, region = reference.account or account, reference.region or region
    function = region_of(world, account, region).functions.get(reference.name)
    arn = f"arn:aws:lambda:{region}:{account}:function:{reference.name}"
    if function is None:
        raise missing(f"{arn}:{reference.qualifier}" if reference.qualifier else arn)
    alias = function.aliases.get(reference.qualifier)
    number = alias.version if alias else reference.qualifier
    version = function.latest if number in {"", LATEST} else function.versions.get(number)
    if version is None:
        raise missing(f"{arn}:{reference.qualifier}")
    return Target(function, version, reference.qualifier)
