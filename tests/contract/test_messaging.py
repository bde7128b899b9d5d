"""Topics whose subscribers have not confirmed yet, and refusals of AWS's that pass by themselves."""

from __future__ import annotations

from dataclasses import replace

import boto3
import pytest

from awslab.aws.errors import translated
from awslab.aws.messaging import Subscriber, Subscription
from awslab.core.errors import NotFound, Retryable
from awslab.core.values import UNTOLD, FrozenMap
from tests.contract.examples.flow import DLQ, TOPIC
from tests.support.lab import REGION, with_references

MAIL = Subscriber("email", "ops@example.com")


@pytest.fixture
def sns(local_aws):
    return boto3.client("sns", region_name=REGION)


def topic(**subscriptions):
    """The topic of the examples, with other subscribers by their addresses."""
    return replace(
        TOPIC,
        subscriptions=FrozenMap({Subscriber("email", f"{name}@example.com"): s for name, s in subscriptions.items()}),
    )


class TestAnEmailThatWaitsToBeConfirmed:
    def test_counts_as_there_whatever_is_wanted_of_it(self, lab):
        wanted = topic(ops=Subscription(filter='{"kind":["failed"]}'))
        lab.settle(with_references(wanted))

        found = lab.seen(TOPIC.address)

        assert found.fields["subscriptions"] == {MAIL: UNTOLD}
        assert found.details["waiting"] == ("ops@example.com",)
        assert lab.once(with_references(wanted)).settled

    def test_is_not_written_to_again(self, lab):
        lab.settle(with_references(topic(ops=Subscription())))
        since = lab.control.last_call()

        lab.settle(with_references(topic(ops=Subscription(raw=True), audit=Subscription())))

        subscribed = [c["params"]["Endpoint"] for c in lab.control.calls(since) if c["action"] == "Subscribe"]
        assert subscribed == ["audit@example.com"]

    def test_is_left_until_aws_forgets_it_when_nobody_wants_it_any_more(self, lab):
        lab.settle(with_references(topic(ops=Subscription())))
        since = lab.control.last_call()

        lab.settle(with_references(topic()))

        assert lab.writes(since) == []


def test_a_filter_is_changed_and_taken_away_in_place(lab, sns):
    queue = Subscriber("sqs", DLQ)

    def subscribed(wish):
        lab.settle(with_references(replace(TOPIC, subscriptions=FrozenMap({queue: wish}))))
        (one,) = sns.list_subscriptions_by_topic(TopicArn=TOPIC.arn)["Subscriptions"]
        return one["SubscriptionArn"], lab.seen(TOPIC.address).fields["subscriptions"]

    seen = [
        subscribed(Subscription(filter='{"kind":["failed"]}')),
        subscribed(Subscription(filter='{"kind":["done"]}', filters_body=True)),
        subscribed(Subscription()),
    ]

    assert len({arn for arn, _ in seen}) == 1
    assert [settings[Subscriber("sqs", DLQ.arn)].filter for _, settings in seen] == [
        '{"kind":["failed"]}',
        '{"kind":["done"]}',
        "",
    ]


def test_a_queue_of_a_name_that_was_just_given_up_is_made_a_minute_later(lab):
    lab.control.fault("error", "CreateQueue", code="QueueDeletedRecently", count=1)

    (outcome,) = lab.once(with_references(DLQ)).errors

    assert type(outcome.error) is Retryable
    lab.settle(with_references(DLQ))


def test_what_went_while_it_was_looked_at_is_not_there(lab):
    with pytest.raises(NotFound), translated():
        type(TOPIC).look(lab.aws, TOPIC.arn)

    assert type(TOPIC).find(lab.aws, "news", TOPIC.arn) is None
