"""The operator dies at each call to AWS of an object's life; afterwards there is one of everything.

The whole matrix is `make faults`; `make test` runs every so manieth cell.
"""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.support.account import everything, versions, wanted
from tests.support.kills import Killed, dying
from tests.support.lives import ALL_LIVES
from tests.support.memory import reconciler, until

PARTS = {
    "create": lambda life, handle: None,
    "change": lambda life, handle: handle.change(**life.change),
    "delete": lambda life, handle: handle.delete(),
}


def _cells():
    for life in ALL_LIVES:
        for part, count in life.calls.items():
            for number in range(count):
                for moment in ("before", "after"):
                    place = (number * 2 + (moment == "after")) % life.sample_of
                    every = () if place == life.sample_of // 2 else pytest.mark.all_faults
                    yield pytest.param(life, part, number, moment, marks=every, id=f"{life}-{part}-{number}-{moment}")


def _by_writes():
    for life in ALL_LIVES:
        if life.only_writes:
            yield pytest.param(life, id=str(life), marks=pytest.mark.all_faults if life.called else ())


@pytest.mark.parametrize(("life", "part", "number", "moment"), list(_cells()))
def test_after_a_kill_there_is_one_of_everything_and_nothing_else(local_aws, ec2, life, part, number, moment):
    handle = life.begun(ec2)
    if part != "create":
        until(handle, lambda: handle.ready, seconds=40)
        PARTS[part](life, handle)

    if not _killed(life, handle, number, moment):
        pytest.skip("no call has this number")
    done = (lambda: handle.gone) if part == "delete" else (lambda: handle.ready and not _leftovers(handle))
    until(handle, done, reconciler(), seconds=40)

    assert wanted(handle) == everything(ec2)
    assert max(versions(local_aws.endpoint).values(), default=0) <= (2 if part == "change" else 1)


@pytest.mark.parametrize("life", list(_by_writes()))
def test_every_write_of_a_life_has_a_kill(local_aws, ec2, life):
    handle, made = life.begun(ec2), {}
    for part, begin in PARTS.items():
        begin(life, handle)
        with dying(-1, "", life.numbered()) as writes:
            until(handle, lambda: handle.gone or (handle.ready and not _leftovers(handle)), reconciler(), seconds=90)
        made[part] = len(writes)

    assert [] == [part for part in PARTS if made[part] > life.calls[part]], made


def _killed(life, handle, number, moment) -> bool:
    """Let the operator work until it is killed; False where it came to its end before."""
    end = time.monotonic() + 20
    with dying(number, moment, life.numbered()), contextlib.suppress(Killed):
        using = reconciler()
        while time.monotonic() < end:
            again = using.reconcile(handle)
            if handle.gone or (handle.ready and not _leftovers(handle)):
                return False
            time.sleep(min(again or 0.05, 0.2))
    return True


def _leftovers(handle):
    return [r for r in handle.obj["status"]["resources"] if r["state"] != "Ready"]
