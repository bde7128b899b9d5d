import random
import threading
import time
from collections import Counter

from awslab import metrics
from awslab.controller.queue import Backoff, Priority, WorkQueue


def worker(queue, act):
    def run():
        while (key := queue.take()) is not None:
            act(key)
            queue.done(key)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_eight_workers_never_hold_the_same_key_and_lose_no_wish():
    queue, lock = WorkQueue(), threading.Lock()
    held, overlaps, seen = Counter(), [], {}
    wishes = Counter()

    def act(key):
        with lock:
            held[key] += 1
            if held[key] > 1:
                overlaps.append(key)
            version = wishes[key]
        time.sleep(random.uniform(0, 0.002))
        with lock:
            held[key] -= 1
            seen[key] = version

    workers = [worker(queue, act) for _ in range(8)]
    for _ in range(2000):
        key = random.randrange(20)
        with lock:
            wishes[key] += 1
        queue.add(key, random.choice(list(Priority)))
    until = time.monotonic() + 10
    while seen != dict(wishes) and time.monotonic() < until:
        time.sleep(0.01)
    queue.close()
    for thread in workers:
        thread.join(5)

    assert [] == overlaps
    assert dict(wishes) == seen


def test_a_waiting_worker_is_woken_by_an_earlier_delay():
    queue, taken = WorkQueue(), []
    thread = worker(queue, lambda key: taken.append((key, time.monotonic())))
    began = time.monotonic()

    queue.add_after("late", 60)
    time.sleep(0.05)
    queue.add_after("soon", 0.1)
    time.sleep(0.3)
    queue.close()
    thread.join(5)

    assert ["soon"] == [key for key, _ in taken]
    assert 0.1 <= taken[0][1] - began < 0.3


def test_a_closed_queue_sends_its_workers_home_and_keeps_what_is_due():
    queue = WorkQueue()
    thread = worker(queue, lambda key: None)

    queue.close()
    queue.add("a")
    thread.join(5)

    assert not thread.is_alive()
    assert 1 == queue.depth(Priority.URGENT)


def test_idle_means_that_no_worker_holds_a_key():
    queue, hold = WorkQueue(), threading.Event()
    worker(queue, lambda key: hold.wait(5))
    queue.add("a")
    while not queue.running():
        time.sleep(0.01)

    before = queue.wait_idle(0.05)
    hold.set()
    after = queue.wait_idle(2)
    queue.close()

    assert (False, True) == (before, after)


def test_a_retry_is_counted_and_delayed():
    queue = WorkQueue(backoff=Backoff(base=1000, cap=1000))
    before = metrics.QUEUE_RETRIES._value.get()
    queue.add("a")
    queue.take()

    delay = queue.retry("a")
    queue.done("a")

    assert 0 <= delay <= 1000
    assert before + 1 == metrics.QUEUE_RETRIES._value.get()
    assert {} == queue.running()
