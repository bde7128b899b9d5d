"""Events that are dealt with later: kept until it is done, tried again, and never lost without a trace."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from awslab.local.aws.errors import AwsError
from awslab.local.aws.lambda_ import destinations, model, reporting
from awslab.local.aws.lambda_.asked import DEVELOPERS
from awslab.local.aws.lambda_.model import Waiting
from awslab.local.aws.lambda_.pool import AT_WORK_MOST
from awslab.local.aws.rules import Book
from awslab.local.aws.times import USUAL_SECONDS

if TYPE_CHECKING:
    from awslab.local.aws.lambda_.invoke import Result, Runner

log = logging.getLogger(__name__)
book = Book("lambda")
RETRIES = 2
AGE_SECONDS = 21_600
LOOK_SECONDS = 0.2  # the world's clock may stand still, or leap
LATER = {"TooManyRequestsException", "ResourceConflictException"}  # refused now, not for good
DELAYS = ("event-retried", "event-retried-again")


class Events:
    """The events of one world that wait for their functions."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.world = runner.world
        self._at_work: set[str] = set()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.world.enders.insert(0, self.close)  # before the processes end, so that no end counts as a failure

    def add(self, event: Waiting) -> None:
        """Take an event on; it survives a restart of the local AWS."""
        with self.world.lock:
            self.world.overlay.waiting[event.id] = event
        self.resume()

    def resume(self) -> None:
        """Deal with what waits, if anything does."""
        with self._change:
            if self._thread is None and self.world.overlay.waiting:
                self._stop = threading.Event()
                self._thread = threading.Thread(target=self._work, args=(self._stop,), daemon=True)
                self._thread.start()
            self._change.notify()

    def close(self) -> None:
        """Stop; what is at work now is begun again later, as nobody will believe its end."""
        with self._change:
            thread, self._thread = self._thread, None
            self._stop.set()
            self._at_work.clear()
            self._change.notify()
        if thread is not None:
            thread.join()

    def _work(self, stop: threading.Event) -> None:
        workers = ThreadPoolExecutor(AT_WORK_MOST, thread_name_prefix="lambda-event")
        while not stop.is_set():
            for event in self._due():
                workers.submit(self._attempt, event, stop)
            with self._change:
                if not stop.is_set():
                    self._change.wait(LOOK_SECONDS if self.world.overlay.waiting else None)
        workers.shutdown(wait=False, cancel_futures=True)

    def _due(self) -> list[Waiting]:
        with self.world.lock, self._change:
            now = self.world.clock()
            waiting = self.world.overlay.waiting.values()
            due = [one for one in waiting if one.due <= now and one.id not in self._at_work]
            self._at_work.update(one.id for one in due)
        return due

    def _attempt(self, event: Waiting, stop: threading.Event) -> None:
        """Run the function once, and see what follows from it."""
        try:
            result, refused = self._invoked(event)
            if not stop.is_set():
                self._conclude(event, result, refused)
        except Exception:
            log.exception("event %s for %s was not dealt with", event.id, event.reference)
        finally:
            with self._change:
                self._at_work.discard(event.id)
                self._change.notify()

    def _invoked(self, event: Waiting) -> tuple[Result | None, AwsError | None]:
        reference = model.read_name(event.reference)
        try:
            return self.runner.invoke(reference, event.payload, event.account, event.region, event.id), None
        except AwsError as error:
            return None, error

    @book.behaves(
        "event-retries",
        "Invoke",
        does="An event whose function fails is tried again after one minute, and after two more.",
        see=DEVELOPERS + "invocation-async-error-handling.html",
    )
    def _conclude(self, event: Waiting, result: Result | None, refused: AwsError | None) -> None:
        with self.world.lock:
            if event.id not in self.world.overlay.waiting:
                return
            try:
                target = model.find(self.world, event.account, event.region, model.read_name(event.reference))
            except AwsError:  # the function is gone, and its events with it
                del self.world.overlay.waiting[event.id]
                return
            config = target.function.invoke_configs.get(target.qualifier, {})
            condition = self._condition(event, config, failed=result is None or bool(result.error), refused=refused)
            if condition == "Later":
                return
            del self.world.overlay.waiting[event.id]
            if condition != "Success":
                reporting.count(self.world, target.function, target.qualifier, {"AsyncEventsDropped": 1})
        destinations.deliver(self.world, target, event, condition, result)

    def _condition(self, event: Waiting, config: dict[str, int], *, failed: bool, refused: AwsError | None) -> str:
        """Say what becomes of an event: `Success`, `Later`, or why it is given up."""
        if not failed:
            return "Success"
        world, now = self.world, self.world.clock()
        if refused is not None and refused.code in LATER:
            event.due = now + world.scaled(USUAL_SECONDS["event-throttled"])
        else:
            event.attempts += 1
            if event.attempts > config.get("MaximumRetryAttempts", RETRIES):
                return "RetriesExhausted"
            event.due = now + world.scaled(USUAL_SECONDS[DELAYS[min(event.attempts, len(DELAYS)) - 1]])
        age = world.scaled(config.get("MaximumEventAgeInSeconds", AGE_SECONDS))
        return "EventAgeExceeded" if now - event.born > age else "Later"
