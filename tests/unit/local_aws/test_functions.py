"""Functions as resources: made, changed, published, guarded, listed, deleted."""

import json
import urllib.request

import pytest
from lambdas import ACCOUNT, Functions, allow, zipped

rule = pytest.mark.rule
ARN = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:work"
CODE = {"ZipFile": zipped(app="def handler(e, c): return 1\n")}
OTHER = zipped(app="def handler(e, c): return 2\n")


@pytest.fixture
def functions(aws):
    return Functions(aws)


@pytest.fixture
def wish(functions):
    """What makes a function, but for what a test says else."""

    def make(**more):
        whole = {"FunctionName": "work", "Runtime": "python3.12", "Handler": "app.handler", "Code": CODE} | more
        return {"Role": functions.role()} | whole if "Role" not in more else whole

    return make


@pytest.fixture
def client(functions):
    return functions.client


@rule("function-pending")
def test_a_function_is_pending_and_then_active(client, wish, aws):
    made = client.create_function(**wish())
    aws.tick(5.1)
    later = client.get_function_configuration(FunctionName="work")

    assert ("Pending", "Creating") == (made["State"], made["StateReasonCode"])
    assert ("Active", "Successful") == (later["State"], later["LastUpdateStatus"])
    assert "StateReason" not in later


def test_a_configuration_is_kept_exactly(client, wish, functions):
    layer = client.publish_layer_version(LayerName="tools", Content=CODE)["LayerVersionArn"]
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:letters"
    asked = {
        "Description": "counts",
        "Timeout": 30,
        "MemorySize": 512,
        "Environment": {"Variables": {"A": "ü", "B": ""}},
        "TracingConfig": {"Mode": "Active"},
        "EphemeralStorage": {"Size": 1024},
        "Architectures": ["arm64"],
        "DeadLetterConfig": {"TargetArn": queue},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/lab/work"},
    }
    role = functions.role(allow(["sqs:SendMessage", "xray:PutTraceSegments"]))

    client.create_function(**wish(Role=role, Layers=[layer], Tags={"a": "b"}, **asked))

    shown = client.get_function(FunctionName="work")
    configuration = shown["Configuration"]
    assert asked == {name: configuration[name] for name in asked}
    assert [layer] == [one["Arn"] for one in configuration["Layers"]]
    assert {"a": "b"} == shown["Tags"]
    assert (ARN, "$LATEST", role) == (configuration["FunctionArn"], configuration["Version"], configuration["Role"])


def test_what_is_not_asked_for_is_as_aws_has_it(client, wish):
    client.create_function(**wish())

    shown = client.get_function_configuration(FunctionName="work")

    assert (3, 128, "", "Zip", ["x86_64"], {"Size": 512}, {"Mode": "PassThrough"}) == tuple(
        shown[name]
        for name in (
            "Timeout",
            "MemorySize",
            "Description",
            "PackageType",
            "Architectures",
            "EphemeralStorage",
            "TracingConfig",
        )
    )
    assert {"LogFormat": "Text", "LogGroup": "/aws/lambda/work"} == shown["LoggingConfig"]
    assert {"Environment", "DeadLetterConfig", "Layers", "VpcConfig"}.isdisjoint(shown)


def test_the_code_of_a_function_can_be_downloaded(functions, client):
    functions.make()

    place = client.get_function(FunctionName="work")["Code"]["Location"]

    with urllib.request.urlopen(place) as answer:
        assert answer.read().startswith(b"PK")


@rule("function-exists")
def test_a_name_is_given_once(functions, client, refused, wish):
    functions.make()

    refused("ResourceConflictException", client.create_function, **wish(Role=f"arn:aws:iam::{ACCOUNT}:role/worker"))


@rule("function-settings")
@pytest.mark.parametrize("more", [{"MemorySize": 64}, {"Timeout": 901}, {"EphemeralStorage": {"Size": 100}}])
def test_sizes_have_limits(client, refused, wish, more):
    refused("ValidationException", client.create_function, **wish(**more))


