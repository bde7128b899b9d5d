import urllib.error
import urllib.request

import pytest

from awslab.controller.server import Server, report


def test_each_check_has_its_line():
    well, text = report({"source": lambda: None, "workers": lambda: "worker-3 ended"})

    assert not well
    assert ["[+]source ok", "[-]workers: worker-3 ended", "failed"] == text.splitlines()


def test_a_check_that_breaks_is_a_check_that_failed():
    well, text = report({"source": lambda: 1 // 0})

    assert not well
    assert "ZeroDivisionError" in text


@pytest.fixture
def server():
    problems = {"live": None, "ready": "not watching labvpcs"}
    server = Server(
        "127.0.0.1", 0,
        liveness={"live": lambda: problems["live"]},
        readiness={"ready": lambda: problems["ready"]},
    )  # fmt: skip
    server.problems = problems
    server.start()
    yield server
    server.stop()


def get(server, path):
    try:
        with urllib.request.urlopen(f"http://{server.address}{path}") as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_alive_and_ready_are_two_questions(server):
    assert (200, "[+]live ok\nok\n") == get(server, "/healthz")
    assert (503, "[-]ready: not watching labvpcs\nfailed\n") == get(server, "/readyz?verbose")


def test_a_probe_sees_the_change_at_once(server):
    server.problems["ready"] = None

    assert 200 == get(server, "/readyz")[0]


def test_metrics_are_in_the_format_of_prometheus(server):
    status, text = get(server, "/metrics")

    assert 200 == status
    assert "# TYPE awslab_passes_total counter" in text
    assert 'awslab_build_info{python="3.' in text


def test_any_other_path_says_what_there_is(server):
    assert (404, "there are /metrics, /healthz and /readyz\n") == get(server, "/")
