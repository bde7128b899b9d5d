"""The flow logs of a LabVpc."""

from __future__ import annotations

from awslab.aws.logs import LogGroup
from awslab.core.ownership import Owner
from awslab.core.resource import Given, Observed
from awslab.kinds.labvpc import LAB_VPC, compose, guess
from tests.unit.kinds.specs import of, spec

OWNER = Owner("default", "LabVpc", "lab", "production")


def composed(**fields):
    asked = spec(**fields)
    return compose(asked, guess(asked, OWNER))


def test_without_them_nothing_is_paid():
    graph = composed()

    assert {} == of(graph, "FlowLog") == of(graph, "LogGroup") == of(graph, "Bucket") == of(graph, "SavedQuery")


class TestInCloudWatch:
    graph = composed(flowLogs={"traffic": "Rejected", "retentionDays": 7, "intervalSeconds": 60})
    log = graph["FlowLog/vpc"]

    def test_the_whole_vpc_is_told_of_in_one_log_group(self):
        assert ("REJECT", 60, 7) == (self.log.traffic, self.log.interval, self.log.destination.retention)
        assert self.log.destination.physical_name.startswith("/aws/vpc/awslab-production-flow-logs-")

    def test_the_writer_may_write_there_and_make_no_other_group(self):
        write = self.log.role.access["Write"]

        assert all(self.log.destination.arn in resource for resource in write.resources)
        assert not any("CreateLogGroup" in a for s in self.log.role.access.values() for a in s.actions)

    def test_only_flow_logs_of_this_account_are_written(self):
        (statement,) = self.log.role.trust.values()

        assert {"Service:vpc-flow-logs.amazonaws.com"} == statement.principals
        assert ["aws:SourceAccount StringEquals 123456789012"] == [str(c) for c in statement.conditions]

    def test_the_questions_that_people_ask_are_kept(self):
        assert {"rejected-traffic", "top-talkers", "traffic-by-port"} == set(of(self.graph, "SavedQuery"))
        assert "bastion-traffic" in of(composed(flowLogs={}, bastion={}), "SavedQuery")


class TestInS3:
    graph = composed(flowLogs={"destination": "S3", "retentionDays": 365})
    bucket = graph["Bucket/flow-logs"]

    def test_the_bucket_lets_aws_write_for_this_account_and_forgets_in_time(self):
        write = self.bucket.policy["AWSLogDeliveryWrite"]

        assert {"Service:delivery.logs.amazonaws.com"} == write.principals
        assert {"aws:SourceAccount", "aws:SourceArn", "s3:x-amz-acl"} == {c.key for c in write.conditions}
        assert 365 == self.bucket.lifecycle["old"].expire

    def test_nobody_needs_a_role_or_a_query(self):
        assert self.graph["FlowLog/vpc"].role is None
        assert {} == of(self.graph, "SavedQuery") == of(self.graph, "Role")

    def test_a_bucket_that_exists_is_left_alone(self):
        arn = "arn:aws:s3:::logs/network"
        graph = composed(flowLogs={"destination": "S3", "bucket": arn})

        assert Given(arn) == graph["FlowLog/vpc"].destination
        assert {} == of(graph, "Bucket")


def test_the_outputs_tell_the_log_group():
    asked = spec(flowLogs={})
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vpc/awslab-x"

    told = LAB_VPC.outputs(asked, guess(asked, OWNER), [Observed(LogGroup, "flow-logs", arn)])

    assert "/aws/vpc/awslab-x" == told["flowLogGroup"]
