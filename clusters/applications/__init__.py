"""Applications as data: one YAML per service configuration, and the one function that reads them.

Holds four configurations of the OpenTelemetry Demo: `small-core`, the smallest functional one, `medium-store` with its
proxy, ads and e-mail, `async-store` with Kafka and its consumers, and `review-store` with a language model. To add an
application: one YAML here and one line in `APPLICATIONS`; every shipped YAML is loaded and checked by a test.
"""

from functools import cache
from pathlib import Path

from clusters.applications.validation import check_application
from clusters.topology import Application
from ray_configs.errors import UserError
from ray_configs.loading import load

APPLICATIONS: dict[str, str] = {
    "small-core": "small-core.yaml",
    "medium-store": "medium-store.yaml",
    "async-store": "async-store.yaml",
    "review-store": "review-store.yaml",
}
"""Name -> file beside this module."""


@cache
def load_application(name: str) -> Application:
    """The application called `name`.

    Raises:
        UserError: there is none such; the message lists the known ones.
    """
    if name not in APPLICATIONS:
        raise UserError(f"no application {name!r}; choose one of: {', '.join(sorted(APPLICATIONS))}")
    return load_application_file(Path(__file__).parent / APPLICATIONS[name])


def load_application_file(path: Path) -> Application:
    """The application that a YAML file describes, checked as a whole.

    Raises:
        UserError: an unknown key, a wrong type, a reference to something that does not exist, a number out of its
            range, a call that its caller cannot make, or a cycle of calls; the message names the file, the thing and
            the fix.
    """
    application = load(path, Application)
    check_application(application, source=str(path))
    return application
