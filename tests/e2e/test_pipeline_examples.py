"""Each other example of a DataPipeline: applied as it is, Ready, run on data, deleted with all that it made."""

from __future__ import annotations

import json

import pytest

from awslab.local.demo import account
from tests.support.live import ROOT, eventually
from tests.support.live_pipeline import LivePipeline, client
from tests.support.pipeline import HEADER, SALES, Numbers

NAMES = ("minimal", "map", "asl", "in-vpc")
RECORDS = "output/processed_sales_data.json"
RIGHT = Numbers.of(SALES.read_text())


@pytest.fixture(scope="module")
def examples(place, lab) -> dict[str, LivePipeline]:
    """All of them at once, since they take AWS no longer than one; with the LabVpc that one refers to."""
    place.kubectl("apply", "-f", str(ROOT / "examples/vpc.yaml"))
    return {name: LivePipeline.example(place, f"datapipeline-{name}.yaml") for name in NAMES}


@pytest.fixture
def pipeline(request, examples) -> LivePipeline:
    """One of them, Ready."""
    return examples[request.param].settled()


@pytest.mark.parametrize("pipeline", ["minimal"], indirect=True)
def test_the_least_that_can_be_said_gives_records(pipeline):
    assert pipeline.processed(SALES) == "SUCCEEDED"

    records = pipeline.read(RECORDS)["records"]
    assert len(records) == RIGHT.rows
    assert sum(int(record["quantity"]) for record in records) == RIGHT.quantity


@pytest.mark.parametrize("pipeline", ["map"], indirect=True)
def test_a_map_goes_over_a_list_and_over_the_rows_of_the_file(pipeline):
    assert pipeline.processed(SALES) == "SUCCEEDED"

    assert pipeline.read("output/regions.json") == {
        "source": "input/sales_data.csv",
        "regions": ["North", "South", "East", "West"],
    }


@pytest.mark.parametrize("pipeline", ["map"], indirect=True)
def test_new_code_of_one_step_updates_one_function_and_nothing_else(pipeline):
    before, since = pipeline.ids(), pipeline.place.control.last_call()

    code = pipeline.spec["steps"][0]["inline"]["code"].replace('"North", ', "")
    pipeline.patch([{"op": "replace", "path": "/spec/steps/0/inline/code", "value": code}])
    pipeline.settled()

    writes = pipeline.place.writes(since)
    of_functions = [call for call in writes if call["action"] != "UpdateStateMachine"]
    assert len(writes) == len(of_functions) + 1
    assert {"UpdateFunctionCode", "PublishVersion", "UpdateAlias"} <= {call["action"] for call in of_functions}
    assert [call for call in of_functions if "ListRegions" not in json.dumps(call["params"])] == []
    assert [address for address, id_ in pipeline.ids().items() if before[address] != id_] == ["Release/ListRegions"]
    assert pipeline.processed(SALES) == "SUCCEEDED"
    assert pipeline.read("output/regions.json")["regions"] == ["South", "East", "West"]


@pytest.mark.parametrize("pipeline", ["asl"], indirect=True)
def test_raw_asl_runs_with_the_names_of_functions_filled_in(pipeline, tmp_path):
    (tmp_path / "header.csv").write_text(HEADER)

    assert pipeline.processed(SALES) == "SUCCEEDED"
    assert pipeline.output()["steps"]["CountRows"] == {"rows": RIGHT.rows}
    assert pipeline.processed(tmp_path / "header.csv") == "FAILED"
    last = eventually(lambda: (e := pipeline.status["executions"])[0]["input"].endswith("header.csv") and e[0])
    assert (last["failedStep"], last["error"]) == ("Refused", "NoRows")


@pytest.mark.parametrize("pipeline", ["in-vpc"], indirect=True)
def test_functions_run_in_the_private_subnets_of_the_lab_vpc(pipeline):
    vpc = json.loads(pipeline.kubectl("get", "labvpc", "production", "--output=json"))["status"]

    assert pipeline.processed(SALES) == "SUCCEEDED"

    assert len(pipeline.read(RECORDS)["records"]) == RIGHT.rows
    placed = {
        step: pipeline.client("lambda").get_function_configuration(FunctionName=arn).get("VpcConfig", {})
        for step, arn in pipeline.status["functionArns"].items()
    }
    assert set(placed["TransformData"]["SubnetIds"]) == set(vpc["privateSubnetIds"])
    assert placed["TransformData"]["SecurityGroupIds"] == [vpc["securityGroupIds"]["app"]]
    assert not placed["ValidateData"].get("SubnetIds")


def test_deleting_them_all_empties_the_account(examples, place):
    for pipeline in examples.values():
        pipeline.patch({"spec": {"deletion": {"emptyBuckets": True}}})

    place.kubectl("delete", "datapipelines", "--all", "--namespace=lab", "--timeout=120s")
    place.kubectl("delete", "labvpcs", "--all", "--namespace=lab", "--timeout=60s")

    assert list(account.of_pipelines(lambda service: client(place, service))) == []
    assert account.leftovers(place.ec2) == []
