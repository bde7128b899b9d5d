"""AWS's errors are told by who has to act."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from awslab.aws.errors import translated
from awslab.aws.events import _check
from awslab.core.errors import Denied, InUse, NotFound, NotYet, QuotaReached, Rejected, Retryable

ASSUME = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume"
NOBODY = "User: arn:aws:iam::1:user/me is not authorized to perform: states:CreateStateMachine"


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("StateMachineDoesNotExist", "", NotFound),
        ("ExecutionDoesNotExist", "", NotFound),
        ("AWS.SimpleQueueService.NonExistentQueue", "", NotFound),
        ("QueueDoesNotExist", "", NotFound),
        ("NotFound", "Topic does not exist", NotFound),
        ("ResourceNotFound", "", NotFound),
        ("DashboardNotFoundError", "", NotFound),
        ("StateMachineDeleting", "", Retryable),
        ("QueueDeletedRecently", "", Retryable),
        ("AWS.SimpleQueueService.QueueDeletedRecently", "", Retryable),
        ("ConcurrentModificationException", "", Retryable),
        ("ContinuousBackupsUnavailableException", "", Retryable),
        ("ResourceInUseException", "", InUse),
        ("StateMachineLimitExceeded", "", QuotaReached),
        ("AccessDeniedException", f"{ASSUME} the provided role.", NotYet),
        (
            "AccessDeniedException",
            "The state machine IAM Role is not authorized to access the Log Destination",
            NotYet,
        ),
        ("AccessDeniedException", NOBODY, Denied),
        ("ValidationException", "TimeToLive has been modified multiple times within a fixed interval", NotYet),
        ("ValidationException", "anything else", Rejected),
    ],
)
def test_an_answer_says_who_has_to_act(code, message, expected):
    with pytest.raises(expected) as error, translated():
        raise ClientError({"Error": {"Code": code, "Message": message}}, "Anything")

    assert type(error.value) is expected


def test_a_target_that_eventbridge_did_not_take_is_an_error_though_the_call_succeeded():
    entry = {"TargetId": "jobs", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "busy"}

    with pytest.raises(Retryable, match="PutTargets: jobs: busy"), translated():
        _check({"FailedEntryCount": 1, "FailedEntries": [entry]}, "PutTargets")


def test_no_failed_targets_are_no_error():
    _check({"FailedEntryCount": 0, "FailedEntries": []}, "PutTargets")
