"""Functions for tests: made with a role of their own, and invoked."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

ACCOUNT = "123456789012"
LOGS = {
    "Effect": "Allow",
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/*:*",
}


def zipped(**files: str) -> bytes:
    """A deployment package; `app="..."` is app.py."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name if "." in name else f"{name}.py", text)
    return data.getvalue()


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def kept(aws: Any, service: str) -> Any:
    """A client that all tests share: making one takes longer than most tests."""
    if service not in aws.clients:
        aws.clients[service] = aws.client(service)
    return aws.clients[service]


@dataclass
class Functions:
    """Makes functions in a local AWS whose clock stands still."""

    aws: Any

    def __post_init__(self):
        self.client, self.iam, self.logs = (kept(self.aws, one) for one in ("lambda", "iam", "logs"))

    def role(self, *statements: dict[str, Any], name: str = "worker", service: str = "lambda.amazonaws.com") -> str:
        trust = document(
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
        )
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.allow(*statements, name=name)
        self.aws.tick(60)
        self.settle()
        return made

    def allow(self, *statements: dict[str, Any], name: str = "worker") -> None:
        self.iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=document(LOGS, *statements))

    def settle(self):
        self.iam.get_account_summary()

    def make(
        self, code: str = "def handler(event, context):\n    return event\n", name: str = "work", **more: Any
    ) -> str:
        """Make a function that can be invoked; returns its ARN."""
        role = more.pop("Role", None) or self.role()
        wish = {
            "FunctionName": name,
            "Role": role,
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Code": {"ZipFile": zipped(app=code)},
        }
        made = self.client.create_function(**(wish | more))
        self.aws.tick(60)
        return made["FunctionArn"]

    def call(self, event: Any = None, name: str = "work", **more: Any) -> tuple[Any, str]:
        """Invoke a function; returns its answer and the kind of its error."""
        answer = self.client.invoke(FunctionName=name, Payload=json.dumps(event).encode(), **more)
        return json.loads(answer["Payload"].read()), answer.get("FunctionError", "")

    def log(self, name: str = "work") -> list[str]:
        group = f"/aws/lambda/{name}"
        return [one["message"] for one in self.logs.filter_log_events(logGroupName=group)["events"]]
