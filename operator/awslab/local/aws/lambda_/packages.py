"""Deployment packages, layers and network of a function, as they are asked for."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.s3.models import s3_backends

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_.asked import API, DEVELOPERS
from awslab.local.aws.lambda_.model import Code, LayerVersion, Version
from awslab.local.aws.rules import Book

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.asked import LambdaAsked

book = Book("lambda")
UNPACKED_LIMIT = 262_144_000
UPLOAD_LIMIT = 70_167_211
LAYERS = 5


def code_of(asked: LambdaAsked, wish: dict[str, Any]) -> Code:
    """Return the code that a call brings or names; refuses what cannot be used."""
    if asked.zip_file is not None:
        return checked(Code(asked.zip_file))
    if "S3Bucket" in wish:
        return checked(Code(_object(asked, wish)))
    if "ImageUri" in wish:
        return Code(image=str(wish["ImageUri"]))
    raise AwsError("InvalidParameterValueException", "Please provide a source for function code.")


@book.behaves(
    "code-readable",
    "CreateFunction",
    "UpdateFunctionCode",
    "PublishLayerVersion",
    code="InvalidParameterValueException",
    does="A deployment package is a zip that can be read, of at most 250 MB unpacked and 50 MB in a call.",
    see=DEVELOPERS + "gettingstarted-limits.html",
)
def checked(code: Code) -> Code:
    """Refuse an archive that Lambda cannot unpack."""
    try:
        with zipfile.ZipFile(io.BytesIO(code.data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        sentence = "Could not unzip uploaded file. Please check your file, then try to upload again."
        raise AwsError("InvalidParameterValueException", sentence) from error
    if size > UNPACKED_LIMIT:
        sentence = f"Unzipped size must be smaller than {UNPACKED_LIMIT} bytes"
        raise AwsError("InvalidParameterValueException", sentence)
    return code


@book.behaves(
    "code-object",
    "CreateFunction",
    "UpdateFunctionCode",
    "PublishLayerVersion",
    code="InvalidParameterValueException",
    does="Code that is named as an object in S3 is there, in a bucket of the same region.",
    see=API + "API_FunctionCode.html",
)
def _object(asked: LambdaAsked, wish: dict[str, Any]) -> bytes:
    buckets = s3_backends[asked.call.account]["aws"].buckets
    bucket = buckets.get(wish["S3Bucket"])
    if bucket is None:
        raise _no_object("NoSuchBucket", "The specified bucket does not exist")
    if bucket.region_name != asked.call.region:
        raise _no_object("PermanentRedirect", "The bucket is in another region. Please use a bucket of this region.")
    versions = bucket.keys.getlist(wish.get("S3Key"), [])
    wanted = wish.get("S3ObjectVersion")
    found = [one for one in versions if hasattr(one, "value") and wanted in {None, one.version_id}]
    if not found or (wanted is None and not hasattr(versions[-1], "value")):
        raise _no_object("NoSuchKey", "The specified key does not exist.")
    data: bytes = found[-1].value
    return data


def _no_object(code: str, sentence: str) -> AwsError:
    text = f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {sentence}"
    return AwsError("InvalidParameterValueException", text)


@book.behaves(
    "layer-there",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    does="A function has at most 5 layers, and each is a version of a layer that is there.",
    see=DEVELOPERS + "chapter-layers.html",
)
def layers_of(asked: LambdaAsked, arns: list[str]) -> list[dict[str, Any]]:
    """Return layers as a configuration shows them."""
    if len(arns) > LAYERS:
        raise AwsError("InvalidParameterValueException", f"Cannot reference more than {LAYERS} layers.")
    return [{"Arn": arn, "CodeSize": len(layer_of(asked, arn).code.data)} for arn in arns]


def layer_of(asked: LambdaAsked, arn: str) -> LayerVersion:
    """Return the version of a layer that an ARN names."""
    all_versions = [one for versions in asked.region.layers.values() for one in versions]
    found = next((one for one in all_versions if one.arn == arn), None)
    if found is None:
        raise AwsError("InvalidParameterValueException", f"Layer version {arn} does not exist.")
    return found


@book.behaves(
    "network-there",
    "CreateFunction",
    "UpdateFunctionConfiguration",
    code="InvalidParameterValueException",
    does="A function's subnets and security groups are there, all in one VPC.",
    see=DEVELOPERS + "configuration-vpc.html",
)
def network_of(asked: LambdaAsked, wish: dict[str, Any]) -> dict[str, Any]:
    """Return the network of a function as a configuration shows it; no subnets take it out of its VPC."""
    ec2 = ec2_backends[asked.call.account][asked.call.region]
    subnets, groups = list(wish.get("SubnetIds") or []), list(wish.get("SecurityGroupIds") or [])
    places = {one.id: one for zone in ec2.subnets.values() for one in zone.values()}
    for one in subnets:
        if one not in places:
            raise _no_network("DescribeSubnets", "InvalidSubnetID.NotFound", f"The subnet ID '{one}' does not exist")
    vpcs = {places[one].vpc_id for one in subnets}
    for one in groups:
        if one not in {id_ for vpc in vpcs for id_ in ec2.groups[vpc]}:
            sentence = f"The security group '{one}' does not exist"
            raise _no_network("DescribeSecurityGroups", "InvalidGroup.NotFound", sentence)
    if len(vpcs) > 1 or bool(subnets) != bool(groups):
        sentence = "Subnets and security groups are given together, and all are of one VPC."
        raise AwsError("InvalidParameterValueException", sentence)
    dual = bool(wish.get("Ipv6AllowedForDualStack"))
    return {
        "SubnetIds": subnets,
        "SecurityGroupIds": groups,
        "VpcId": next(iter(vpcs), ""),
        "Ipv6AllowedForDualStack": dual,
    }


def _no_network(call: str, code: str, sentence: str) -> AwsError:
    text = f"Error occurred while {call}. EC2 Error Code: {code}. EC2 Error Message: {sentence}"
    return AwsError("InvalidParameterValueException", text)


def shown(asked: LambdaAsked, version: Version) -> dict[str, Any]:
    """Return where the code of a version is."""
    if version.code.image:
        return {"RepositoryType": "ECR", "ImageUri": version.code.image, "ResolvedImageUri": version.code.image}
    return {"RepositoryType": "S3", "Location": location(asked, version.code)}


def location(asked: LambdaAsked, code: Code) -> str:
    """Return the address at which a package can be downloaded."""
    return f"{asked.world.endpoint}/_awslab/package/{code.digest}"
