"""Which account an object is made in, who may use it, and what is said when it cannot be entered."""

from __future__ import annotations

import boto3
import pytest

from awslab.controller.objects import Key
from tests.support.cluster import OTHER_ROLE, ROLE, Cluster

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
NONE = {"cidr": "10.0.0.0/24", "natGateways": "None", "availabilityZones": 1}


@pytest.fixture
def cluster(local_aws):
    return Cluster()


@pytest.fixture
def vpcs(local_aws):
    """The CIDRs and tags of the VPCs of an account."""

    def look(role, region="us-east-1"):
        found = boto3.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        ec2 = boto3.client(
            "ec2",
            region_name=region,
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
        )
        return [
            {t["Key"]: t["Value"] for t in vpc["Tags"]} for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]
        ]

    return look


def stalled(handle):
    condition = handle.condition("Stalled")
    assert condition["status"] == "True", handle.obj.get("status")
    return condition["reason"], condition["message"]


def test_an_object_is_made_in_the_account_that_it_names(cluster, vpcs, ec2):
    cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.until(lambda: vpc.ready, vpc)

    assert {"name": "dev", "id": ACCOUNT} == vpc.obj["status"]["account"]
    assert 1 == len(vpcs(ROLE))
    assert [] == [v for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]


def test_two_accounts_never_share_credentials(cluster, vpcs):
    cluster.account("dev", ROLE)
    cluster.account("prod", OTHER_ROLE)
    one = cluster.lab_vpc("one", accountRef={"name": "dev"}, **NONE)
    two = cluster.lab_vpc("two", accountRef={"name": "prod"}, **NONE)

    cluster.until(lambda: one.ready and two.ready, one, two)

    assert ["default/LabVpc/lab/one"] == [tags["awslab.dev/owner"] for tags in vpcs(ROLE)]
    assert ["default/LabVpc/lab/two"] == [tags["awslab.dev/owner"] for tags in vpcs(OTHER_ROLE)]


def test_a_session_is_begun_once_for_all_objects_and_regions_of_an_account(cluster, local_aws):
    cluster.account()
    one = cluster.lab_vpc("one", accountRef={"name": "dev"}, **NONE)
    two = cluster.lab_vpc("two", accountRef={"name": "dev"}, **{**NONE, "region": "eu-west-1"})
    since = local_aws.last_call()

    cluster.until(lambda: one.ready and two.ready, one, two)

    assert 1 == [c["action"] for c in local_aws.calls(since)].count("AssumeRole")


def test_the_namespace_names_the_account_of_objects_that_name_none(cluster, vpcs):
    cluster.account()
    cluster.namespaces["lab"] = {"metadata": {"annotations": {"awslab.dev/account": "dev"}}}
    vpc = cluster.lab_vpc(**NONE)

    cluster.until(lambda: vpc.ready, vpc)

    assert 1 == len(vpcs(ROLE))


def test_what_was_made_stays_in_its_account_whatever_the_namespace_says_later(cluster, local_aws):
    cluster.account("dev", ROLE)
    cluster.account("prod", OTHER_ROLE)
    cluster.namespaces["lab"] = {"metadata": {"annotations": {"awslab.dev/account": "dev"}}}
    vpc = cluster.lab_vpc(**NONE)
    cluster.until(lambda: vpc.ready, vpc)
    cluster.namespaces["lab"] = {"metadata": {"annotations": {"awslab.dev/account": "prod"}}}
    writes = vpc.writes

    cluster.once(vpc)

    assert vpc.ready
    assert (writes, "dev") == (vpc.writes, vpc.obj["status"]["account"]["name"])


def test_what_the_operator_made_with_its_own_credentials_stays_there(cluster):
    cluster.account()
    vpc = cluster.lab_vpc(**NONE)
    cluster.until(lambda: vpc.ready, vpc)
    vpc.change(accountRef={"name": "dev"})

    cluster.once(vpc)

    reason, message = stalled(vpc)
    assert "AccountChanged" == reason
    assert message.startswith("spec.accountRef: this object was made with the operator's own credentials")


