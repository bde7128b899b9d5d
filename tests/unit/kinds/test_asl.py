"""From a flow to Amazon States Language."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import ClassVar

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from awslab.api.datapipeline_functions import Topic
from awslab.api.datapipeline_steps import Location
from awslab.kinds.asl import TRANSIENT, definition
from awslab.kinds.asl_needs import Needs
from tests.unit.kinds.pipelines import (
    EXAMPLES,
    NAMES,
    callable_text,
    choice,
    example,
    function,
    machine,
    spec,
    states,
    wait,
)

BRANCHES = {"name": "P", "parallel": [[function("A")], [function("B")], [function("C")]]}


def needs(*steps, **fields) -> Needs:
    return definition(spec(*steps, **fields), NAMES).needs


class TestFunctions:
    def test_a_function_is_called_by_its_placeholder_and_its_result_is_kept(self):
        task = states(function("A"))["A"]

        assert ("Task", "${A}", "$.steps.A") == (task["Type"], task["Resource"], task["ResultPath"])

    def test_errors_that_pass_are_tried_again_with_growing_random_waits(self):
        (retry,) = states(function("A"))["A"]["Retry"]

        assert retry == {
            "ErrorEquals": list(TRANSIENT),
            "IntervalSeconds": 2,
            "MaxAttempts": 6,
            "BackoffRate": 2.0,
            "MaxDelaySeconds": 60,
            "JitterStrategy": "FULL",
        }

    def test_a_step_may_say_its_own_retries_or_none(self):
        found = states(function("A", retry=[{"errors": ["Mine"], "jitter": "None"}]), function("B", retry=[]))

        assert (["Mine"], "NONE") == (
            found["A"]["Retry"][0]["ErrorEquals"],
            found["A"]["Retry"][0]["JitterStrategy"],
        )
        assert "Retry" not in found["B"]

    def test_the_definition_names_each_function_once(self):
        found = definition(spec(function("A"), BRANCHES | {"parallel": [[function("B")]]}), NAMES)

        assert found.functions == ("A", "B")
        assert found.needs.functions == {"A", "B"}


class TestErrors:
    def test_an_error_leads_to_a_notice_with_the_name_of_the_step_and_fails_the_run(self):
        found = states(function("A"))

        assert found["A"]["Catch"] == [
            {
                "ErrorEquals": ["States.ALL"],
                "Assign": {"failedStep": "A"},
                "ResultPath": "$.error",
                "Next": "Notice of failure",
            }
        ]
        notice = found["Notice of failure"]
        assert notice["Parameters"]["TopicArn"] == NAMES.failure_topic
        assert {"$failedStep", "$.error.Error", "$.error.Cause", "$.input.key"} <= set(
            re.findall(r"\$[\w.]+", notice["Parameters"]["Message.$"])
        )
        assert notice["Next"] == "Run failed"
        assert found["Run failed"] == {
            "Type": "Fail",
            "ErrorPath": "$.error.Error",
            "CausePath": "States.Format('{}: {}', $failedStep, $.error.Cause)",
        }

    def test_a_notice_that_cannot_be_sent_hides_no_error(self):
        (caught,) = states(function("A"))["Notice of failure"]["Catch"]

        assert ("$.untold", "Run failed") == (caught["ResultPath"], caught["Next"])

    def test_a_step_s_own_catches_come_first(self):
        own = [{"errors": ["Mine"], "next": "B"}]

        catches = states(function("A", catch=own), function("B"))["A"]["Catch"]

        assert ["B", "Notice of failure"] == [caught["Next"] for caught in catches]
        assert catches[0] == {"ErrorEquals": ["Mine"], "ResultPath": "$.error", "Next": "B"}

    def test_a_step_that_catches_everything_needs_no_more(self):
        own = [{"errors": ["States.ALL"], "next": "B"}]

        assert len(states(function("A", catch=own), function("B"))["A"]["Catch"]) == 1

    def test_without_notices_of_failure_an_error_ends_the_run(self):
        found = states(function("A"), notifications={"failure": {"automatic": False}})

        assert list(found) == ["A"]
        assert "Catch" not in found["A"]

    def test_an_error_in_a_branch_keeps_the_name_of_its_step(self):
        branch = states(BRANCHES)["P"]["Branches"][1]

        (caught,) = branch["States"]["B"]["Catch"]
        assert ({"failedStep": "B"}, "Failed in branch 2 of P") == (caught["Assign"], caught["Next"])
        assert branch["States"]["Failed in branch 2 of P"]["CausePath"] == (
            "States.Format('{}: {}', $failedStep, $.error.Cause)"
        )


class TestNotices:
    NOTIFY: ClassVar = {
        "name": "N",
        "notify": {"topic": "Success", "message": "${input.key}: ${json:steps.A.list}, it's {fine}"},
    }

    def test_values_of_the_state_are_filled_in(self):
        sent = states(function("A"), self.NOTIFY)["N"]["Parameters"]

        assert sent["Message.$"] == (
            r"States.Format('{}: {}, it\'s \{fine\}', $.input.key, States.JsonToString($.steps.A.list))"
        )

    def test_a_notice_changes_nothing_in_the_state(self):
        assert states(function("A"), self.NOTIFY)["N"]["ResultPath"] is None

    def test_plain_text_stays_plain(self):
        sent = states({"name": "N", "notify": {"message": "States.Format is {plain}"}})["N"]["Parameters"]

        assert sent["Message"] == "States.Format is {plain}"

    def test_a_value_alone_is_a_path(self):
        assert states({"name": "F", "fail": {"error": "E", "cause": "${input.key}"}})["F"]["CausePath"] == "$.input.key"

    def test_a_subject_is_never_too_long_for_sns(self):
        text = definition(spec(function("A")), replace(NAMES, pipeline="p" * 253)).text

        subject = json.loads(text)["States"]["Notice of failure"]["Parameters"]["Subject"]
        assert len(subject) <= 100
        assert subject.endswith(" failed")

    def test_each_good_end_sends_a_notice_if_that_is_wanted(self):
        steps = [choice("C", "S", default="A"), {"name": "S", "succeed": {}}, function("A", end=True)]

        found = states(*steps, notifications={"success": {"automatic": True}})

        assert ["Notice of success"] * 2 == [found["S"]["Next"], found["A"]["Next"]]
        assert found["S"]["Type"] == "Pass"
        assert found["Notice of success"]["End"] is True

    def test_the_topics_that_are_used_are_needed(self):
        assert {Topic.FAILURE} == needs(function("A")).topics
        assert {Topic.FAILURE, Topic.SUCCESS} == needs(function("A"), self.NOTIFY).topics
        assert set() == needs(function("A"), notifications={"failure": {"automatic": False}}).topics


class TestChoices:
    def test_a_value_that_is_not_there_fails_no_run(self):
        found = states(choice("C", "A", default="B"), function("A", end=True), function("B"))["C"]

        assert found["Choices"] == [
            {
                "And": [
                    {"Variable": "$.input.size", "IsPresent": True},
                    {"Variable": "$.input.size", "NumericGreaterThan": 5},
                ],
                "Next": "A",
            }
        ]
        assert found["Default"] == "B"

    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ({"equals": True}, {"BooleanEquals": True}),
            ({"equals": "x"}, {"StringEquals": "x"}),
            ({"equals": 2}, {"NumericEquals": 2}),
            ({"lessThan": 2.5}, {"NumericLessThan": 2.5}),
            ({"lessThanEquals": 2}, {"NumericLessThanEquals": 2}),
            ({"greaterThanEquals": 2}, {"NumericGreaterThanEquals": 2}),
            ({"matches": "*.csv"}, {"StringMatches": "*.csv"}),
            ({"isNull": False}, {"IsNull": False}),
        ],
    )
    def test_each_test_has_its_operator(self, said, meant):
        rule = {"when": {"path": "$.run", **said}, "next": "A"}

        (found,) = states({"name": "C", "choice": [rule], "default": "A"}, function("A"))["C"]["Choices"]

        assert found["And"][1] == {"Variable": "$.run", **meant}

    def test_tests_are_joined_and_turned_round(self):
        one = {"path": "$.run", "isPresent": True}
        rules = [{"when": {word: [one]}, "next": "A"} for word in ("and", "or")] + [{"when": {"not": one}, "next": "A"}]

        found = states({"name": "C", "choice": rules, "default": "A"}, function("A"))["C"]["Choices"]

        test = {"Variable": "$.run", "IsPresent": True}
        assert [{"And": [test]}, {"Or": [test]}, {"Not": test}] == [
            {k: v for k, v in rule.items() if k != "Next"} for rule in found
        ]

    def test_jsonata_is_the_language_of_its_choice_alone(self):
        rule = {"jsonata": "{% $states.input.run = 'x' %}", "next": "A"}

        whole = machine({"name": "C", "choice": [rule], "default": "A"}, function("A"))

        assert whole["States"]["C"]["QueryLanguage"] == "JSONata"
        assert whole["States"]["C"]["Choices"] == [{"Condition": rule["jsonata"], "Next": "A"}]
        assert "QueryLanguage" not in whole


class TestBranches:
    def test_the_results_of_all_branches_are_merged_and_put_in_their_place(self):
        found = states(BRANCHES, function("Z"))

        assert found["P"]["ResultSelector"] == {
            "steps.$": "States.JsonMerge($[0], States.JsonMerge($[1], $[2], false), false)"
        }
        assert ("$.steps", "Results of P") == (found["P"]["ResultPath"], found["P"]["Next"])
        assert found["Results of P"] == {
            "Type": "Pass",
            "InputPath": "$.steps.steps",
            "ResultPath": "$.steps",
            "Next": "Z",
        }

    @pytest.mark.parametrize(
        "end",
        [function("End"), wait("End"), {"name": "End", "succeed": {}}, BRANCHES | {"name": "End"}],
        ids=["function", "wait", "succeed", "parallel"],
    )
    def test_a_branch_hands_back_results_and_no_more(self, end):
        steps = [choice("Way", "End", default="Or"), function("Or", next="End"), end]

        (branch,) = states({"name": "Q", "parallel": [steps]})["Q"]["Branches"]

        (last,) = [s for s in branch["States"].values() if s.get("End") or s["Type"] == "Succeed"]
        assert last["OutputPath"] == "$.steps"

    def test_the_run_itself_hands_back_everything(self):
        assert "OutputPath" not in states(function("A"))["A"]


class TestMaps:
    def test_a_list_in_the_state_is_gone_through_and_results_are_collected_by_step(self):
        inner = {"name": "Q", "parallel": [[function("B")]]}
        body = {"over": "$.steps.L.list", "maxConcurrency": 3, "steps": [function("A"), inner]}

        found = states(function("L"), {"name": "M", "map": body})["M"]

        assert (found["ItemsPath"], found["MaxConcurrency"]) == ("$.steps.L.list", 3)
        assert found["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
        assert found["ItemSelector"]["item.$"] == "$$.Map.Item.Value"
        assert found["ResultSelector"] == {"A.$": "$[*].A", "B.$": "$[*].B"}
        assert found["ResultPath"] == "$.steps.M"

    def test_within_a_map_results_begin_anew_and_those_from_outside_are_outer(self):
        inner = {"name": "N", "map": {"over": "$.item.list", "steps": [function("A")]}}

        found = states(function("L"), {"name": "M", "map": {"over": "$.steps.L.list", "steps": [inner]}})["M"]

        selector = found["ItemProcessor"]["States"]["N"]["ItemSelector"]
        assert ({}, "$.steps") == (found["ItemSelector"]["steps"], found["ItemSelector"]["outer.$"])
        assert ({}, "States.JsonMerge($.outer, $.steps, false)") == (selector["steps"], selector["outer.$"])

    def test_a_map_without_results_changes_nothing(self):
        body = {"over": "$.steps.L.list", "steps": [wait("W")]}

        assert states(function("L"), {"name": "M", "map": body})["M"]["ResultPath"] is None

    def test_rows_are_read_from_the_version_that_was_uploaded(self):
        body = {"rows": {"maxItems": 7}, "toleratedFailurePercentage": 5, "steps": [function("A")]}

        found = states({"name": "M", "map": body})["M"]

        assert found["ItemReader"] == {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 7},
            "Parameters": {
                "Bucket.$": "$.input.bucket",
                "Key.$": "$.input.key",
                "VersionId.$": "$.input.version",
            },
        }
        assert found["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        assert found["ToleratedFailurePercentage"] == 5
        assert found["ResultWriter"]["Parameters"] == {"Bucket": "the-work", "Prefix": "work/maps/M"}

    def test_a_bucket_of_somebody_else_may_have_no_versions(self):
        step = {"name": "M", "map": {"rows": {}, "steps": [function("A")]}}

        found = states(step, source={"existingBucket": "theirs"})["M"]

        assert "VersionId.$" not in found["ItemReader"]["Parameters"]

    @pytest.mark.parametrize(
        ("location", "where"),
        [
            ("Input", {"Bucket.$": "$.input.bucket", "Prefix": "input/x/"}),
            ("Work", {"Bucket.$": "$.work.bucket", "Prefix.$": "States.Format('{}x/', $.work.prefix)"}),
            ("Output", {"Bucket.$": "$.output.bucket", "Prefix.$": "States.Format('{}x/', $.output.prefix)"}),
        ],
    )
    def test_objects_are_listed_where_they_lie(self, location, where):
        step = {"name": "M", "map": {"objects": {"location": location, "prefix": "x/"}, "steps": [function("A")]}}

        assert states(step)["M"]["ItemReader"]["Parameters"] == where
        assert needs(step).lists == {Location(location)}

    def test_what_a_map_needs(self):
        rows = needs({"name": "M", "map": {"rows": {}, "steps": [function("A")]}})
        inline = needs(function("L"), {"name": "M", "map": {"over": "$.steps.L.x", "steps": [function("A")]}})

        assert (True, True, True) == (rows.distributed, rows.reads_input, rows.writes_results)
        assert (False, False, False) == (inline.distributed, inline.reads_input, inline.writes_results)


class TestTheWhole:
    def test_it_is_given_up_after_a_day_or_as_long_as_is_said(self):
        assert machine(function("A"))["TimeoutSeconds"] == 86400
        assert machine(function("A"), type="EXPRESS")["TimeoutSeconds"] == 300
        assert machine(function("A"), timeout=60)["TimeoutSeconds"] == 60

    def test_the_same_spec_gives_the_same_text(self):
        one, other = (definition(example(path), NAMES).text for path in EXAMPLES[:1] * 2)

        assert one == other

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_every_example_is_understood_by_another_reader(self, path):
        AmazonStateLanguageParser.parse(callable_text(definition(example(path), NAMES).text))

    def test_the_example_of_the_course_is_its_picture(self):
        path = next(path for path in EXAMPLES if path.stem == "datapipeline")

        whole = json.loads(definition(example(path), NAMES).text)

        flow = whole["States"]
        assert flow["IsValid"]["Default"] == "SendAlert"
        assert flow["IsValid"]["Choices"][0]["Next"] == "TransformData"
        road = ["TransformData"]
        while "Next" in flow[road[-1]]:
            road.append(flow[road[-1]]["Next"])
        assert road == ["TransformData", "Analyze", "Results of Analyze", "WriteOutput", "SendSuccessNotification"]
        assert ["CalculateStatistics", "GenerateReport"] == [b["StartAt"] for b in flow["Analyze"]["Branches"]]
