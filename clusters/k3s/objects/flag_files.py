"""The flag server's file of the demo: flags that services ask for by name, in flagd's own schema."""

import json

from clusters.kubernetes_part import FlagDelivery
from clusters.topology import Application

_SCHEMA = "https://flagd.dev/schema/v0/flags.json"


def flag_file(application: Application) -> str:
    """The file's text: every flag of the application that the flag server delivers, with its good variant set."""
    flags = {
        flag.name: {
            "description": ", ".join(f"{effect.service} misbehaves" for effect in flag.effects),
            "state": "ENABLED",
            "variants": {flag.good_variant: flag.good_value, flag.bad_variant: flag.bad_value},
            "defaultVariant": flag.good_variant,
        }
        for flag in application.flags
        if flag.delivery is FlagDelivery.FLAGD
    }
    return json.dumps({"$schema": _SCHEMA, "flags": flags}, indent=2)
