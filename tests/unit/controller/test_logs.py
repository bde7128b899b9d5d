import json
import logging

import pytest

from awslab.controller import logs


@pytest.fixture
def logged(capsys):
    """Configure a style, log, and give back what came out."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)

    def run(style, act, level="info"):
        logs.configure(style, level)
        act(logging.getLogger("awslab.test"))
        return capsys.readouterr().err

    yield run
    root.handlers[:], root.level = before


def test_a_json_line_has_the_object_and_the_pass(logged):
    def act(log):
        with logs.about("LabVpc/lab/a", "1234"):
            log.info("created %s", "vpc-1")

    line = json.loads(logged("json", act))

    assert ("LabVpc/lab/a", "1234", "created vpc-1", "INFO", "awslab.test") == (
        line["owner"], line["pass_id"], line["message"], line["level"], line["logger"]
    )  # fmt: skip


def test_a_line_outside_of_a_pass_has_neither(logged):
    line = json.loads(logged("json", lambda log: log.info("started")))

    assert {"time", "level", "logger", "message"} == set(line)


def test_a_console_line_is_for_people(logged):
    def act(log):
        with logs.about("LabVpc/lab/a", "1234"):
            log.warning("throttled")

    assert logged("console", act).endswith("WARNING [LabVpc/lab/a 1234] throttled\n")


def test_what_is_known_of_a_pass_ends_with_it(logged):
    def act(log):
        with logs.about("LabVpc/lab/a", "1234"):
            pass
        log.info("after")

    assert "LabVpc" not in logged("console", act)


def test_extra_fields_are_kept(logged):
    line = json.loads(logged("json", lambda log: log.info("call", extra={"operation": "CreateVpc"})))

    assert "CreateVpc" == line["operation"]


@pytest.mark.parametrize(
    "secret",
    [
        "Authorization: Bearer abcdefgh12345678",
        'aws_secret_access_key="wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"',
        "SecretAccessKey: wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
        "X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE",
        "token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5l.c2lnbmF0dXJlMTIz",
    ],
)
@pytest.mark.parametrize("style", ["json", "console"])
def test_a_secret_never_reaches_a_log(logged, style, secret):
    value = secret.replace('"', " ").split()[-1].rpartition("=")[2]

    text = logged(style, lambda log: log.error("request failed: %s", secret))

    assert value not in text
    assert "***" in text


def test_libraries_speak_from_warnings_on(logged):
    def act(_):
        logging.getLogger("kopf._core").info("chatter")
        logging.getLogger("botocore.hooks").debug("chatter")

    assert "" == logged("json", act, level="debug")
