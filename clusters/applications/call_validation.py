"""The calls between services: callees that exist, numbers in range, and messages from brokers to consumers only."""

from collections.abc import Iterator

from clusters.topology import Application, Call, Service, ServiceKind


def call_problems(application: Application) -> Iterator[str]:
    """What is wrong with the calls of an application."""
    for service in application.services:
        for operation in service.operations:
            caller = f"{service.name}.{operation.name}"
            for call in operation.calls:
                yield from reference_problems(application, f"operation {caller!r} calls", call.operation)
                yield from _number_problems(caller, call)
                yield from _message_problems(service, caller, call)
    for service in application.services:
        yield from _consumer_problems(application, service)


def reference_problems(application: Application, where: str, reference: str) -> Iterator[str]:
    """A `service.Operation` that does not exist; `where` begins the sentence."""
    service_name, _, operation_name = reference.partition(".")
    if service_name not in application.service_names:
        yield (
            f"{where} {reference!r}, but there is no service {service_name!r}; "
            f"known services: {', '.join(application.service_names)}"
        )
        return
    names = [operation.name for operation in application.service(service_name).operations]
    if operation_name not in names:
        yield (
            f"{where} {reference!r}, but {service_name} has no operation {operation_name!r}; "
            f"it has: {', '.join(names) or 'none'}"
        )


def _number_problems(caller: str, call: Call) -> Iterator[str]:
    if call.count <= 0 or call.timeout_seconds <= 0 or call.max_retries < 0:
        yield (
            f"operation {caller!r} calls {call.operation!r} with count {call.count}, timeout_seconds "
            f"{call.timeout_seconds}, max_retries {call.max_retries}; the first two must be positive, "
            "the last not negative"
        )


def _message_problems(service: Service, caller: str, call: Call) -> Iterator[str]:
    is_broker = service.kind is ServiceKind.QUEUE
    if call.asynchronous and not is_broker:
        yield (
            f"operation {caller!r} calls {call.operation!r} asynchronously, but {service.name!r} is no queue; call a "
            "queue that hands the message on"
        )
    if is_broker and not call.asynchronous:
        yield f"the queue {service.name!r} waits for {call.operation!r}; make that call asynchronous"
    if call.asynchronous and call.max_retries:
        yield (
            f"operation {caller!r} hands {call.operation!r} over with max_retries {call.max_retries}, but handing over "
            "cannot fail; remove them"
        )


def _consumer_problems(application: Application, service: Service) -> Iterator[str]:
    """A consumer's line has no bound, so whoever waits for an answer cannot stand in it."""
    ways = {
        call.asynchronous
        for caller in application.services
        for operation in caller.operations
        for call in operation.calls
        if call.operation.split(".")[0] == service.name
    }
    ways |= {False for request in application.request_types if request.operation.split(".")[0] == service.name}
    if len(ways) == 2:
        yield f"service {service.name!r} gets messages and is called too; split it, or make all its calls asynchronous"
    if service.port is None and ways != {True}:
        yield f"service {service.name!r} has no port, which only a consumer of messages can do without; give it one"
