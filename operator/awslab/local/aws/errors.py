"""The one exception with which a rule refuses a call."""

from http import HTTPStatus


class AwsError(Exception):
    """A refusal in AWS's own words: code, message and HTTP status."""

    def __init__(self, code: str, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = int(status)
