"""What a step's function is: its code, its settings, and what it may touch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from .base import AnyFields, Model, Rule, UniqueItems
from .datapipeline_rules import CODE, CODE_RULES, exactly_one_of, refused_unless
from .references import NAME, LabVpcRef

BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
STEP_NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
MAX_STEP_NAME = 40


class Builtin(StrEnum):
    """The functions that are shipped with the operator."""

    CSV_VALIDATE = "csv-validate"
    CSV_TRANSFORM = "csv-transform"
    CSV_STATISTICS = "csv-statistics"
    CSV_REPORT = "csv-report"
    WRITE_OUTPUT = "write-output"


class Runtime(StrEnum):
    """The runtimes for code that is not an image."""

    PYTHON_3_11 = "python3.11"
    PYTHON_3_12 = "python3.12"
    PYTHON_3_13 = "python3.13"
    NODEJS_20 = "nodejs20.x"
    NODEJS_22 = "nodejs22.x"

    @property
    def is_python(self) -> bool:
        """Whether the code is Python."""
        return self.value.startswith("python")


class Architecture(StrEnum):
    """The processors on which a function can run."""

    X86_64 = "x86_64"
    ARM64 = "arm64"


class Access(StrEnum):
    """What code may do with objects."""

    NONE = "None"
    READ = "Read"
    WRITE = "Write"
    READ_WRITE = "ReadWrite"

    @property
    def reads(self) -> bool:
        """Whether objects may be read."""
        return self in {Access.READ, Access.READ_WRITE}

    @property
    def writes(self) -> bool:
        """Whether objects may be written."""
        return self in {Access.WRITE, Access.READ_WRITE}


class Topic(StrEnum):
    """The two topics of a pipeline."""

    SUCCESS = "Success"
    FAILURE = "Failure"


class VpcTier(StrEnum):
    """The subnets of a LabVpc in which functions can run."""

    PRIVATE = "Private"
    DATA = "Data"


class VpcGroup(StrEnum):
    """The security groups of a LabVpc that functions can have."""

    APP = "App"
    DATA = "Data"


StepName = Annotated[
    str,
    Field(max_length=MAX_STEP_NAME),
    Rule(
        message="must consist of letters, digits and _, beginning with a letter, for example ValidateData",
        cel=f"self.matches('{STEP_NAME}')",
        check=lambda text: re.fullmatch(STEP_NAME, text) is not None,
    ),
]

BucketName = Annotated[
    str,
    Field(max_length=63),
    Rule(
        message="must be the name of a bucket",
        cel=f"self.matches('{BUCKET}')",
        check=lambda text: re.fullmatch(BUCKET, text) is not None,
    ),
]


class InlineCode(Model):
    """Code that stands in the spec."""

    code: Annotated[str, Field(min_length=1, max_length=65536)] = Field(
        description="The source text of the file index.py or index.mjs, which handler names: index.handler."
    )


class ConfigMapCode(Model):
    """Code that stands in a ConfigMap of the object's namespace."""

    name: Annotated[
        str,
        Field(max_length=253),
        refused_unless(lambda text: re.fullmatch(NAME, text) is not None, "must be the name of a ConfigMap"),
    ] = Field(description="The name of the ConfigMap.")
    key: Annotated[str, Field(min_length=1, max_length=253)] | None = Field(
        default=None, description="The key that holds the code; without it every key is a file of the code."
    )


class S3Code(Model):
    """Code that stands in a bucket as a zip file."""

    bucket: Annotated[
        str,
        Field(max_length=63),
        refused_unless(lambda text: re.fullmatch(BUCKET, text) is not None, "must be the name of a bucket"),
    ] = Field(description="The bucket, in the region of the pipeline.")
    key: Annotated[str, Field(min_length=1, max_length=1024)] = Field(description="The key of the zip file.")
    version: Annotated[str, Field(min_length=1, max_length=1024)] | None = Field(
        default=None, description="The version of the object; without it a later upload is not noticed."
    )


class DataAccess(Model):
    """What a step's own code may do: its role has these rights and no others."""

    input: Access = Field(default=Access.READ, description="What lies below source.prefix, where uploads arrive.")
    work: Access = Field(default=Access.READ_WRITE, description="What steps hand on to each other, below work/.")
    output: Access = Field(default=Access.NONE, description="What lies below output.prefix.")
    topic: Topic | None = Field(default=None, description="The topic on which it may publish.")


class Statement(Model):
    """Rights beyond the pipeline's own data."""

    actions: Annotated[tuple[Annotated[str, Field(max_length=128)], ...], Field(min_length=1, max_length=20)] = Field(
        description="The actions in the words of IAM, such as dynamodb:GetItem."
    )
    resources: Annotated[tuple[Annotated[str, Field(max_length=512)], ...], Field(min_length=1, max_length=20)] = Field(
        description="The ARNs on which they are allowed."
    )


