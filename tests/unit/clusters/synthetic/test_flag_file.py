import pytest

from clusters.applications import load_application
from clusters.synthetic.flag_file import checked, evaluation, flag_file
from clusters.synthetic.plan import service_plan

FLAGS = service_plan(load_application("small-core"), "flagd").flags


def test_a_new_file_serves_every_flags_good_variant() -> None:
    file = flag_file(FLAGS)
    for flag in FLAGS:
        status, body = evaluation(file, flag.name)
        assert (status, body["variant"], body["value"]) == (200, flag.good_variant, flag.good_value)


def test_a_written_default_is_served() -> None:
    file = flag_file(FLAGS)
    file["flags"]["cartFailure"]["defaultVariant"] = "on"
    assert evaluation(checked({"data": file}), "cartFailure")[1]["variant"] == "on"


def test_an_unknown_and_a_disabled_flag_are_not_found() -> None:
    file = flag_file(FLAGS)
    file["flags"]["cartFailure"]["state"] = "DISABLED"
    for name, reason in (("cartFailure", "is disabled"), ("other", "is not defined")):
        status, body = evaluation(file, name)
        assert (status, body["errorCode"]) == (404, "FLAG_NOT_FOUND")
        assert reason in body["errorDetails"]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "the body must be"),
        ({"flags": {}}, "the body must be"),
        ({"data": {"flags": {"a": {"variants": {"on": True}, "defaultVariant": "off"}}}}, "flag a: defaultVariant"),
        ({"data": {"flags": {"a": 3}}}, "flag a: defaultVariant"),
    ],
)
def test_a_file_that_cannot_be_served_is_refused(document: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        checked(document)
