"""What a rule of Lambda is given: a call, and the function that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import model
from awslab.local.aws.services import Asked

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.model import Function, Reference, Region, Target

DEVELOPERS = "https://docs.aws.amazon.com/lambda/latest/dg/"
API = "https://docs.aws.amazon.com/lambda/latest/api/"
PAGE = 50


@dataclass
class LambdaAsked(Asked):
    """One call of Lambda, while it is carried out."""

    zip_file: bytes | None = None  # what came as ZipFile, decoded

    @property
    def region(self) -> Region:
        """Return Lambda in the caller's account and region."""
        return model.region_of(self.world, self.call.account, self.call.region)

    @property
    def reference(self) -> Reference:
        """Return how the call names its function."""
        return model.read_name(str(self.params.get("FunctionName", "")), str(self.params.get("Qualifier") or ""))

    def target(self) -> Target:
        """Return the function and version that the call is about; refuses where there is none."""
        return model.find(self.world, self.call.account, self.call.region, self.reference)

    def function(self) -> Function:
        """Return the function that the call is about, whatever its qualifier; refuses where there is none."""
        reference = model.Reference(self.reference.name, "", self.reference.account, self.reference.region)
        return model.find(self.world, self.call.account, self.call.region, reference).function

    def there(self) -> Function | None:
        """Return the function that the call is about, or nothing."""
        return self.region.functions.get(self.reference.name)

    def page(self, key: str, items: list[Any], next_key: str = "NextMarker") -> dict[str, Any]:
        """Cut one page from the items, by Marker and MaxItems."""
        size = min(int(self.params.get("MaxItems") or PAGE), PAGE)
        try:
            first = int(self.params.get("Marker") or 0)
        except ValueError as error:
            raise AwsError("InvalidParameterValueException", "Could not parse Marker.") from error
        answer: dict[str, Any] = {key: items[first : first + size]}
        if first + size < len(items):
            answer[next_key] = str(first + size)
        return answer

    def refuse_other_revision(self, revision: str) -> None:
        """Refuse a change that was asked for with a RevisionId that is not the last one."""
        asked = self.params.get("RevisionId")
        if asked and asked != revision:
            sentence = (
                "The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to "
                "retrieve the latest RevisionId"
            )
            raise AwsError("PreconditionFailedException", sentence, 412)
