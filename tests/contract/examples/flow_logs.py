"""Flow logs, and the queries about them."""

from __future__ import annotations

from awslab.aws.flow_log import FlowLog, SavedQuery
from awslab.aws.iam import Role
from awslab.aws.logs import LogGroup
from awslab.aws.policies import Statement, trust
from awslab.core.values import FrozenMap
from tests.contract.examples.example import OWNER, Example
from tests.contract.examples.network import VPC, with_ec2

ACCOUNT = "123456789012"
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/vpc/{OWNER.physical_name('flow-logs', 255)}"
GROUP = LogGroup(name="flow-logs", arn=ARN, retention=30)
WRITER = Role(
    name="flow-logs",
    arn=f"arn:aws:iam::{ACCOUNT}:role{OWNER.path}{OWNER.physical_name('flow-logs')}",
    trust=trust("vpc-flow-logs.amazonaws.com"),
    access=FrozenMap({"Write": Statement.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{ARN}:*"])}),
)
LOG = FlowLog(name="vpc", vpc=VPC, traffic="ALL", destination=GROUP, role=WRITER)
QUERY = SavedQuery(name="top-talkers", text="stats sum(bytes) by srcAddr", groups=frozenset({GROUP}))


def _put(**other):
    def drift(aws, found):
        name = f"{OWNER.key}/{found.name}"
        wish = {"queryString": found.fields["text"], "logGroupNames": [GROUP.physical_name], **other}
        aws("logs").put_query_definition(name=name, queryDefinitionId=found.id, **wish)

    return drift


EXAMPLES = [
    with_ec2(Example(LOG)),
    Example(QUERY, {"text": _put(queryString="fields @message"), "groups": _put(logGroupNames=[])}),
]
