"""Two versions of an object differ in what was wanted of them, not in what controllers noted."""

from typing import Any

from clusters.k3s.object_changes import changes, differs_in_pods

Document = dict[str, Any]


def deployment(*, image: str = "cart:1", annotations: Document | None = None, **spec: Any) -> Document:
    container = {"name": "cart", "image": image, "env": [{"name": "A", "value": "1"}]}
    template = {
        "metadata": {"labels": {"a": "b"}, "annotations": annotations or {}},
        "spec": {"containers": [container]},
    }
    return {"metadata": {"labels": {"a": "b"}}, "spec": {"replicas": 1, "template": template, **spec}}


def test_what_is_the_same_differs_in_nothing() -> None:
    assert changes(deployment(), deployment()) == ()


def test_a_restart_and_a_revision_are_no_differences() -> None:
    noted = deployment(annotations={"otel-control-gym.io/restarted-at": "now", "kubernetes.io/change-cause": "me"})
    noted["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "7"}
    assert changes(noted, deployment()) == ()
    assert not differs_in_pods(noted, deployment())


def test_changes_are_told_by_the_names_of_list_items() -> None:
    told = changes(deployment(image="cart:2", replicas=3), deployment())
    assert told == ("spec.replicas: 3 -> 1", "spec.template.spec.containers.cart.image: cart:2 -> cart:1")


def test_what_was_added_or_taken_away_is_a_change() -> None:
    paused = deployment(paused=True)
    assert changes(paused, deployment()) == ("spec.paused: True -> nothing",)
    assert changes(deployment(), paused) == ("spec.paused: nothing -> True",)


def test_pods_differ_by_their_template_alone() -> None:
    assert differs_in_pods(deployment(image="cart:2"), deployment())
    assert not differs_in_pods(deployment(replicas=3), deployment())


def test_a_long_value_is_cut() -> None:
    before, after = ({"metadata": {}, "data": {"plan.json": letter * 500}} for letter in "ab")
    (told,) = changes(before, after)
    assert told.startswith("data.plan.json: aaa") and len(told) < 200
