import logging

import pytest

from awslab.controller import credentials
from awslab.controller.kube import Kube
from awslab.controller.operator import Operator
from awslab.settings import Settings
from tests.support.fakeapi import FakeApi
from tests.support.shell import LAB, TWIN


@pytest.fixture
def api():
    with FakeApi((LAB, TWIN)) as api:
        yield api


@pytest.fixture
def kube(api, tmp_path):
    path = api.kubeconfig(tmp_path)
    return Kube(lambda: credentials.load(path), rate=1000, timeout=(1, 3))


@pytest.fixture
def operate(api, tmp_path):
    """Start operators; whatever still runs at the end is drained."""
    running = []

    def start(reconciler, kinds=(LAB,), exit_=None, **settings):
        values = {
            "metrics_address": "127.0.0.1:0",
            "kubeconfig": api.kubeconfig(tmp_path),
            "leader_election": False,
            "kube_rate": 1000,
            "backoff_base": 0.02,
            "grace": 5,
            **settings,
        }
        exits = []
        operator = Operator(Settings(**values), kinds, reconciler, exit_=exit_ or exits.append)
        operator.exits = exits
        running.append(operator)
        operator.start()
        return operator

    yield start
    for operator in running:
        if not operator._draining:
            operator.drain()


@pytest.fixture(autouse=True)
def quiet_kopf():
    logging.getLogger("kopf").setLevel(logging.CRITICAL)
