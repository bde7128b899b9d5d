"""DynamoDB tables: their states, protection, backups and time to live."""

import pytest

rule = pytest.mark.rule


def table(flow, name="keys", **more):
    wish = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    return flow.dynamodb.create_table(**wish | more)["TableDescription"]


def status(flow, name="keys"):
    return flow.dynamodb.describe_table(TableName=name)["Table"]["TableStatus"]


@rule("table-creating", "table-status", "table-not-ready", "table-backups-not-ready", "table-in-use")
def test_a_table_is_creating_before_it_is_active(flow, refused):
    made = table(flow)

    assert ("CREATING", "CREATING") == (made["TableStatus"], status(flow))
    refused("ResourceNotFoundException", flow.dynamodb.put_item, TableName="keys", Item={"id": {"S": "a"}})
    refused("ResourceInUseException", flow.dynamodb.delete_table, TableName="keys")
    refused(
        "ContinuousBackupsUnavailableException",
        flow.dynamodb.update_continuous_backups,
        TableName="keys",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    flow.aws.tick(1)
    flow.dynamodb.put_item(TableName="keys", Item={"id": {"S": "a"}})
    assert "ACTIVE" == status(flow)


@rule("table-encryption")
def test_the_encryption_of_a_table_can_be_changed(flow):
    table(flow)

    def encrypted(*, wish):
        flow.aws.tick(1)
        flow.dynamodb.update_table(TableName="keys", SSESpecification={"Enabled": wish})
        return flow.dynamodb.describe_table(TableName="keys")["Table"].get("SSEDescription", {}).get("SSEType")

    assert ["KMS", None] == [encrypted(wish=True), encrypted(wish=False)]


@rule("table-updating", "table-in-use")
def test_a_table_that_is_updated_serves_and_takes_no_second_change(flow, refused):
    table(flow)
    flow.aws.tick(1)

    changed = flow.dynamodb.update_table(TableName="keys", DeletionProtectionEnabled=True)

    assert "UPDATING" == changed["TableDescription"]["TableStatus"]
    flow.dynamodb.put_item(TableName="keys", Item={"id": {"S": "a"}})
    refused("ResourceInUseException", flow.dynamodb.update_table, TableName="keys", DeletionProtectionEnabled=False)
    flow.aws.tick(1)
    assert "ACTIVE" == status(flow)


@rule("table-deleting")
def test_a_table_is_deleting_before_it_is_gone_and_a_protected_one_stays(flow, refused):
    table(flow)
    table(flow, "kept", DeletionProtectionEnabled=True)
    flow.aws.tick(1)

    refused("ValidationException", flow.dynamodb.delete_table, TableName="kept")
    flow.dynamodb.delete_table(TableName="keys")

    assert "DELETING" == status(flow)
    with pytest.raises(flow.dynamodb.exceptions.ResourceInUseException):
        table(flow)
    flow.aws.tick(1)
    refused("ResourceNotFoundException", flow.dynamodb.describe_table, TableName="keys")
    assert "CREATING" == table(flow)["TableStatus"]


@rule("table-ttl-twice")
def test_time_to_live_is_turned_on_once(flow, refused):
    table(flow)
    flow.aws.tick(1)
    wish = {"TableName": "keys", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}}
    flow.dynamodb.update_time_to_live(**wish)

    refused("ValidationException", flow.dynamodb.update_time_to_live, **wish)
    shown = flow.dynamodb.describe_time_to_live(TableName="keys")["TimeToLiveDescription"]
    assert {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"} == shown


def test_backups_encryption_and_conditions_are_as_asked(flow, refused):
    table(flow, SSESpecification={"Enabled": True, "SSEType": "KMS"})
    flow.aws.tick(1)
    recovery = {"PointInTimeRecoveryEnabled": True}
    flow.dynamodb.update_continuous_backups(TableName="keys", PointInTimeRecoverySpecification=recovery)
    once = {"TableName": "keys", "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(id)"}
    flow.dynamodb.put_item(**once)

    refused("ConditionalCheckFailedException", flow.dynamodb.put_item, **once)
    backups = flow.dynamodb.describe_continuous_backups(TableName="keys")["ContinuousBackupsDescription"]
    assert "ENABLED" == backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert "ENABLED" == flow.dynamodb.describe_table(TableName="keys")["Table"]["SSEDescription"]["Status"]


@rule("table-tags-once")
def test_a_table_has_a_tag_once(flow):
    arn = table(flow, Tags=[{"Key": "a", "Value": "1"}])["TableArn"]

    flow.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])

    assert [{"Key": "a", "Value": "2"}] == flow.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
