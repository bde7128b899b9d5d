"""What every model of the API is made of: names on the wire, rules with one sentence, list types.

A rule stands here once and works twice: as CEL in the custom resource definition, where
``kubectl apply`` meets it, and as a check in pydantic, where ``awslab plan`` and the operator do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_core import core_schema as cs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import ErrorDetails

VALIDATIONS = "x-kubernetes-validations"
LIST_TYPE = "x-kubernetes-list-type"
LIST_MAP_KEYS = "x-kubernetes-list-map-keys"
PRESERVE_UNKNOWN = "x-kubernetes-preserve-unknown-fields"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Something that must be true, said to the API server in CEL and to pydantic in Python.

    As metadata of a field, ``self`` is the value of the field. In ``Model.rules``, ``self`` is the
    whole object and *path* names the field that is wrong. A rule with ``policy=True`` is about a
    field that CEL in a schema cannot see: it goes into a ValidatingAdmissionPolicy and writes
    ``variables.spec`` for ``self``.
    """

    message: str
    cel: str
    check: Callable[[Any], bool]
    path: tuple[str, ...] = ()
    policy: bool = False
    culprits: Callable[[Any], Iterable[str]] | None = None
    """The names of those among many that are wrong, told in Python alone: a messageExpression would cost too much."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> cs.CoreSchema:
        """Check the value once it has its type."""
        return cs.no_info_after_validator_function(self._require, handler(source))

    def __get_pydantic_json_schema__(self, schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add the rule to the schema of the field."""
        return with_validations(handler(schema), [self.as_validation()])

    def as_validation(self) -> dict[str, str]:
        """As an entry of ``x-kubernetes-validations``."""
        validation = {"rule": self.cel, "message": self.message}
        return validation | ({"fieldPath": "".join(f".{name}" for name in self.path)} if self.path else {})

    def as_error(self, value: Any) -> PydanticCustomError:
        """As pydantic's error about *value*, the sentence taken literally."""
        named = f" (look at {', '.join(self.culprits(value))})" if self.culprits else ""
        return PydanticCustomError("rule", "{sentence}", {"sentence": self.message + named})

    def _require(self, value: Any) -> Any:
        if not self.check(value):
            raise self.as_error(value)
        return value


@dataclass(frozen=True)
class Immutable:
    """A field that never changes after creation: only the API server knows the old value."""

    way_out: str

    def __get_pydantic_json_schema__(self, schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add the transition rule to the schema of the field."""
        rule = {"rule": "self == oldSelf", "message": f"cannot be changed: {self.way_out}"}
        return with_validations(handler(schema), [rule])


@dataclass(frozen=True)
class UniqueItems:
    """A list without order in which no value stands twice."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> cs.CoreSchema:
        """Refuse a value that stands twice, as the API server does."""
        return cs.no_info_after_validator_function(_refuse_duplicates, handler(source))

    def __get_pydantic_json_schema__(self, schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Mark the list as a set, so that server-side apply merges it by value."""
        return handler(schema) | {LIST_TYPE: "set"}


@dataclass(frozen=True)
class KeyedBy:
    """A list of objects that are known by the named fields."""

    keys: tuple[str, ...]

    def __get_pydantic_json_schema__(self, schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Mark the list as a map, so that server-side apply merges it by key."""
        return handler(schema) | {LIST_TYPE: "map", LIST_MAP_KEYS: list(self.keys)}


@dataclass(frozen=True)
class AnyShape:
    """A field of several JSON types, which a structural schema cannot say: rules with ``policy=True`` do."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> cs.CoreSchema:
        """Accept every value, with lists made immutable."""
        return cs.no_info_plain_validator_function(lambda v: tuple(v) if isinstance(v, list) else v)

    def __get_pydantic_json_schema__(
        self,
        schema: cs.CoreSchema,
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        """Leave the type open, as Kubernetes asks for it."""
        return {PRESERVE_UNKNOWN: True}


@dataclass(frozen=True)
class AnyFields:
    """An object whose fields only its reader knows."""

    def __get_pydantic_json_schema__(self, schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Leave its fields open, as Kubernetes asks for it."""
        return {"type": "object", PRESERVE_UNKNOWN: True}


Timestamp = Annotated[
    datetime,
    PlainSerializer(lambda t: t.isoformat(timespec="seconds").replace("+00:00", "Z"), when_used="json"),
]


class Model(BaseModel):
    """A part of a spec: camelCase on the wire, frozen, and unknown fields are refused."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    rules: ClassVar[tuple[Rule, ...]] = ()
    """What must hold between the fields; the class's own CEL rules."""

    @model_validator(mode="after")
    def _keeps_its_rules(self) -> Self:
        broken = [rule for rule in self.rules if not rule.check(self)]
        if broken:
            raise ValidationError.from_exception_data(type(self).__name__, [_details(rule, self) for rule in broken])
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: cs.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Add the rules of the class to its schema."""
        schema = handler(core_schema)
        in_schema = [rule.as_validation() for rule in cls.rules if not rule.policy]
        if in_schema:
            with_validations(handler.resolve_ref_schema(schema), in_schema)
        return schema

    def wire(self) -> dict[str, Any]:
        """As it stands in YAML: camelCase, JSON types, nothing that is unset."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class StatusModel(Model):
    """A part of a status: our code names its fields, and what a newer version wrote stops no older one."""

    model_config = ConfigDict(extra="ignore", validate_by_name=True, validate_by_alias=True)


def sentences(error: ValidationError, root: str = "spec") -> tuple[str, ...]:
    """Say what is wrong as ``kubectl apply`` does, a sentence for each field: ``spec.cidr: must be ...``."""
    lines = error.errors(include_url=False)
    return tuple(
        f"{_dotted((root, *line['loc']))}: {_plain(line)}" for line in lines if not _is_about_another(line, lines)
    )


_PLAIN = {
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "enum": "must be {expected}",
    "extra_forbidden": "is not known: is it misspelled, or of another version?",
    "float_type": "must be a number",
    "greater_than_equal": "must be at least {ge}",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le}",
    "mapping_type": "must be an object",
    "missing": "is required",
    "model_type": "must be an object",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "string_type": "must be a string",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entry",
    "tuple_type": "must be a list",
}


def _plain(line: ErrorDetails) -> str:
    """In the words of YAML where pydantic would speak of Python."""
    return _PLAIN[line["type"]].format_map(line.get("ctx", {})) if line["type"] in _PLAIN else line["msg"]


def _is_about_another(line: ErrorDetails, lines: list[ErrorDetails]) -> bool:
    """Whether a list is told to be too short only because pydantic does not count its wrong entries."""
    depth = len(line["loc"])
    return line["type"] == "too_short" and any(
        other["loc"][:depth] == line["loc"] and len(other["loc"]) > depth for other in lines
    )


def _dotted(path: Iterable[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _details(rule: Rule, model: Model) -> InitErrorDetails:
    return InitErrorDetails(type=rule.as_error(model), loc=rule.path, input=None)


def with_validations(schema: JsonSchemaValue, validations: list[dict[str, str]]) -> JsonSchemaValue:
    """Add CEL rules to those that a schema has already."""
    schema[VALIDATIONS] = [*schema.get(VALIDATIONS, ()), *validations]
    return schema


def _refuse_duplicates(values: tuple[Any, ...]) -> tuple[Any, ...]:
    for value in values:
        if values.count(value) > 1:
            raise PydanticCustomError("duplicate", "has {value} twice: name it once", {"value": str(value)})
    return values
