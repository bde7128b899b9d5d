"""What tests of state machines, buses, topics, queues and tables share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import Aws


@dataclass
class Flow:
    """What tests of state machines, buses, topics, queues and tables need; times are a hundredth of AWS's."""

    aws: Aws
    known: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, service: str) -> Any:
        name = {
            "sfn": "stepfunctions",
            "tagging": "resourcegroupstaggingapi",
            "events_client": "events",
        }.get(service, service)
        if name not in self.aws.clients:
            self.aws.clients[name] = self.aws.client(name, inject_host_prefix=False)
        return self.aws.clients[name]

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> str:
        """A role that a service can assume now."""
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
        if statements:
            self.allow(name, *statements)
        self.aws.tick(60)
        return made

    def allow(self, role: str, *statements: dict[str, Any]) -> None:
        whole = [{"Effect": "Allow", "Resource": "*"} | one for one in statements]
        self.iam.put_role_policy(RoleName=role, PolicyName="access", PolicyDocument=policy(*whole))

    def machine(self, definition: dict[str, Any], *statements: dict[str, Any], name: str = "flow", **more: Any) -> str:
        role = more.pop("roleArn", None) or self.role(f"{name}-role", "states.amazonaws.com", *statements)
        made = self.sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role, **more)
        return made["stateMachineArn"]

    def run(self, machine: str, given: Any = None, **more: Any) -> dict[str, Any]:
        """Start an execution and return it once it has ended."""
        started = self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(given or {}), **more)
        return self.ended(started["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        return eventually(
            lambda: self.sfn.describe_execution(executionArn=execution), lambda one: one["status"] != "RUNNING"
        )

    def ran(self, states: dict[str, Any], given: Any = None, *statements: dict[str, Any]) -> dict[str, Any]:
        """The execution, ended, of a machine made of these states; the first one begins."""
        return self.run(self.machine({"StartAt": next(iter(states)), "States": states}, *statements), given)

    def events(self, execution: str) -> list[str]:
        history = self.sfn.get_execution_history(executionArn=execution)["events"]
        return [event["type"] for event in history]

    def queue(self, name: str = "inbox", *senders: str, **attributes: Any) -> tuple[str, str]:
        """A queue's address and ARN; services among `senders` may send to it."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for sender in senders:
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": sender},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
            self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(statement)})
        return url, arn

    def received(self, url: str, count: int = 1) -> list[str]:
        """The bodies of so many messages; waits for them."""
        found: list[str] = []

        def look() -> list[str]:
            told = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60)
            found.extend(message["Body"] for message in told.get("Messages", []))
            return found

        return eventually(look, lambda bodies: len(bodies) >= count)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def eventually(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 10) -> Any:
    """What is seen once it is good; the last that was seen where it never is."""
    end = time.monotonic() + seconds
    seen = look()
    while not good(seen) and time.monotonic() < end:
        time.sleep(0.02)
        seen = look()
    assert good(seen), seen
    return seen
