"""The story of a pipeline: made, run, given a wrong file, changed, repaired, deleted; each step is checked."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from awslab.local.demo import account, sales
from awslab.local.demo.runs import Runs, told
from awslab.local.demo.sales import Numbers
from awslab.local.demo.story import LOOK, NAMESPACE, PATIENCE, CheckError, Story
from awslab.local.demo.telling import drift_line

NAME = "sales"
OWNER = f"default/DataPipeline/{NAMESPACE}/{NAME}"
FILE = "examples/data/sales_data.csv"
MEMORY = 512  # of a function, where the spec says nothing
OUTPUTS = ("processed_sales_data.json", "processing_summary.json")


@dataclass
class PipelineStory(Story):
    """A DataPipeline's life."""

    kind = "datapipeline"
    name = NAME

    _clients: dict[str, Any] = field(default_factory=dict)

    def scenes(self) -> Iterable[Callable[[], None]]:
        """Its parts, in order."""
        return (self.make, self.drop, self.refuse, self.again, self.change, self.repair, self.delete, self.results)

    # --- the scenes

    def make(self) -> None:
        """A pipeline from one `kubectl apply`."""
        self.screen.scene("One `kubectl apply`, and a pipeline is made")
        self._run(f"kubectl create namespace {NAMESPACE}")
        self._run("kubectl apply -f examples/datapipeline.yaml")
        took = self._follow_to_ready()
        self._run(f"kubectl get datapipeline -n {NAMESPACE}")
        self.screen.types(f"DataPipeline {NAMESPACE}/{NAME}: {len(self.state.resources)} resources", self.state)
        self.screen.holds(f"{NAME} was Ready after {took:.1f} s")
        self.screen.say("Whoever is to be told of failures subscribes to a topic; here, a queue named alerts.")
        subscriptions = {"failure": {"subscriptions": [{"sqs": self._alerts}]}}
        self._run(self._patch(json.dumps({"spec": {"notifications": subscriptions}})))
        self._follow_to_ready()

    def drop(self) -> None:
        """A file that is dropped into the bucket is processed."""
        self.screen.scene("A file is dropped into the bucket, and nothing else is done")
        run = self._drop(FILE)
        self._run(f"aws stepfunctions list-executions --state-machine-arn {self._machine} {_COLUMNS}")
        self._check(self._runs.described(run)["status"] == "SUCCEEDED", "the run has SUCCEEDED")
        self._run(f"aws s3 ls s3://{self._bucket}/output/")
        self._check_numbers()

    def refuse(self) -> None:
        """A file that is wrong ends in an alert that names the row and the reason."""
        self.screen.scene("A file with a word where a number should be")
        sales.spoil(self.folder / FILE, self.folder / "broken.csv")
        self._run("sed -n 3p broken.csv")
        run = self._drop("broken.csv")
        self._check(self._runs.described(run)["status"] == "FAILED", "the run has FAILED, and says so")
        queue = self._aws("sqs").get_queue_url(QueueName="alerts")["QueueUrl"]
        # Version 1 of the aws command goes to the internet for SQS, whatever AWS_ENDPOINT_URL says.
        here = f"--endpoint-url {self.world.aws_endpoint}"
        said = self._run(f"aws sqs receive-message --queue-url {queue} --wait-time-seconds 20 {_BODY} {here}")
        notice = str(json.loads(said)["Message"])
        self.screen.say("The message in it:")
        self.screen.output(notice)
        reason = "row 3: quantity is 'many', not a whole number"
        self._check(f"input/broken.csv: {reason}" in notice, f"the alert names row and reason: {reason}")

    def again(self) -> None:
        """The same file again gives no second output."""
        self.screen.scene("The same file once more")
        self._drop(FILE)
        said = self._run(f"aws s3 ls s3://{self._bucket}/output/")
        names = tuple(line.split()[-1] for line in said.splitlines())
        self._check(names == OUTPUTS, "there is one output, as before", *set(names) - set(OUTPUTS))
        self._check_numbers()

    def change(self) -> None:
        """A step that changes has one function updated."""
        self.screen.scene("A step is changed: records get one field more")
        before = self._functions()
        self._run(self._patch(json.dumps(_ONE_FIELD_MORE), how="json"))
        self._follow_to_ready()
        after = self._functions()
        changed = sorted(step for step in after if after[step] != before[step])
        self._check(changed == ["TransformData"], "of all functions only TransformData was updated", *changed)
        versions = {step: after[step]["versions"] for step in after}
        self._check(
            versions == {step: 2 if step == "TransformData" else 1 for step in after},
            "it has a second version, which the state machine names; runs under way finish with the first",
            str(versions),
        )
        self._drop(FILE)
        first = json.loads(self._text(f"output/{OUTPUTS[0]}"))["records"][0]
        self.screen.say(f"  the first record: {json.dumps(first)}")
        self._check("gross" in first, "the next file has it")
        self._check_numbers()

    def repair(self) -> None:
        """A function that somebody changes is reported and put back."""
        self.screen.scene("Somebody changes a function in AWS, behind the operator's back")
        self.screen.say("AWS is looked at every 10 minutes while nothing changes; here, every 2 seconds.")
        self._run(self._patch('{"spec":{"management":{"driftInterval":"2s"}}}'))
        self._follow_to_ready()
        function = self.state.status["functionArns"]["TransformData"].rpartition(":")[2]
        self._run(f"aws lambda update-function-configuration --function-name {function} --memory-size 128 {_MEMORY}")
        took = self._follow(lambda state: bool(state.drift), "showing the drift")
        for entry in self.state.drift:
            self.screen.say(f"  status.drift: {drift_line(entry)}")
        seen = [(d["resource"], d["field"], d["desired"], d["observed"]) for d in self.state.drift]
        wanted = [("Function/TransformData", "memory", str(MEMORY), "128")]
        self._check(seen == wanted, f"the drift was reported {took:.1f} s later, with what is wanted and what is there")
        self._follow(lambda state: state.is_ready and not state.drift, "Ready again")
        memory = self._aws("lambda").get_function_configuration(FunctionName=function)["MemorySize"]
        self._check(memory == MEMORY, f"{function} has {memory} MB again")

    def delete(self) -> None:
        """Data is not deleted unless somebody says so."""
        self.screen.scene("`kubectl delete` keeps data, until it is told otherwise")
        self._run(f"kubectl delete {self._object} --wait=false")
        self._follow(lambda state: self._blocked(state) is not None, "saying what keeps it")
        message = str((self._blocked(self.state) or {}).get("message", ""))
        self.screen.say(f"  DeletionBlocked: {message}")
        count = self._objects()
        self._check(f"{count} object version" in message, f"the deletion waits for the {count} objects in the bucket")
        self._run(f"aws s3 cp s3://{self._bucket}/output/ results --recursive --no-progress")
        self._run(self._patch('{"spec":{"deletion":{"emptyBuckets":true}}}'))
        self._follow(lambda state: not state.obj, "gone")
        left = sorted(url for url in account.of_pipelines(self._aws) if not url.endswith("/alerts"))
        self._check(not left, "AWS is empty: no bucket, no function, no role, no log is left", *left)

    def results(self) -> None:
        """What came out of it."""
        self.screen.scene("The results, which were copied before")
        self._run(f"head -n 4 results/{OUTPUTS[0]}")
        self._run(f"cat results/{OUTPUTS[1]}", most=40)

    # --- how

    @cached_property
    def folder(self) -> Path:
        """A folder of its own, in which files can be left; the examples are there too."""
        folder = self.world.folder / "demo"
        folder.mkdir(exist_ok=True)
        (folder / "examples").symlink_to(self.repository / "examples")
        return folder

    def _aws(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.world.boto(service)
        return self._clients[service]

    @cached_property
    def _alerts(self) -> str:
        """The ARN of a queue that lets topics send to it."""
        sqs = self._aws("sqs")
        url = sqs.create_queue(QueueName="alerts")["QueueUrl"]
        arn = str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
        allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        return arn

    @cached_property
    def _bucket(self) -> str:
        return str(self.state.status["bucketName"])

    @cached_property
    def _machine(self) -> str:
        return str(self.state.status["stateMachineArn"])

    @cached_property
    def _runs(self) -> Runs:
        return Runs(self._aws("stepfunctions"), self._machine)

    def _drop(self, file: str) -> str:
        """Upload a file and follow the one run that this begins; returns its ARN."""
        before = self._runs.listed()
        self._run(f"aws s3 cp {file} s3://{self._bucket}/input/ --no-progress")
        (run,) = self._await(lambda: self._runs.since(before), "No run has begun")
        self._follow_run(run)
        begun = self._runs.since(before)
        self._check(begun == [run], "one upload began one run", *begun)
        return str(run)

    def _follow_run(self, run: str) -> None:
        """Tell each step as it begins and ends, until the run has ended."""
        told_so_far: list[str] = []
        with self.screen.following() as board:

            def ended() -> bool:
                status = self._runs.described(run)["status"]
                lines = list(told(self._runs.events(run)))
                for line in lines[len(told_so_far) :]:
                    board.news(line)
                told_so_far[:] = lines
                return bool(status != "RUNNING")

            self._await(ended, "The run has not ended")

    def _await(self, look: Callable[[], Any], complaint: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            if time.monotonic() > deadline:
                raise CheckError(f"{complaint} within {PATIENCE:.0f} s.")
            time.sleep(LOOK)
        return found

    def _check_numbers(self) -> None:
        """Hold both outputs against what the file itself says."""
        right = Numbers.of_file(self.folder / FILE)
        records, summary = (self._text(f"output/{name}") for name in OUTPUTS)
        sentence = f"{right.records:,} records with {right.amount:,} of sales in {len(right.by_region)} regions"
        self._check(Numbers.of_records(records) == right, f"{OUTPUTS[0]}: {sentence}, as computed from the file")
        self._check(Numbers.of_summary(summary) == right, f"{OUTPUTS[1]}: the same, region by region")

    def _text(self, key: str) -> str:
        body: bytes = self._aws("s3").get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body.decode()

    @staticmethod
    def _blocked(state: Any) -> Mapping[str, Any] | None:
        conditions = state.status.get("conditions", ())
        return next((c for c in conditions if c["type"] == "DeletionBlocked" and c["status"] == "True"), None)

    def _functions(self) -> dict[str, dict[str, Any]]:
        """What AWS says of each step's function, and how many versions of it there are."""
        client, found = self._aws("lambda"), {}
        for step, arn in self.state.status["functionArns"].items():
            told = client.get_function_configuration(FunctionName=arn)
            versions = client.list_versions_by_function(FunctionName=arn)["Versions"]
            told.pop("ResponseMetadata")
            found[step] = told | {"versions": len(versions) - 1}  # $LATEST is none
        return found

    def _objects(self) -> int:
        pages = self._aws("s3").get_paginator("list_object_versions").paginate(Bucket=self._bucket)
        return sum(len(page.get("Versions", ())) for page in pages)


_ONE_FIELD_MORE = [
    {"op": "add", "path": "/spec/steps/2/with/compute/gross", "value": "round(quantity * unit_price * 1.19, 2)"}
]
_COLUMNS = "--query executions[].[name,status] --output text"
_BODY = "--query Messages[0].Body --output text"
_MEMORY = "--query MemorySize"