@rule("function-runtime")
@pytest.mark.parametrize(
    "more",
    [
        {"Runtime": "python2.7"},
        {"Runtime": "cobol1.0"},
        {"Handler": ""},
        {"PackageType": "Image", "Code": {"ImageUri": "repo/work:1"}},
    ],
)
def test_a_package_has_a_handler_and_a_runtime_that_is_offered(client, refused, wish, more):
    refused("InvalidParameterValueException", client.create_function, **wish(**more))


@rule("function-environment")
@pytest.mark.parametrize("variables", [{"AWS_REGION": "x"}, {"A": "x" * 4097}])
def test_variables_have_a_size_and_names_of_their_own(client, refused, wish, variables):
    refused("InvalidParameterValueException", client.create_function, **wish(Environment={"Variables": variables}))


@rule("function-role")
def test_a_role_must_be_there_trust_lambda_and_not_be_brand_new(client, refused, wish, functions):
    def refuse(role):
        error = refused("InvalidParameterValueException", client.create_function, **wish(Role=role))
        assert "The role defined for the function cannot be assumed by Lambda." == error["Error"]["Message"]

    refuse(f"arn:aws:iam::{ACCOUNT}:role/nobody")
    refuse(functions.role(name="other", service="states.amazonaws.com"))
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    new = functions.iam.create_role(RoleName="new", Path="/lab/", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    refuse(new)
    functions.aws.tick(11)
    client.create_function(**wish(Role=new))


@rule("function-role-permissions")
@pytest.mark.parametrize(
    ("more", "action"),
    [
        ({"TracingConfig": {"Mode": "Active"}}, "xray:PutTraceSegments"),
        ({"DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:letters"}}, "sqs:SendMessage"),
        ({"DeadLetterConfig": {"TargetArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:letters"}}, "sns:Publish"),
    ],
)
def test_a_role_may_do_what_the_configuration_needs(client, refused, wish, functions, more, action):
    whole = wish(**more)

    error = refused("InvalidParameterValueException", client.create_function, **whole)
    functions.allow(allow(action))
    client.create_function(**whole)

    verb = action.partition(":")[2]
    assert f"does not have permissions to call {verb} on " in error["Error"]["Message"]


@rule("function-dead-letters")
def test_dead_letters_go_to_a_queue_or_a_topic(client, refused, wish, functions):
    role = functions.role(allow("*"))
    target = {"TargetArn": f"arn:aws:s3:eu-west-1:{ACCOUNT}:letters"}

    refused("InvalidParameterValueException", client.create_function, **wish(Role=role, DeadLetterConfig=target))


@rule("network-there")
def test_a_network_must_be_there_and_the_role_may_use_it(client, refused, wish, functions, aws):
    vpc = aws.vpc()
    subnet, group = aws.subnet(vpc), aws.group(vpc)
    elsewhere = aws.group(aws.vpc("10.1.0.0/16"))
    ec2 = [f"ec2:{name}" for name in ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface")]
    role = functions.role(allow(ec2))

    for network in (
        {"SubnetIds": ["subnet-0123456789abcdef0"], "SecurityGroupIds": [group]},
        {"SubnetIds": [subnet], "SecurityGroupIds": [elsewhere]},
        {"SubnetIds": [subnet], "SecurityGroupIds": []},
    ):
        refused("InvalidParameterValueException", client.create_function, **wish(Role=role, VpcConfig=network))
    network = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    made = client.create_function(**wish(Role=role, VpcConfig=network))

    assert network | {"VpcId": vpc, "Ipv6AllowedForDualStack": False} == made["VpcConfig"]


@rule("network-interfaces")
def test_an_interface_of_functions_holds_its_subnet_and_group_for_a_while(client, wish, functions, aws, refused):
    vpc = aws.vpc()
    subnet, group = aws.subnet(vpc), aws.group(vpc)
    role = functions.role(allow("ec2:*"))
    network = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    for name in ("work", "more"):
        client.create_function(**wish(FunctionName=name, Role=role, VpcConfig=network))
    (eni,) = aws.ec2.describe_network_interfaces()["NetworkInterfaces"]

    assert ("lambda", "in-use", subnet) == (eni["InterfaceType"], eni["Status"], eni["SubnetId"])
    refused("AuthFailure", aws.ec2.delete_network_interface, NetworkInterfaceId=eni["NetworkInterfaceId"])
    aws.tick(601)
    client.delete_function(FunctionName="work")
    aws.tick(601)
    refused("DependencyViolation", aws.ec2.delete_subnet, SubnetId=subnet)
    client.delete_function(FunctionName="more")
    refused("DependencyViolation", aws.ec2.delete_security_group, GroupId=group)
    aws.tick(601)
    aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.delete_subnet(SubnetId=subnet)


@rule("code-readable")
def test_a_package_is_a_zip(client, refused, wish):
    error = refused("InvalidParameterValueException", client.create_function, **wish(Code={"ZipFile": b"no zip"}))

    assert "Could not unzip uploaded file" in error["Error"]["Message"]


@rule("code-object")
def test_code_comes_from_an_object_that_is_there(client, refused, wish, functions, aws):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="packages", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="packages", Key="work.zip", Body=CODE["ZipFile"])
    whole = wish()

    for code in ({"S3Bucket": "packages", "S3Key": "none"}, {"S3Bucket": "none", "S3Key": "work.zip"}):
        refused("InvalidParameterValueException", client.create_function, **(whole | {"Code": code}))
    client.create_function(**(whole | {"Code": {"S3Bucket": "packages", "S3Key": "work.zip"}}))
    aws.tick(6)

    assert (1, "") == functions.call()