Environment = Annotated[
    Mapping[str, Annotated[str, Field(max_length=4096)]],
    Field(max_length=50),
    refused_unless(
        lambda keys: all(re.fullmatch(STEP_NAME, key) for key in keys),
        "must have keys of letters, digits and _, beginning with a letter",
    ),
    refused_unless(
        lambda keys: not any(key.startswith(("AWS_", "AWSLAB_", "LAMBDA_")) for key in keys),
        "must not have keys that begin with AWS_ or LAMBDA_ (kept by AWS) or AWSLAB_ (kept by the operator)",
    ),
]
Layer = Annotated[str, Field(max_length=256)]
Permissions = Annotated[tuple[Statement, ...], Field(max_length=10)]


class FunctionSettings(Model):
    """How a function runs; what a step leaves out is as in spec.functionDefaults."""

    runtime: Runtime | None = Field(default=None, description="The runtime of code that is no image: python3.13.")
    handler: Annotated[str, Field(min_length=1, max_length=128)] | None = Field(
        default=None, description="The file and the function in it that is called: index.handler."
    )
    memory: Annotated[int, Field(strict=True, ge=128, le=10240)] | None = Field(
        default=None, description="The memory in MB, and with it the share of a processor: 512."
    )
    timeout: Annotated[int, Field(strict=True, ge=1, le=900)] | None = Field(
        default=None, description="After how many seconds a call is given up: 300."
    )
    ephemeral_storage: Annotated[int, Field(strict=True, ge=512, le=10240)] | None = Field(
        default=None, description="The room in /tmp in MB: 512."
    )
    architecture: Architecture | None = Field(default=None, description="The processor: x86_64.")
    reserved_concurrency: Annotated[int, Field(strict=True, ge=1, le=10000)] | None = Field(
        default=None, description="How many calls may run at once, kept for it out of what the account has."
    )
    environment: Environment = Field(
        default_factory=dict, description="Environment variables; no secrets, since everybody who may look sees them."
    )
    layers: Annotated[tuple[Layer, ...], Field(max_length=5), UniqueItems()] = Field(
        default=(), description="The ARNs of layer versions."
    )
    permissions: Permissions = Field(default=(), description="What its role may do besides.")
    in_vpc: Annotated[bool, Field(strict=True)] | None = Field(
        default=None, description="Whether it runs in spec.vpc: true, if there is one."
    )
    dead_letters: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        description="Whether what others call without waiting goes to the dead letters if it fails: false.",
    )

    def over(self, defaults: FunctionSettings) -> FunctionSettings:
        """These settings, and those of *defaults* where they say nothing; environment and permissions add up."""
        names = FunctionSettings.model_fields
        values = {name: getattr(self, name) or getattr(defaults, name) for name in names}
        flags = {name: own for name in names if (own := getattr(self, name)) is False}
        sums = {
            "environment": {**defaults.environment, **self.environment},
            "permissions": (*defaults.permissions, *self.permissions),
        }
        return FunctionSettings.model_construct(**values | flags | sums)


STANDARD = FunctionSettings.model_validate(
    {
        "runtime": Runtime.PYTHON_3_13,
        "handler": "index.handler",
        "memory": 512,
        "timeout": 300,
        "ephemeralStorage": 512,
        "architecture": Architecture.X86_64,
        "inVpc": True,
        "deadLetters": False,
    }
)
"""What holds where neither a step nor spec.functionDefaults says otherwise."""

Code = Builtin | InlineCode | ConfigMapCode | S3Code | str
Settings = Annotated[Mapping[str, Any], AnyFields()]


class CodeSource(Model):
    """Where a function's code is, which is one of five places."""

    builtin: Builtin | None = Field(default=None, description="A function that is shipped with the operator.")
    inline: InlineCode | None = Field(default=None, description="Code that stands here.")
    config_map_ref: ConfigMapCode | None = Field(default=None, description="Code in a ConfigMap.")
    s3: S3Code | None = Field(default=None, description="Code in a bucket, zipped.")
    image: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(
        default=None, description="A container image in ECR, best named by its digest."
    )
    with_: Settings = Field(
        default_factory=dict,
        alias="with",
        description="Settings of the code, which finds them in the environment variable AWSLAB_STEP.",
    )
    access: DataAccess | None = Field(
        default=None,
        description="What the code may do with the pipeline's data: by default read the input and use work/.",
    )

    @property
    def code(self) -> Code | None:
        """What the code is; None where there is none."""
        return self.builtin or self.inline or self.config_map_ref or self.s3 or self.image


class Named(Model):
    """Something that has a name of its own in the pipeline."""

    name: StepName = Field(description="The step's name, which no other step of the pipeline has.")


class FunctionCode(FunctionSettings, CodeSource):
    """A function: its code, and how it runs."""


class NamedFunction(FunctionCode, Named):
    """A function that raw ASL calls by its name."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of(*CODE), *CODE_RULES)

    name: StepName = Field(description="Its name: ${Name} in asl stands for its ARN.")


class VpcPlacement(Model):
    """Where in a LabVpc the functions run."""

    vpc_ref: LabVpcRef = Field(description="The LabVpc.")
    tier: VpcTier = Field(
        default=VpcTier.PRIVATE,
        description="Its subnets: Private (AWS is reached by NAT) or Data (only what has an endpoint in the VPC).",
    )
    security_group: VpcGroup = Field(default=VpcGroup.APP, description="Its security group: App or Data.")