def test_tags_of_the_account_stand_below_those_of_the_spec(cluster, vpcs):
    cluster.account(defaultTags={"cost-center": "42", "team": "platform"})
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, tags={"team": "network"}, **NONE)

    cluster.until(lambda: vpc.ready, vpc)

    (tags,) = vpcs(ROLE)
    assert ("42", "network") == (tags["cost-center"], tags["team"])


def test_an_account_that_does_not_exist_is_named_and_waited_for(cluster):
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.once(vpc)

    assert ("AccountNotFound", "AwsAccount dev does not exist: an administrator makes it") == stalled(vpc)
    assert frozenset({Key("AwsAccount", "", "dev")}) == cluster.referred[vpc.key]


def test_a_namespace_that_is_not_allowed_gets_no_session(cluster, local_aws):
    cluster.account(allowedNamespaces={"names": ["prod"], "matchLabels": {"tier": "prod"}})
    cluster.namespaces["lab"] = {"metadata": {"labels": {"tier": "dev"}}}
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)
    since = local_aws.last_call()

    cluster.once(vpc)

    sentence = "AwsAccount dev does not allow namespace lab: its administrator adds it to spec.allowedNamespaces"
    assert ("AccountNotAllowed", sentence) == stalled(vpc)
    assert [] == local_aws.calls(since)


def test_a_namespace_may_be_allowed_by_its_labels(cluster):
    cluster.account(allowedNamespaces={"matchLabels": {"tier": "dev"}})
    cluster.namespaces["lab"] = {"metadata": {"labels": {"tier": "dev", "more": "x"}}}
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.until(lambda: vpc.ready, vpc)


def test_an_account_without_namespaces_serves_none(cluster):
    cluster.account(allowedNamespaces={})
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.once(vpc)

    assert "AccountNotAllowed" == stalled(vpc)[0]


def test_a_region_that_the_account_does_not_allow_is_named(cluster):
    cluster.account(allowedRegions=["eu-west-1", "eu-central-1"])
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.once(vpc)

    reason, message = stalled(vpc)
    assert "RegionNotAllowed" == reason
    assert message.startswith("AwsAccount dev allows eu-west-1, eu-central-1, not us-east-1: its administrator adds")


def test_a_role_that_cannot_be_assumed_is_told_with_the_step_and_who_must_act(cluster, local_aws):
    local_aws.fault("deny", "AssumeRole")
    cluster.account(externalId="from-us")
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.once(vpc)

    reason, message = stalled(vpc)
    assert "AssumeRoleFailed" == reason
    assert message.startswith(f"assume role {ROLE}: ")
    assert "the administrator of AwsAccount dev has to let the role's trust policy name the operator" in message
    assert "external id" in message


def test_a_throttled_session_is_no_fault_of_anybody(cluster, local_aws):
    local_aws.fault("throttle", "AssumeRole", count=1)
    cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.once(vpc)

    assert "False" == vpc.condition("Stalled")["status"]
    assert "Throttled" == vpc.condition("Synced")["reason"]


def test_a_region_that_is_off_is_told_apart_from_wrong_credentials(cluster):
    cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **{**NONE, "region": "eu-south-9"})

    cluster.once(vpc)

    reason, message = stalled(vpc)
    assert "RegionDisabled" == reason
    assert message.startswith(f"region eu-south-9 is not enabled in account {ACCOUNT}: its administrator enables it")


def test_a_missing_permission_is_named_as_iam_calls_it(cluster, local_aws):
    local_aws.fault("deny", "CreateVpc")
    cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)

    cluster.once(vpc)

    reason, message = stalled(vpc)
    assert "Denied" == reason
    assert message.endswith("; an administrator has to allow ec2:CreateVpc")
    assert "Encoded" not in message


