"""Values are taken apart and put together again without loss."""

from __future__ import annotations

import pytest

from awslab.core.diff import Change, Changes, words
from awslab.core.resource import Ids, Ref, Unknown, resolved
from awslab.core.values import FrozenMap, leaves, mapped, parts, with_part
from tests.unit.core.fakes import Host, Link, Net, id_of, seen

NET = Net(name="net")


class TestFrozenMap:
    def test_maps_with_equal_items_are_equal_and_hash_alike(self):
        one, other = FrozenMap({"a": 1, "b": 2}), FrozenMap([("b", 2), ("a", 1)])

        assert one == other
        assert hash(one) == hash(other)

    def test_it_cannot_be_changed(self):
        with pytest.raises(TypeError):
            FrozenMap({"a": 1})["a"] = 2

    def test_it_does_not_change_with_what_it_was_made_of(self):
        source = {"a": 1}
        frozen = FrozenMap(source)

        source["a"] = 2

        assert frozen == {"a": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1}, {"a": 1}),
        (frozenset({"x"}), {"x": True}),
        ("text", {None: "text"}),
        (None, {None: None}),
        ((1, 2), {None: (1, 2)}),
    ],
    ids=str,
)
def test_a_value_has_parts(value, expected):
    assert expected == parts(value)


def test_leaves_are_found_at_any_depth():
    value = {"k": (frozenset({Link(80, NET)}), ["x", FrozenMap({Ref("Net", "b"): 1})])}

    assert {"k", 80, NET, "x", Ref("Net", "b"), 1} == set(leaves(value))


def test_a_resource_is_a_leaf_and_is_not_taken_apart():
    assert list(leaves(NET)) == [NET]


def test_mapping_a_value_keeps_its_shape():
    value = FrozenMap({Link(80, "x"): frozenset({"y"}), "t": ("z",)})

    upper = mapped(value, lambda leaf: leaf.upper() if isinstance(leaf, str) else leaf)

    assert FrozenMap({Link(80, "X"): frozenset({"Y"}), "T": ("Z",)}) == upper


@pytest.mark.parametrize(
    ("value", "key", "part", "expected"),
    [
        (1, None, 2, 2),
        (frozenset(), "b", True, frozenset({"b"})),
        (frozenset({"a"}), "a", None, frozenset()),
        (FrozenMap({"a": 1}), "a", 2, FrozenMap({"a": 2})),
        (FrozenMap({"a": 1}), "a", None, FrozenMap()),
        (FrozenMap({"a": 1}), "b", None, FrozenMap({"a": 1})),
    ],
    ids=str,
)
def test_one_part_can_be_set_or_taken_away(value, key, part, expected):
    assert expected == with_part(value, key, part)


def test_references_become_ids_and_stay_readable_where_there_is_none():
    value = frozenset({Link(80, NET), Link(81, Ref("Host", "b"))})

    known = resolved(value, Ids({"Net/net": "net-1"}))

    assert frozenset({Link(80, "net-1"), Link(81, Unknown("Host/b"))}) == known
    assert {"80 net-1", "81 (Host/b)"} == set(map(str, known))


def test_a_change_that_was_carried_out_leaves_no_difference():
    found = seen(Host(name="a"), fields={"size": 3, "links": FrozenMap({Link(22, "x"): ""})}, tags={"a": "1"})

    for change in (
        Change("size", 1, 3),
        Change("links", None, "", Link(22, "x")),
        Change("links", "web", None, Link(80, id_of("Net/net"))),
        Change("tags", None, "1", "a"),
    ):
        found = found.after(change)

    assert (1, {Link(80, id_of("Net/net")): "web"}, {}) == (found.fields["size"], found.fields["links"], found.tags)


class TestChanges:
    added, changed, removed = Change("m", "x", None, "k"), Change("s", 2, 1), Change("m", None, "y", "l")
    changes = Changes((added, changed, removed))

    def test_they_are_chosen_by_field(self):
        assert (self.added, self.removed) == self.changes.of("m")
        assert (self.changed,) == self.changes.without("m")

    def test_they_are_told_apart_by_what_has_to_be_done(self):
        assert [self.added, self.changed] == list(self.changes.additions)
        assert [self.removed] == list(self.changes.removals)

    def test_a_plain_field_has_one_wanted_value(self):
        assert self.changes.desired("s") == 2
        assert self.changes.desired("other") is None

    def test_they_read_as_people_write(self):
        assert [str(c) for c in self.changes] == ["m.k: none -> x", "s: 1 -> 2", "m.l: y -> none"]


@pytest.mark.parametrize(
    ("value", "part", "said"),
    [
        (None, False, "none"),
        (True, False, "True"),
        (False, False, "False"),
        ("", False, "empty"),
        ("x", False, "x"),
        (None, True, "none"),
        (True, True, "present"),
        ("", True, "present"),
        ("x", True, "x"),
    ],
    ids=str,
)
def test_values_have_words(value, part, said):
    assert said == words(value, part=part)
