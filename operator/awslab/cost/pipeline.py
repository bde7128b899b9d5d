"""What a pipeline's expected work costs a month, beside what stands there.  Pure.

List prices without free tiers.  Sources: https://aws.amazon.com/lambda/pricing/ ,
https://aws.amazon.com/step-functions/pricing/ , https://aws.amazon.com/s3/pricing/ ,
https://aws.amazon.com/cloudwatch/pricing/ , https://aws.amazon.com/xray/pricing/ ,
https://aws.amazon.com/dynamodb/pricing/on-demand/ , https://aws.amazon.com/sns/pricing/ .
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DAYS_A_MONTH = 730 / 24
MILLION = 1_000_000
GB = 1024
"""MB."""


@dataclass(frozen=True)
class Rates:
    """US dollars in one region."""

    request: float = 0.20 / MILLION
    gb_second: float = 0.0000166667
    gb_second_arm: float = 0.0000133334
    transition: float = 25 / MILLION
    express_request: float = 1 / MILLION
    express_gb_second: float = 0.00001667
    put: float = 0.005 / 1000
    get: float = 0.0004 / 1000
    stored_gb: float = 0.023
    log_gb: float = 0.50
    trace: float = 5 / MILLION
    write: float = 0.625 / MILLION
    notice: float = 0.50 / MILLION


VIRGINIA = Rates()
IRELAND = Rates(write=0.705 / MILLION, log_gb=0.57)
FRANKFURT = Rates(write=0.7625 / MILLION, log_gb=0.63, put=0.0054 / 1000, get=0.00043 / 1000, stored_gb=0.0245)

RATES: Mapping[str, Rates] = {
    "us-east-1": VIRGINIA,
    "us-east-2": VIRGINIA,
    "us-west-2": VIRGINIA,
    "eu-west-1": IRELAND,
    "eu-central-1": FRANKFURT,
}
"""A region that is not listed has no estimate, rather than a wrong one."""

SECONDS_A_CALL, MB_A_SECOND = 0.3, 10.0
"""How long a function takes: a little, and its way through the file.  Measured with the shipped functions."""

LOG_KB_A_CALL = 4
KEPT_MONTHS = 1.5
"""How long an upload, its result and their old versions are kept where nothing else is said."""


@dataclass(frozen=True)
class Function:
    """One function of the pipeline."""

    memory_mb: int
    arm: bool = False


@dataclass(frozen=True)
class Load:
    """What comes in, and what it runs through."""

    files_per_day: float
    size_mb: float
    functions: tuple[Function, ...]
    """All that one file runs through."""
    states: int
    """How many states one run enters."""
    express: bool = False
    traced: bool = True


def monthly(load: Load, region: str) -> dict[str, float] | None:
    """US dollars a month by service; None where the region's prices are not known."""
    rates = RATES.get(region)
    if rates is None:
        return None
    files = load.files_per_day * DAYS_A_MONTH
    seconds = SECONDS_A_CALL + load.size_mb / MB_A_SECOND
    calls = files * len(load.functions)
    return {
        "Lambda": calls * rates.request + files * seconds * sum(_gb_second(f, rates) for f in load.functions),
        "Step Functions": files * _run(load, seconds, rates),
        "S3": files * (6 * rates.put + 8 * rates.get) + files * KEPT_MONTHS * 3 * load.size_mb / GB * rates.stored_gb,
        "CloudWatch Logs": calls * LOG_KB_A_CALL / GB / GB * rates.log_gb,
        "X-Ray": files * rates.trace if load.traced else 0.0,
        "DynamoDB": files * 2 * rates.write,
        "SNS": files * rates.notice,
    }


def _gb_second(function: Function, rates: Rates) -> float:
    return function.memory_mb / GB * (rates.gb_second_arm if function.arm else rates.gb_second)


def _run(load: Load, seconds: float, rates: Rates) -> float:
    """What one run of the state machine costs; an EXPRESS one is paid by its time, with the least memory."""
    if not load.express:
        return load.states * rates.transition
    return rates.express_request + seconds * len(load.functions) * 64 / GB * rates.express_gb_second
