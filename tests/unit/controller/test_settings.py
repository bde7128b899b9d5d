import pytest
from click.testing import CliRunner

from awslab.cli import operator as command
from awslab.controller import logs
from awslab.settings import Settings, SettingsError, host_and_port, make, read_file


@pytest.fixture
def given(monkeypatch):
    """Run the command with arguments; gives what it would run with, or its output when it refuses."""
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    built = []

    class Ran:
        def run(self):
            return 0

    monkeypatch.setattr(command, "_build", lambda settings: built.append(settings) or Ran())

    def run(*arguments, **environment):
        result = CliRunner(env=environment).invoke(command.operator, arguments)
        return built[-1] if result.exit_code == 0 else result.output

    return run


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "settings.yaml"
        path.write_text(text)
        return str(path)

    return write


def test_without_anything_the_defaults_hold(given):
    assert Settings() == given()


def test_a_flag_goes_before_the_environment_and_that_before_the_file(given, file):
    path = file("workers: 2\nawsConcurrency: 3\nresync: 4\n")

    settings = given("--config", path, "--workers", "20", AWSLAB_WORKERS="200", AWSLAB_AWS_CONCURRENCY="30")

    assert (20, 30, 4.0) == (settings.workers, settings.aws_concurrency, settings.resync)


def test_the_file_may_be_named_in_the_environment(given, file):
    assert 7 == given(AWSLAB_CONFIG=file("workers: 7")).workers


def test_names_are_separated_by_commas_or_listed_in_the_file(given, file):
    assert ("a", "b") == given("--namespaces", "a, b").namespaces
    assert ("a", "b") == given(AWSLAB_NAMESPACES="a,b").namespaces
    assert ("a", "b") == given("--config", file("namespaces: [a, b]")).namespaces


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [(("--no-leader-election",), {}), ((), {"AWSLAB_LEADER_ELECTION": "false"})],
)
def test_the_election_can_be_turned_off(given, arguments, environment):
    assert not given(*arguments, **environment).leader_election


def test_an_unknown_setting_in_the_file_is_named_with_those_that_there_are(given, file):
    output = given("--config", file("worker: 2"))

    assert "has no setting worker; there are: instance, namespaces" in output


def test_a_file_that_is_no_mapping_is_refused(file):
    with pytest.raises(SettingsError, match="is no mapping"):
        read_file_of(file("- 1"))


def read_file_of(path):
    from pathlib import Path  # noqa: PLC0415

    return read_file(Path(path))


def test_a_wrong_value_is_named_by_its_flag(given):
    assert "--workers: Input should be greater than or equal to 1" in given("--workers", "0")


def test_a_renewal_that_comes_too_late_is_refused():
    with pytest.raises(SettingsError, match="lease_renew must fit twice into two thirds of lease_duration"):
        make({"lease_duration": 10, "lease_renew": 4})


def test_by_default_another_replica_leads_within_fifteen_seconds_of_a_kill():
    settings = make({})

    assert settings.lease_duration + 2 * settings.lease_poll < 15


def test_an_address_without_a_port_is_refused():
    with pytest.raises(SettingsError, match="metrics_address is host:port or :port, not 'localhost'"):
        make({"metrics_address": "localhost"})


@pytest.mark.parametrize(
    ("address", "expected"),
    [(":8080", ("", 8080)), ("127.0.0.1:0", ("127.0.0.1", 0)), ("[::1]:9", ("::1", 9))],
)
def test_an_address_is_a_host_and_a_port(address, expected):
    assert expected == host_and_port(address)


def test_each_instance_has_its_own_lease():
    assert "awslab-operator" == Settings().lease
    assert "awslab-operator-blue" == Settings(instance="blue").lease
    assert "mine" == Settings(lease_name="mine").lease


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        Settings().workers = 1


def test_help_shows_each_flag_its_variable_and_its_meaning():
    output = " ".join(CliRunner().invoke(command.operator, ["--help"]).output.split())

    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')}" in output
        assert f"AWSLAB_{name.upper()}" in output
        assert str(field.description).split()[0] in output
