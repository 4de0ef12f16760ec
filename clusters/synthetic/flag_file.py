"""The flag server's file, as flagd has it: variants of each flag, and the one that is served."""

from typing import Any

from clusters.synthetic.plan import PlannedFlag

SCHEMA = "https://flagd.dev/schema/v0/flags.json"


def flag_file(flags: tuple[PlannedFlag, ...]) -> dict[str, Any]:
    """Every flag at its good variant."""
    return {
        "$schema": SCHEMA,
        "flags": {
            flag.name: {
                "state": "ENABLED",
                "variants": {flag.good_variant: flag.good_value, flag.bad_variant: flag.bad_value},
                "defaultVariant": flag.good_variant,
            }
            for flag in flags
        },
    }


def checked(document: Any) -> dict[str, Any]:
    """The file that a write carries.

    Raises:
        ValueError: it has no flags, or a flag whose default is none of its variants; the message is a sentence.
    """
    file = document.get("data") if isinstance(document, dict) else None
    flags = file.get("flags") if isinstance(file, dict) else None
    if not isinstance(file, dict) or not isinstance(flags, dict):
        raise ValueError('the body must be {"data": {"flags": {...}}}')
    for name, flag in flags.items():
        variants = flag.get("variants") if isinstance(flag, dict) else None
        if not isinstance(variants, dict) or flag.get("defaultVariant") not in variants:
            raise ValueError(f"flag {name}: defaultVariant must be one of its variants")
    return file


def evaluation(file: dict[str, Any], name: str) -> tuple[int, dict[str, Any]]:
    """(HTTP status, body) of an OFREP evaluation."""
    flag = file["flags"].get(name)
    if flag is None or flag.get("state") == "DISABLED":
        problem = "is not defined" if flag is None else "is disabled"
        return 404, {"key": name, "errorCode": "FLAG_NOT_FOUND", "errorDetails": f"flag {name} {problem}"}
    variant = flag["defaultVariant"]
    return 200, {"key": name, "value": flag["variants"][variant], "variant": variant, "reason": "STATIC"}
