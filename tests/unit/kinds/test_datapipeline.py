"""What a pipeline is composed of: names, digests, rights, places, thresholds, costs; nothing is asked of AWS."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import replace

import pytest

from awslab.aws.cloudwatch import Alarm
from awslab.aws.iam import Role
from awslab.aws.lambda_ import Function
from awslab.aws.releases import Release
from awslab.core.errors import SpecError
from awslab.core.ownership import Owner
from awslab.core.resource import Given, Observed
from awslab.kinds.datapipeline import DATA_PIPELINE
from tests.unit.kinds.pipelines import EXAMPLES, example, function, spec

OWNER = Owner("default", "DataPipeline", "lab", "sales")
PRINTED = {"name": "Print", "inline": {"code": "def handler(event, context): ..."}}
VPC = {"vpcRef": {"name": "production"}}
COLUMNS = [{"name": f"column-{n}", "pattern": "x" * 40} for n in range(60)]
"""Too many for the environment of a function."""

LIMITS = {
    "Alarm": (255, r"alarm:(.+)"),
    "Bucket": (63, r":::([a-z0-9-]+)"),
    "Dashboard": (255, r"dashboard/([\w-]+)"),
    "Function": (64, r"function:([\w-]+)"),
    "LogGroup": (512, r"log-group:([\w/.-]+)"),
    "Queue": (80, r":([\w-]+)"),
    "Role": (64, r"/([\w+=,.@-]+)"),
    "Rule": (64, r"rule/([\w.-]+)"),
    "StateMachine": (80, r"stateMachine:([\w-]+)"),
    "Table": (255, r"table/([\w.-]+)"),
    "Topic": (256, r":([\w-]+)"),
}
"""How long a name may be, and what it may have: the pages of each service's Create call."""


def composed(wanted, owner=OWNER, **facts):
    return DATA_PIPELINE.compose(wanted, replace(DATA_PIPELINE.guess(wanted, owner), **facts))


def of(graph, kind):
    return {r.name: r for r in graph if type(r) is kind}


def statements(graph, role):
    return {sid: (s.actions, s.resources) for sid, s in of(graph, Role)[role].access.items()}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
class TestEveryExample:
    def test_composes_of_the_types_that_are_looked_for(self, path):
        graph = composed(example(path))

        assert {type(r) for r in graph} <= set(DATA_PIPELINE.types)

    def test_has_a_role_a_log_and_a_release_for_each_function(self, path):
        graph = composed(example(path))

        functions = of(graph, Function)
        assert functions.keys() == of(graph, Release).keys()
        assert {*functions, "state-machine"} == of(graph, Role).keys()

    def test_has_another_digest_in_another_namespace_and_none_in_another_process(self, path):
        wanted = example(path)

        assert composed(wanted).digest == composed(wanted).digest
        assert composed(wanted).digest != composed(wanted, replace(OWNER, namespace="other")).digest


class TestNames:
    @pytest.mark.parametrize("name", ["s", "a.b", "n" * 150, "9-" * 60 + "9"])
    def test_are_within_the_limits_of_aws_and_no_two_are_the_same(self, name):
        steps = [{**PRINTED, "name": "S" * 39 + end} for end in "ab"]
        graph = composed(spec(*steps, output={"separateBucket": True}), replace(OWNER, name=name))

        arns = [r.arn for r in graph if hasattr(r, "arn")]
        assert not [arn for arn, count in Counter(arns).items() if count > 1]
        for resource in graph:
            if type(resource).__name__ in LIMITS:
                longest, form = LIMITS[type(resource).__name__]
                found = re.search(form + "$", resource.arn)
                assert found, resource.arn
                assert longest >= len(found[1]), resource.arn

    def test_differ_between_owners_whose_names_differ_in_a_dot(self):
        one, other = (
            {r.arn for r in composed(spec(PRINTED), replace(OWNER, name=name)) if hasattr(r, "arn")}
            for name in ("a.b", "a-b")
        )

        assert not one & other


class TestDigests:
    """A release has another digest where its function does something else, and only there."""

    @pytest.fixture
    def digests(self):
        def of_releases(*steps, **fields):
            return {name: r.digest for name, r in of(composed(spec(*steps, **fields)), Release).items()}

        return of_releases

    def test_follow_the_code_of_one_step_and_leave_the_others(self, digests):
        before = digests(PRINTED, {**PRINTED, "name": "Other"})
        after = digests({**PRINTED, "inline": {"code": "other = 1"}}, {**PRINTED, "name": "Other"})

        assert {"Print"} == {name for name in before if before[name] != after[name]}

    @pytest.mark.parametrize(
        "setting",
        [{"memory": 1024}, {"timeout": 30}, {"environment": {"A": "b"}}, {"with": {"a": 1}}, {"architecture": "arm64"}],
        ids=lambda setting: next(iter(setting)),
    )
    def test_follow_what_the_function_is_configured_with(self, digests, setting):
        assert digests(PRINTED)["Print"] != digests({**PRINTED, **setting})["Print"]

    @pytest.mark.parametrize(
        "fields", [{"tags": {"team": "red"}}, {"history": 3}, {"dashboard": False}, {"logs": {"retentionDays": 7}}]
    )
    def test_do_not_follow_what_is_beside_the_functions(self, digests, fields):
        assert digests(PRINTED) == digests(PRINTED, **fields)


