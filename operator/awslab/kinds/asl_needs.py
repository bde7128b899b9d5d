"""What goes into a definition and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from awslab.api.datapipeline_functions import Topic
from awslab.api.datapipeline_steps import Location


@dataclass(frozen=True, kw_only=True)
class Names:
    """What is called how in AWS; functions are not in it: the definition has ${StepName} for them."""

    pipeline: str
    """The object's name."""
    partition: str
    success_topic: str
    """The ARN."""
    failure_topic: str
    input_bucket: str
    output_bucket: str
    work_bucket: str

    def topic(self, topic: Topic) -> str:
        """The ARN of a topic."""
        return self.success_topic if topic is Topic.SUCCESS else self.failure_topic


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the role of the state machine must be allowed: the composition makes a policy of it."""

    functions: frozenset[str] = frozenset()
    """lambda:InvokeFunction, on every version of these steps' functions."""
    topics: frozenset[Topic] = frozenset()
    """sns:Publish."""
    distributed: bool = False
    """states:StartExecution on the state machine itself; DescribeExecution and StopExecution on its runs."""
    reads_input: bool = False
    """s3:GetObjectVersion below the prefix of the source, or s3:GetObject where uploads may have no version."""
    lists: frozenset[Location] = frozenset()
    """s3:ListBucket, below the prefix of each place."""
    writes_results: bool = False
    """s3:PutObject, GetObject, ListMultipartUploadParts and AbortMultipartUpload below work/: what a distributed map's
    ResultWriter needs. https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html"""


@dataclass(frozen=True)
class Definition:
    """A state machine, but for the ARNs of its functions."""

    text: str
    """JSON with ${StepName} where the ARN of a step's function is to stand."""
    functions: tuple[str, ...]
    """The steps whose functions it calls, each once."""
    states: tuple[str, ...]
    """The states of the top level, in the order of the flow."""
    needs: Needs