@rule("function-update", "function-busy")
def test_an_update_takes_a_while_and_another_has_to_wait(client, functions, refused, aws):
    functions.make()

    first = client.update_function_configuration(FunctionName="work", Timeout=10)
    refused("ResourceConflictException", client.update_function_code, FunctionName="work", ZipFile=OTHER)
    refused("ResourceConflictException", client.publish_version, FunctionName="work")
    aws.tick(3.1)
    second = client.update_function_code(FunctionName="work", ZipFile=OTHER)

    assert ("InProgress", 10) == (first["LastUpdateStatus"], first["Timeout"])
    assert ("InProgress", 10) == (second["LastUpdateStatus"], second["Timeout"])


@rule("function-busy")
def test_a_pending_function_is_not_changed(client, wish, refused):
    client.create_function(**wish())

    refused("ResourceConflictException", client.update_function_configuration, FunctionName="work", Timeout=10)


def test_an_update_changes_what_it_names_and_takes_away_what_is_empty(client, functions, aws):
    functions.make(Environment={"Variables": {"A": "b"}}, Description="before", Timeout=20)

    client.update_function_configuration(FunctionName="work", Environment={"Variables": {}}, Description="")

    shown = client.get_function_configuration(FunctionName="work")
    assert ("", 20, False) == (shown["Description"], shown["Timeout"], "Environment" in shown)


@rule("function-version-unchanged")
def test_a_version_is_published_once_for_the_same(client, functions, aws):
    functions.make()

    first = client.publish_version(FunctionName="work", Description="one")
    again = client.publish_version(FunctionName="work", Description="two")
    client.update_function_code(FunctionName="work", ZipFile=OTHER)
    aws.tick(4)
    second = client.publish_version(FunctionName="work")

    assert ["1", "1", "2"] == [one["Version"] for one in (first, again, second)]
    assert ("one", f"{ARN}:1") == (again["Description"], first["FunctionArn"])
    aws.tick(6)
    assert ["same", 2] == [functions.call("same", name=f"work:{number}")[0] for number in (1, 2)]


@rule("version-guards")
def test_a_change_is_refused_where_somebody_else_was_faster(client, functions, refused):
    functions.make()
    guard = {"FunctionName": "work", "RevisionId": "0"}

    refused("InvalidParameterValueException", client.publish_version, FunctionName="work", CodeSha256="abc")
    refused("PreconditionFailedException", client.publish_version, **guard)
    refused("PreconditionFailedException", client.update_function_code, ZipFile=OTHER, **guard)
    refused("PreconditionFailedException", client.update_function_configuration, Timeout=9, **guard)
    now = client.get_function_configuration(FunctionName="work")
    client.publish_version(FunctionName="work", CodeSha256=now["CodeSha256"], RevisionId=now["RevisionId"])