class TestRights:
    def test_own_code_reads_uploads_and_shares_what_steps_hand_on_where_nothing_else_is_said(self):
        graph = composed(spec(PRINTED))

        assert {"Input", "Work", "Log", "Trace"} == statements(graph, "Print").keys()

    def test_own_code_may_be_given_no_data_at_all(self):
        graph = composed(spec({**PRINTED, "access": {"input": "None", "work": "None"}}))

        assert {"Log", "Trace"} == statements(graph, "Print").keys()

    def test_own_code_has_the_access_that_the_spec_names(self):
        access = {"input": "Read", "work": "ReadWrite", "output": "Write", "topic": "Failure"}
        graph = composed(spec({**PRINTED, "access": access}))

        may = statements(graph, "Print")
        assert {"s3:GetObject", "s3:GetObjectVersion"} == may["Input"][0]
        assert {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"} == may["Work"][0]
        assert {"s3:PutObject", "s3:AbortMultipartUpload"} == may["Output"][0]
        assert ({"sns:Publish"}, {DATA_PIPELINE.guess(spec(PRINTED), OWNER).names.topic("failure")}) == may["Publish"]
        assert ["input/*"] == [arn.partition("/")[2] for arn in may["Input"][1]]

    def test_what_the_spec_permits_besides_is_a_statement_of_its_own(self):
        permissions = [{"actions": ["sqs:SendMessage"], "resources": ["arn:aws:sqs:us-east-1:1:q"]}]
        graph = composed(spec({**PRINTED, "permissions": permissions}))

        assert ({"sqs:SendMessage"}, {"arn:aws:sqs:us-east-1:1:q"}) == statements(graph, "Print")["Given0"]

    def test_the_state_machine_may_call_its_own_functions_and_no_others(self):
        graph = composed(spec(PRINTED))

        names = DATA_PIPELINE.guess(spec(PRINTED), OWNER).names
        assert ({"lambda:InvokeFunction"}, {f"{names.function('Print')}:*"}) == statements(graph, "state-machine")[
            "Invoke"
        ]

    def test_without_tracing_nobody_may_trace(self):
        graph = composed(spec(PRINTED, tracing=False))

        assert not [sid for role in of(graph, Role) for sid in statements(graph, role) if sid == "Trace"]


class TestPlacement:
    def test_functions_stand_in_the_network_of_the_labvpc_and_may_make_interfaces(self):
        graph = composed(spec(PRINTED, vpc=VPC))

        printed = of(graph, Function)["Print"]
        assert (frozenset({Given("subnet-0")}), frozenset({Given("sg-0")})) == (printed.subnets, printed.groups)
        assert "Network" in statements(graph, "Print")

    def test_a_step_may_stay_outside_and_what_starts_a_run_always_does(self):
        graph = composed(spec({**PRINTED, "inVpc": False}, vpc=VPC))

        assert [frozenset()] * 2 == [f.subnets for f in of(graph, Function).values()]
        assert "Network" not in statements(graph, "Print")


class TestCode:
    def test_of_an_image_has_neither_runtime_nor_handler(self):
        uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/steps:1"
        made = of(composed(spec({"name": "Image", "image": uri})), Function)["Image"]

        assert ("Image", "", "") == (made.packaging, made.runtime, made.handler)

    def test_in_s3_is_named_with_its_version(self):
        stored = {"bucket": "my-code", "key": "a.zip", "version": "v1"}
        step = {"name": "Stored", "s3": stored, "runtime": "python3.13", "handler": "a.b"}
        made = of(composed(spec(step)), Function)["Stored"]
        other = of(composed(spec({**step, "s3": {**stored, "version": "v2"}})), Function)["Stored"]

        assert ("Zip", "a.b") == (made.packaging, made.handler)
        assert made.code != other.code


class TestLongSettings:
    def test_of_a_shipped_function_go_with_its_code(self):
        made = of(composed(spec(function("Check"), columns=COLUMNS)), Function)["Check"]

        assert "AWSLAB_STEP" not in made.environment
        with zipfile.ZipFile(io.BytesIO(made.code.sent["ZipFile"])) as archive:
            step = json.loads(archive.read("awslab_functions/step.json"))
        assert ("Check", 60) == (step["name"], len(step["columns"]))

    def test_that_are_short_stay_in_the_environment_and_the_code_is_the_same_for_all(self):
        made = of(composed(spec(function("Check"), function("Again"), columns=COLUMNS[:3])), Function)

        assert "Check" == json.loads(made["Check"].environment["AWSLAB_STEP"])["name"]
        assert made["Check"].code == made["Again"].code

    def test_of_own_code_are_refused_with_the_step(self):
        with pytest.raises(SpecError, match=r"spec\.steps\[0\].*: Print has \d+ bytes of environment variables"):
            composed(spec(PRINTED, columns=COLUMNS))

    def test_beside_a_long_environment_are_refused_with_the_step(self):
        with pytest.raises(SpecError, match=r"spec\.steps\[0\].*: Check has \d+ bytes of environment variables"):
            composed(spec(function("Check", environment={"LONG": "x" * 4000})))


class TestAlarms:
    def test_have_the_thresholds_of_the_spec(self):
        wanted = {"failedExecutions": 2, "functionErrors": 3, "durationPercent": 50, "deadLetters": 4}
        made = of(composed(spec({**PRINTED, "timeout": 30}, alarms=wanted)), Alarm)

        assert {"runs-failed": 2, "errors-Print": 3, "slow-Print": 15000, "dead-letters": 4} == {
            name: made[name].threshold for name in ("runs-failed", "errors-Print", "slow-Print", "dead-letters")
        }
        assert 3 + 2 * 2 + 1 == len(made)

    def test_are_left_out_where_they_are_not_wanted(self):
        assert {} == of(composed(spec(PRINTED, alarms={"enabled": False})), Alarm)


class TestOutputs:
    def test_tell_only_what_is_there(self):
        wanted = spec(PRINTED)

        told = DATA_PIPELINE.outputs(wanted, DATA_PIPELINE.guess(wanted, OWNER), [])

        assert {} == {key: value for key, value in told.items() if value}

    def test_name_buckets_machine_functions_and_logs(self):
        wanted = spec(PRINTED, output={"separateBucket": True})
        facts = DATA_PIPELINE.guess(wanted, OWNER)
        found = [Observed(type(r), r.name, r.arn) for r in DATA_PIPELINE.compose(wanted, facts) if hasattr(r, "arn")]

        told = DATA_PIPELINE.outputs(wanted, facts, found)

        assert told["bucketName"] != told["outputBucketName"]
        assert facts.names.machine == told["stateMachineArn"]
        assert {"Print": facts.names.function("Print")} == told["functionArns"]
        assert {"Print", "start-run", "state-machine"} == told["logGroupNames"].keys()
        assert "/aws/lambda/awslab-sales-Print-" in told["logGroupNames"]["Print"]

    def test_an_existing_bucket_is_told_though_it_is_none_of_ours(self):
        wanted = spec(PRINTED, source={"existingBucket": "inbox"})

        told = DATA_PIPELINE.outputs(wanted, DATA_PIPELINE.guess(wanted, OWNER), [])

        assert "inbox" == told["bucketName"]


class TestCost:
    def test_of_the_work_is_what_a_calculation_by_hand_gives(self):
        """1,000 files a day of 10 MB through one function of 512 MB, and the one that starts the run of 256 MB."""
        wanted = spec({**PRINTED, "memory": 512}, expect={"filesPerDay": 1000, "sizeMb": 10}, tracing=False)

        files = 1000 * 730 / 24
        seconds = 0.3 + 10 / 10
        lambda_ = files * 2 * 0.20e-6 + files * seconds * (0.5 + 0.25) * 0.0000166667
        states = files * 2 * 25e-6
        s3 = files * (6 * 0.005 + 8 * 0.0004) / 1000 + files * 1.5 * 3 * 10 / 1024 * 0.023
        logs = files * 2 * 4 / 1024 / 1024 * 0.50
        others = files * (2 * 0.625e-6 + 0.50e-6)
        assert lambda_ + states + s3 + logs + others == pytest.approx(DATA_PIPELINE.estimate(wanted, ()).monthly)

    def test_grows_with_what_is_expected_and_is_unknown_where_prices_are(self):
        specs = (spec(PRINTED, expect={"filesPerDay": n}) for n in (10, 1000))
        little, much = (DATA_PIPELINE.estimate(wanted, ()).monthly for wanted in specs)

        assert 100 == pytest.approx(much / little)
        assert DATA_PIPELINE.estimate(spec(PRINTED).model_copy(update={"region": "ap-south-2"}), ()).monthly is None
