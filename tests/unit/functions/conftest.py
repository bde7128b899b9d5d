"""A pipeline's bucket and table on the local AWS, and what a step is given."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.s3.models import s3_backends

from awslab.functions import clients

REGION = "us-east-1"
BUCKET = "sales"
TABLE = "sales-runs"
SALES = """\
date,region,product,quantity,price
2024-01-05,north,widget,3,19.99
2024-01-06,south,gadget,1,250.00
2024-02-01,north,"gizmo, large",10,0.10
"""
COLUMNS = [
    {"name": "date", "type": "date"},
    {"name": "region", "type": "string", "values": ["north", "south"]},
    {"name": "product"},
    {"name": "quantity", "type": "integer", "min": 1},
    {"name": "price", "type": "decimal", "min": 0},
]


@dataclass
class Pipeline:
    """Puts files, and calls functions as the state machine does."""

    monkeypatch: pytest.MonkeyPatch
    s3: Any
    dynamodb: Any

    def upload(self, content: str | bytes = SALES, key: str = "input/sales_data.csv", **more: Any) -> dict[str, Any]:
        """Put a file; return the state that `start` would begin with."""
        body = content.encode() if isinstance(content, str) else content
        put = self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        version = put["VersionId"]
        given = {"bucket": BUCKET, "key": key, "version": version, "etag": put["ETag"].strip('"'), "size": len(body)}
        run = f"run-{version}"
        return {
            "pipeline": "sales",
            "run": run,
            "input": {**given, "sequencer": "00", "prefix": "input/", **more},
            "output": {"bucket": BUCKET, "prefix": "output/"},
            "work": {"bucket": BUCKET, "prefix": f"work/{run}/"},
            "steps": {},
        }

    def call(self, function: Any, state: dict[str, Any], name: str = "Step", columns: Any = COLUMNS, **settings: Any):
        """Call a function as Lambda does: JSON in, JSON out."""
        step = {"name": name, "columns": columns, "with": settings}
        self.monkeypatch.setenv("AWSLAB_STEP", json.dumps(step))
        return json.loads(json.dumps(function.handler(json.loads(json.dumps(state)), None)))

    def step(self, function: Any, state: dict[str, Any], name: str, **settings: Any) -> dict[str, Any]:
        """Call a function and return the state with its result, as ResultPath puts it."""
        result = self.call(function, state, name, **settings)
        return {**state, "steps": {**state["steps"], name: result}}

    def read(self, key: str) -> str:
        """Return the text of an object."""
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that there are."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def item(self, key: str) -> dict[str, Any]:
        """Return an item of the table, without the types."""
        found = self.dynamodb.get_item(TableName=TABLE, Key={"id": {"S": key}}).get("Item", {})
        return {name: next(iter(value.values())) for name, value in found.items()}


@pytest.fixture(scope="session")
def our_clients(_server) -> list[Any]:
    """The clients of the tests themselves, which no test changes; making one takes longer than many a test."""
    secret = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return [
        boto3.client(name, region_name=REGION, endpoint_url=_server.endpoint, **secret) for name in ("s3", "dynamodb")
    ]


@pytest.fixture(scope="session", autouse=True)
def _fresh_clients() -> None:
    clients.client.cache_clear()


@pytest.fixture
def pipeline(local_aws, our_clients, monkeypatch) -> Pipeline:
    """An empty pipeline."""
    s3_backends.bucket_accounts.clear()  # what a reset of the local AWS leaves, moto would look for without end
    monkeypatch.setenv("AWSLAB_TABLE", TABLE)
    made = Pipeline(monkeypatch, *our_clients)
    made.s3.create_bucket(Bucket=BUCKET)
    made.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    made.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return made


@pytest.fixture
def failing(monkeypatch) -> Callable[..., None]:
    """Make the nth call of an operation fail, before it reaches AWS or after it was carried out."""

    def fail(service: str, operation: str, error: Exception, *, nth: int = 1, after: bool = False) -> None:
        called = {"times": 0}

        def maybe(**_: Any) -> None:
            called["times"] += 1
            if called["times"] == nth:
                raise error

        moment = "after-call" if after else "before-call"
        clients.client(service).meta.events.register(f"{moment}.{service}.{operation}", maybe)

    yield fail
    clients.client.cache_clear()