@rule("version-in-use")
def test_a_version_that_an_alias_needs_is_not_deleted(client, functions, refused):
    functions.make()
    client.publish_version(FunctionName="work")
    client.create_alias(FunctionName="work", Name="live", FunctionVersion="1")

    refused("ResourceConflictException", client.delete_function, FunctionName="work", Qualifier="1")
    refused("InvalidParameterValueException", client.delete_function, FunctionName="work", Qualifier="$LATEST")
    client.delete_alias(FunctionName="work", Name="live")
    client.delete_function(FunctionName="work", Qualifier="1")
    client.delete_function(FunctionName="work")
    refused("ResourceNotFoundException", client.get_function, FunctionName="work")
    refused("ResourceNotFoundException", client.delete_function, FunctionName="work")


def test_a_function_made_anew_counts_its_versions_anew(client, functions):
    functions.make()
    client.publish_version(FunctionName="work")
    client.create_alias(FunctionName="work", Name="live", FunctionVersion="1")
    client.delete_function(FunctionName="work")

    functions.make(Role=f"arn:aws:iam::{ACCOUNT}:role/worker")

    assert [] == client.list_aliases(FunctionName="work")["Aliases"]
    assert ["$LATEST"] == [one["Version"] for one in client.list_versions_by_function(FunctionName="work")["Versions"]]


@rule("alias-exists", "alias-name", "alias-version")
def test_an_alias_points_to_what_is_there(client, functions, refused, aws):
    functions.make()
    client.publish_version(FunctionName="work")
    make = {"FunctionName": "work", "FunctionVersion": "1"}

    refused("ValidationException", client.create_alias, Name="1", **make)
    refused("ResourceNotFoundException", client.create_alias, **(make | {"Name": "live", "FunctionVersion": "7"}))
    made = client.create_alias(Name="live", Description="x", **make)
    refused("ResourceConflictException", client.create_alias, Name="live", **make)
    refused("PreconditionFailedException", client.update_alias, FunctionName="work", Name="live", RevisionId="0")
    aws.tick(6)

    shown = client.get_function_configuration(FunctionName="work", Qualifier="live")
    assert (f"{ARN}:live", "1") == (made["AliasArn"], made["FunctionVersion"])
    assert (f"{ARN}:live", "1") == (shown["FunctionArn"], shown["Version"])
    answer = client.invoke(FunctionName=f"{ARN}:live")
    assert "1" == answer["ExecutedVersion"]


@rule("permission-duplicate", "permission-missing")
def test_a_policy_has_a_statement_once(client, functions, refused):
    functions.make()
    client.publish_version(FunctionName="work")
    client.create_alias(FunctionName="work", Name="live", FunctionVersion="1")
    source = f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/r"
    give = {"FunctionName": "work", "StatementId": "r", "Action": "lambda:InvokeFunction", "SourceArn": source}
    give |= {"Principal": "events.amazonaws.com", "SourceAccount": ACCOUNT}

    refused("ResourceNotFoundException", client.get_policy, FunctionName="work")
    client.add_permission(**give)
    refused("ResourceConflictException", client.add_permission, **give)
    client.add_permission(**give, Qualifier="live")

    (statement,) = json.loads(client.get_policy(FunctionName="work")["Policy"])["Statement"]
    (qualified,) = json.loads(client.get_policy(FunctionName="work", Qualifier="live")["Policy"])["Statement"]
    condition = {"StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": source}}
    assert {"Sid": "r", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}} | {
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": condition,
    } == statement
    assert f"{ARN}:live" == qualified["Resource"]
    client.remove_permission(FunctionName="work", StatementId="r")
    refused("ResourceNotFoundException", client.remove_permission, FunctionName="work", StatementId="r")


