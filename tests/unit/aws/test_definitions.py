"""A definition is told from the document that AWS keeps, functions and all."""

from __future__ import annotations

import json

import pytest

from awslab.aws.states import Definition

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:validate"


def asl(*functions, comment="One step after the other"):
    states = {name: {"Type": "Task", "Resource": function, "End": True} for name, function in functions}
    return {"Comment": comment, "StartAt": "A", "States": states}


TEXT = asl(("A", "${Check}"), ("B", "${Write}"))
TWO = Definition.of(TEXT, {"Check": f"{FUNCTION}:1", "Write": f"{FUNCTION}:12"})


def changed(definition, change):
    """What is read after somebody has changed the document that AWS keeps."""
    document = json.loads(definition.written())
    change(document)
    return Definition.read(json.dumps(document))


@pytest.mark.parametrize(
    "definition",
    [
        TWO,
        Definition.of({"StartAt": "A", "States": {}}),
        Definition.of(TEXT),
        Definition.of(asl(comment='{"told": "as JSON"}')),
        Definition.of({"StartAt": "A", "States": {"A": "${Check}"}}, {"Check": FUNCTION}),
    ],
    ids=["two functions", "nothing", "names and no functions", "a comment in JSON", "functions and no comment"],
)
def test_what_is_written_is_read_as_the_same(definition):
    assert definition == Definition.read(definition.written())


def test_what_is_written_names_the_versions():
    assert asl(("A", f"{FUNCTION}:1"), ("B", f"{FUNCTION}:12"))["States"] == json.loads(TWO.written())["States"]


def test_a_version_is_not_taken_for_one_that_it_begins():
    one = Definition.of(asl(("A", "${Check}"), ("B", f"{FUNCTION}:12")), {"Check": f"{FUNCTION}:1"})

    assert f"{FUNCTION}:12" in Definition.read(one.written()).text


def test_the_way_of_writing_does_not_matter():
    assert Definition.of(json.dumps(TEXT, indent=8)) == Definition.of(dict(reversed(TEXT.items())))


def test_another_function_in_the_text_is_a_difference():
    other = changed(TWO, lambda told: told["States"]["A"].update(Resource=f"{FUNCTION}:3"))

    assert TWO.functions == other.functions
    assert TWO != other


def test_another_function_in_the_comment_is_a_difference():
    other = changed(TWO, lambda told: told.update(Comment=told["Comment"].replace(":12", ":13")))

    assert TWO != other


@pytest.mark.parametrize("comment", ["mine", "{}", '{"functions": 1}', "[]", 7, None], ids=repr)
def test_a_comment_of_somebody_else_is_a_difference(comment):
    assert changed(TWO, lambda told: told.update(Comment=comment)) != TWO


def test_one_function_has_one_name():
    with pytest.raises(ValueError, match="one function has two names: A, B"):
        Definition.of(TEXT, {"A": FUNCTION, "B": FUNCTION})


def test_people_see_a_fingerprint_and_versions_and_not_the_text():
    assert f"{TWO.fingerprint} (Check 1, Write 12)" == str(TWO)
    assert TWO.fingerprint != Definition.of(TEXT, {"Check": f"{FUNCTION}:2", "Write": f"{FUNCTION}:12"}).fingerprint
