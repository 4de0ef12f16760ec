import pytest

from clusters.k3s.inventory import ClusterSpec, Inventory, TelemetrySpec
from ray_configs.errors import UserError
from rollouts.live_dealing import ClusterDeal, only, resource_of, stand_resources

TELEMETRY = TelemetrySpec(prometheus_url="http://prometheus", otlp_endpoint="http://gateway")
NORTH = ClusterSpec(name="north", telemetry=TELEMETRY, stands=6)
SOUTH = ClusterSpec(name="south", telemetry=TELEMETRY, stands=2)
INVENTORY = Inventory(clusters=(NORTH, SOUTH))
PLENTY = {"CPU": 8.0, "stand_north": 6.0, "stand_south": 2.0}


def dealt(deal: ClusterDeal, number: int) -> list[str]:
    return [deal.take().name for _ in range(number)]


def test_actors_go_where_most_stands_are_left() -> None:
    deal = ClusterDeal(INVENTORY, offered=PLENTY, free={"north": 4, "south": 2})
    assert sorted(dealt(deal, 6)) == ["north"] * 4 + ["south"] * 2


def test_a_cluster_that_others_hold_is_left_to_them() -> None:
    deal = ClusterDeal(INVENTORY, offered=PLENTY, free={"north": 0, "south": 2})
    assert dealt(deal, 2) == ["south", "south"]


def test_a_cluster_that_no_node_offers_gets_no_actor() -> None:
    deal = ClusterDeal(INVENTORY, offered={"stand_south": 1.0}, free={"north": 6, "south": 2})
    assert dealt(deal, 3) == ["south"] * 3


def test_a_replaced_actor_goes_to_the_place_that_was_given_back() -> None:
    deal = ClusterDeal(INVENTORY, offered=PLENTY, free={"north": 1, "south": 1})
    first, _ = deal.take(), deal.take()
    deal.give_back(first)
    assert deal.take() == first


def test_a_ray_without_live_stands_is_refused_with_what_to_start() -> None:
    with pytest.raises(UserError, match=r"--resources='\{\"stand_north\": 6, \"stand_south\": 2\}'"):
        ClusterDeal(INVENTORY, offered={"CPU": 8.0}, free={"north": 6, "south": 2})


def test_one_machine_offers_every_stand_of_an_inventory() -> None:
    assert stand_resources(INVENTORY) == {"stand_north": 6.0, "stand_south": 2.0}
    assert resource_of(SOUTH) in stand_resources(only(INVENTORY, SOUTH))
    assert only(INVENTORY, SOUTH).clusters == (SOUTH,)
