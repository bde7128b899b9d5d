"""Tags say whose a resource is, and survive whatever the user wishes."""

from __future__ import annotations

from dataclasses import replace

from awslab.core.ownership import Owner
from awslab.core.values import FrozenMap
from tests.unit.core.fakes import OWNER, Net

NET = Net(name="net", tags=FrozenMap({"team": "platform"}))


def test_the_key_is_made_of_names_only():
    assert OWNER.key == "test/LabVpc/lab/net"
    assert replace(OWNER, uid="of a restored cluster").key == OWNER.key


def test_a_resource_carries_the_owner_its_address_a_name_and_the_users_tags():
    assert OWNER.tags(NET) == {
        "Name": "net-net",
        "awslab.dev/owner": "test/LabVpc/lab/net",
        "awslab.dev/resource": "Net/net",
        "team": "platform",
    }


def test_the_uid_is_set_at_birth_and_never_wanted_later():
    assert OWNER.birth_tags(NET) == {**OWNER.tags(NET), "awslab.dev/uid": "uid-1"}


def test_users_may_choose_the_name_but_not_the_owner():
    bold = replace(NET, tags=FrozenMap({"Name": "mine", "awslab.dev/owner": "me", "awslab.dev/resource": "x"}))

    tags = OWNER.tags(bold)

    assert ("mine", OWNER.key, "Net/net") == (tags["Name"], tags["awslab.dev/owner"], tags["awslab.dev/resource"])


def test_a_physical_name_is_one_owners_and_has_no_dots():
    dotted, dashed = (Owner("default", "DataPipeline", "lab", name) for name in ("sales.eu", "sales-eu"))

    assert dotted.physical_name("runs").startswith("awslab-sales-eu-runs-")
    assert dotted.physical_name("runs") != dashed.physical_name("runs")


def test_an_owner_knows_the_names_that_it_gave():
    mine, other = (Owner("default", "LabVpc", "lab", name) for name in ("net", "web"))

    assert all(mine.gave(mine.physical_name(part, limit)) for part in ("web", "web-8080") for limit in (32, 64))
    assert not mine.gave(other.physical_name("web"))
    assert not mine.gave("web")


def test_a_long_physical_name_is_cut_and_stays_one_of_its_own():
    owner = Owner("default", "DataPipeline", "lab", "sales" * 20)

    names = {owner.physical_name(part) for part in ("runs", "news")}

    assert {64} == {len(name) for name in names}
    assert len(names) == 2
    assert all(name.startswith(owner.prefix[:48]) for name in names)
