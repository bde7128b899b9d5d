"""Whose AWS it is: that of the operator's own credentials, or one that it enters by a role.

The credentials of each account are its own, shared by nothing and renewed before they end: botocore does
that when a call finds them within fifteen minutes of their end, and makes it wait within ten.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials

from awslab.core.errors import AssumeRoleFailed, Denied, LabError, NotFound, RegionDisabled, Rejected
from awslab.core.values import FrozenMap

from .calls import CallObserver, instrument, no_gate, no_observer
from .errors import ALLOW, translated
from .session import CONFIG, Clients

SESSION_SECONDS = 3600
"""How long assumed credentials live: all that AWS allows where the operator's own come from a role."""

NOT_HERE = frozenset({"AuthFailure", "OptInRequired", "UnrecognizedClientException", "InvalidClientTokenId"})
"""What AWS says to credentials that it does not know: wrong ones, or good ones where the region is off."""


NONE: FrozenMap[str, str] = FrozenMap()


@dataclass(frozen=True)
class Account:
    """A role in an account, as AwsAccount describes it; without one, the operator's own credentials."""

    name: str = ""
    """Of the AwsAccount."""
    role_arn: str = ""
    external_id: str = ""
    session_name: str = "awslab"
    session_tags: FrozenMap[str, str] = NONE
    endpoint: str = ""

    @property
    def id(self) -> str:
        """The account's twelve digits; empty for the operator's own."""
        return self.role_arn.split(":")[4] if self.role_arn else ""


OWN = Account()


class Accounts:
    """The sessions of all accounts."""

    def __init__(self, observer: CallObserver = no_observer) -> None:
        self._observer = observer
        self._credentials: dict[str, tuple[Account, DeferredRefreshableCredentials]] = {}
        self._sts: dict[tuple[str, str], Any] = {}
        self._loader = botocore.session.Session().get_component("data_loader")
        self._lock = threading.Lock()

    def session(self, account: Account) -> boto3.Session:
        """A new session with the account's credentials, which are had when first used.

        Sessions are not thread-safe, credentials are: each region has a session of its own, and all regions
        of an account share its credentials. AWS's descriptions of its services, tens of megabytes, are loaded
        once for them all.
        """
        session = botocore.session.Session()
        session.register_component("data_loader", self._loader)
        if account != OWN:
            resolver = CredentialResolver([_Given(self._credentials_of(account))])
            session.register_component("credential_provider", resolver)
        return boto3.Session(botocore_session=session)

    def _credentials_of(self, account: Account) -> DeferredRefreshableCredentials:
        """The credentials of the account as it is described now; those of an earlier description are dropped."""
        with self._lock:
            known, credentials = self._credentials.get(account.name, (None, None))
            if credentials is None or known != account:
                credentials = DeferredRefreshableCredentials(lambda: self._assume(account), "assume-role")
                self._credentials[account.name] = (account, credentials)
            return credentials

    def _assume(self, account: Account) -> dict[str, str]:
        """New credentials, as botocore takes them."""
        try:
            with translated():
                found = self._client(account).assume_role(**_wish(account))["Credentials"]
        except (Denied, Rejected, NotFound) as error:
            raise _explained(error, account) from error
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    def _client(self, account: Account) -> Any:
        """STS, with the operator's own credentials."""
        where = (home_of(account.role_arn.split(":")[1]), account.endpoint)
        with self._lock:
            if where not in self._sts:
                client = self.session(OWN).client(
                    "sts", region_name=where[0], endpoint_url=account.endpoint or None, config=CONFIG
                )
                instrument(client, self._observer, no_gate)
                self._sts[where] = client
            return self._sts[where]


class _Given(CredentialProvider):  # type: ignore[misc] # botocore has no types
    """Credentials that are known already."""

    METHOD = "awslab"

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        return self._credentials


def _wish(account: Account) -> Mapping[str, Any]:
    """The parameters of AssumeRole; what is not asked for is left out."""
    wish = {
        "RoleArn": account.role_arn,
        "RoleSessionName": account.session_name,
        "DurationSeconds": SESSION_SECONDS,
        "ExternalId": account.external_id,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(account.session_tags.items())],
    }
    return {name: value for name, value in wish.items() if value}


def _explained(error: LabError, account: Account) -> LabError:
    """Say which step failed, and who can mend it."""
    if error.operation != "AssumeRole":
        return error  # the operator has no credentials of its own to begin with
    if error.code in NOT_HERE or error.code.startswith("Expired"):
        who = "AWS refuses the operator's own credentials: whoever runs the operator has to renew them"
    else:
        who = (
            f"the administrator of AwsAccount {account.name} has to let the role's trust policy name the operator"
            f"{', with this external id' if account.external_id else ''}"
            f"{', and allow sts:TagSession' if account.session_tags else ''}; the operator itself needs sts:AssumeRole"
        )
    message = str(error).removeprefix("AssumeRole: ").partition(ALLOW)[0]
    return AssumeRoleFailed(f"assume role {account.role_arn}: {message}; {who}", error.code, error.operation)


def home_of(partition: str) -> str:
    """The region whose STS is asked: one that is on in every account of the partition."""
    return {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}.get(partition, "us-east-1")


def _partition(region: str) -> str:
    """The partition of a region, as far as we have one STS for all of it."""
    return next((f"aws-{name}" for name in ("cn", "us-gov") if region.startswith(f"{name}-")), "aws")


@dataclass(frozen=True)
class Identity:
    """As whom AWS knows some credentials."""

    account: str
    arn: str


def identity(clients: Clients) -> Identity:
    """Ask AWS who we are, which needs no permission; raises LabError."""
    with translated():
        answer = clients.client("sts", home_of(_partition(clients.region))).get_caller_identity()
    return Identity(answer["Account"], answer["Arn"])


def located(error: LabError, clients: Clients) -> LabError:
    """Tell credentials that are wrong from a region that is off: both get one answer from AWS."""
    if error.code not in NOT_HERE or error.operation == "AssumeRole":
        return error
    try:
        known = identity(clients)
    except LabError:
        return error
    way_out = f"its administrator enables it (account:EnableRegion), or spec.region names another one; AWS: {error}"
    return RegionDisabled(f"region {clients.region} is not enabled in account {known.account}: {way_out}", error.code)