@rule("concurrency-unreserved")
def test_a_hundred_executions_stay_unreserved(client, functions, refused):
    functions.make()
    keep = {"FunctionName": "work"}

    refused("InvalidParameterValueException", client.put_function_concurrency, ReservedConcurrentExecutions=901, **keep)
    client.put_function_concurrency(ReservedConcurrentExecutions=900, **keep)

    assert 900 == client.get_function_concurrency(**keep)["ReservedConcurrentExecutions"]
    assert 100 == client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    client.delete_function_concurrency(**keep)
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(**keep)


@rule("layer-there", "layer-number")
def test_a_layer_has_numbers_that_only_grow(client, refused, wish):
    numbers = []
    for _ in range(2):
        made = client.publish_layer_version(LayerName="tools", Content=CODE)
        numbers.append(made["Version"])
        client.delete_layer_version(LayerName="tools", VersionNumber=made["Version"])

    assert [1, 2] == numbers
    refused("InvalidParameterValueException", client.create_function, **wish(Layers=[made["LayerVersionArn"]]))


@rule("event-limits", "destination-permissions")
def test_a_destination_needs_the_permission_of_the_role(client, functions, refused):
    functions.make()
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:letters"
    wanted = {"FunctionName": "work", "DestinationConfig": {"OnFailure": {"Destination": queue}}}
    put = client.put_function_event_invoke_config

    refused("InvalidParameterValueException", put, FunctionName="work", MaximumRetryAttempts=3)
    refused("InvalidParameterValueException", put, FunctionName="work", MaximumEventAgeInSeconds=59)
    refused("InvalidParameterValueException", put, **wanted)
    functions.allow(allow("sqs:SendMessage", queue))
    put(MaximumRetryAttempts=1, **wanted)

    shown = client.get_function_event_invoke_config(FunctionName="work")
    assert (1, queue) == (shown["MaximumRetryAttempts"], shown["DestinationConfig"]["OnFailure"]["Destination"])
    client.delete_function_event_invoke_config(FunctionName="work")
    refused("ResourceNotFoundException", client.get_function_event_invoke_config, FunctionName="work")


@rule("tags-of-functions")
def test_tags_are_a_functions_and_not_a_versions(client, functions, refused):
    functions.make(Tags={"a": "b"})
    client.publish_version(FunctionName="work")

    client.tag_resource(Resource=ARN, Tags={"c": "d"})
    client.untag_resource(Resource=ARN, TagKeys=["a"])

    assert {"c": "d"} == client.list_tags(Resource=ARN)["Tags"]
    refused("InvalidParameterValueException", client.tag_resource, Resource=f"{ARN}:1", Tags={"c": "d"})


def test_the_tagging_api_finds_functions(functions, aws):
    functions.make(Tags={"awslab.dev/owner": "x"})
    tagging = aws.client("resourcegroupstaggingapi")

    aws.tick(60)
    found = tagging.get_resources(TagFilters=[{"Key": "awslab.dev/owner", "Values": ["x"]}])

    assert [ARN] == [one["ResourceARN"] for one in found["ResourceTagMappingList"]]


@rule("list-pages")
def test_lists_come_in_pages(client, functions):
    functions.make(Publish=True)
    for number in range(3):
        functions.make(name=f"more-{number}", Role=f"arn:aws:iam::{ACCOUNT}:role/worker")

    pages = list(client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2}))
    versions = client.list_versions_by_function(FunctionName="work", MaxItems=1)
    everything = client.list_functions(FunctionVersion="ALL")["Functions"]

    assert [["more-0", "more-1"], ["more-2", "work"]] == [
        [one["FunctionName"] for one in page["Functions"]] for page in pages
    ]
    assert (["$LATEST"], True) == ([one["Version"] for one in versions["Versions"]], "NextMarker" in versions)
    assert 5 == len(everything)


def test_a_bad_name_is_refused(client, refused):
    refused("ValidationException", client.get_function, FunctionName="work here")
    refused("ResourceNotFoundException", client.get_function, FunctionName="work")


def test_what_is_not_carried_says_so(client, refused, functions):
    functions.make()

    error = refused(
        "InvalidParameterValueException", client.create_function_url_config, FunctionName="work", AuthType="NONE"
    )

    assert "does not carry CreateFunctionUrlConfig" in error["Error"]["Message"]