def test_an_object_is_deleted_though_the_account_allows_it_no_more(cluster, vpcs):
    account = cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)
    cluster.until(lambda: vpc.ready, vpc)
    account.change(allowedNamespaces={}, allowedRegions=["eu-west-1"])
    vpc.delete()

    cluster.until(lambda: vpc.gone, vpc)

    assert [] == vpcs(ROLE)


def test_an_object_whose_account_has_gone_says_so_when_it_is_deleted(cluster, vpcs):
    account = cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)
    cluster.until(lambda: vpc.ready, vpc)
    del cluster.handles[account.key]
    vpc.delete()

    cluster.once(vpc)

    count = len(vpc.obj["status"]["resources"])
    sentence = (
        "AwsAccount dev does not exist: an administrator makes it again, or sets spec.management.deletion to "
        f"Retain to leave {count} resources in AWS"
    )
    assert not vpc.gone
    assert ("AccountNotFound", sentence) == stalled(vpc)

    cluster.account()
    cluster.until(lambda: vpc.gone, vpc)
    assert [] == vpcs(ROLE)


def test_an_object_that_never_got_into_its_account_is_let_go(cluster):
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)
    cluster.once(vpc)
    vpc.ensure_finalizer()
    vpc.delete()

    cluster.once(vpc)

    assert vpc.gone


def test_an_account_that_became_another_one_is_not_entered(cluster, vpcs):
    account = cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)
    cluster.until(lambda: vpc.ready, vpc)
    account.change(roleArn=OTHER_ROLE)

    cluster.once(vpc)

    reason, message = stalled(vpc)
    assert "AccountChanged" == reason
    assert f"is of account {OTHER_ACCOUNT} now, but this object was made in {ACCOUNT}" in message
    assert [] == vpcs(OTHER_ROLE)


def test_an_account_is_ready_when_its_role_can_be_assumed(cluster):
    account = cluster.account()

    again = cluster.once(account)

    assert again is None
    assert account.ready
    assert ACCOUNT == account.obj["status"]["accountId"]
    assert account.obj["status"]["arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/awslab/awslab-default")


def test_a_second_look_at_an_account_writes_nothing(cluster):
    account = cluster.account()
    cluster.once(account)
    writes = account.writes

    cluster.once(account)

    assert writes == account.writes


def test_an_account_whose_role_is_wrong_is_not_ready_and_soon_looked_at_again(cluster, local_aws):
    local_aws.fault("deny", "AssumeRole", count=1)
    account = cluster.account()

    again = cluster.once(account)
    reason, _ = stalled(account)
    cluster.once(account)

    assert (60.0, "AssumeRoleFailed") == (again, reason)
    assert account.ready


def test_an_account_in_use_is_held_and_names_who_uses_it(cluster):
    account = cluster.account()
    vpc = cluster.lab_vpc(accountRef={"name": "dev"}, **NONE)
    cluster.until(lambda: vpc.ready and account.ready, account, vpc)
    account.delete()

    cluster.once(account)

    blocked = account.condition("DeletionBlocked")
    assert ("True", "Referenced") == (blocked["status"], blocked["reason"])
    assert blocked["message"].startswith("Still used by LabVpc lab/production. Delete these")

    vpc.delete()
    cluster.until(lambda: vpc.gone, vpc)
    cluster.once(account)
    assert account.gone


def test_no_more_than_five_users_of_an_account_are_named(cluster):
    account = cluster.account()
    for number in range(7):
        cluster.lab_vpc(f"vpc-{number}", accountRef={"name": "dev"})
    cluster.once(account)
    account.delete()

    cluster.once(account)

    message = account.condition("DeletionBlocked")["message"]
    assert (
        "LabVpc lab/vpc-0, LabVpc lab/vpc-1, LabVpc lab/vpc-2, LabVpc lab/vpc-3, LabVpc lab/vpc-4 and 2 more" in message
    )
