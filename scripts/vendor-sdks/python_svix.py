"""The Python `svix` library against a mock: applications, their endpoints and messages."""

from svix.api import (
    ApplicationIn,
    ApplicationListOptions,
    ApplicationPatch,
    EndpointIn,
    EndpointListOptions,
    EndpointPatch,
    MessageIn,
    MessageListOptions,
    Svix,
    SvixOptions,
)
from svix.exceptions import HttpError

from steps import MOCK, done, each_once, raised, same, step

svix = Svix("svix", SvixOptions(server_url=MOCK, retry_schedule=[]))


def every(options, fetch):
    """The library has no paging of its own: hand `iterator` back until `done`."""
    while True:
        page = fetch(options)
        yield from page.data
        if page.done:
            return
        options.iterator = page.iterator


def applications():
    return every(ApplicationListOptions(limit=10), svix.application.list)


def endpoints(app_id):
    return every(
        EndpointListOptions(limit=10),
        lambda options: svix.endpoint.list(app_id, options),
    )


with step("create"):
    app = svix.application.create(
        ApplicationIn(name="Engine", uid="engine", metadata={"plan": "pro"})
    )
    same((app.name, app.uid), ("Engine", "engine"))

with step("retrieve"):
    got = svix.application.get(app.id)
    same((got.id, got.name, got.uid), (app.id, "Engine", "engine"))
    same(got.metadata, {"plan": "pro"})

with step("retrieve by uid"):
    same(svix.application.get("engine").id, app.id)

with step("update"):
    svix.application.patch(app.id, ApplicationPatch(name="Difference"))
    got = svix.application.get(app.id)
    same((got.name, got.uid), ("Difference", "engine"))

with step("paging"):
    made = [app.id] + [
        svix.application.create(ApplicationIn(name=f"App {n}")).id for n in range(25)
    ]
    page = svix.application.list(ApplicationListOptions(limit=10))
    same((len(page.data), page.done), (10, False))
    each_once([one.id for one in applications()], made)

with step("endpoints"):
    hook = svix.endpoint.create(
        app.id, EndpointIn(url="https://example.com/hook", event_types=["a.made"])
    )
    got = svix.endpoint.get(app.id, hook.id)
    same((got.url, got.event_types), ("https://example.com/hook", ["a.made"]))
    svix.endpoint.patch(app.id, hook.id, EndpointPatch(description="Main"))
    got = svix.endpoint.get(app.id, hook.id)
    same((got.description, got.url), ("Main", "https://example.com/hook"))

with step("paging of endpoints"):
    hooks = [hook.id] + [
        svix.endpoint.create(app.id, EndpointIn(url=f"https://example.com/{n}")).id
        for n in range(25)
    ]
    each_once([one.id for one in endpoints(app.id)], hooks)
    same([one.id for one in endpoints(made[1])], [])

with step("messages"):
    told = [
        svix.message.create(
            app.id, MessageIn(event_type=kind, payload={"n": n}, channels=["news"])
        ).id
        for n, kind in enumerate(["a.made"] * 25 + ["a.gone"])
    ]
    got = svix.message.get(app.id, told[3])
    same((got.event_type, got.channels, got.payload), ("a.made", ["news"], {"n": 3}))
    options = MessageListOptions(limit=10)
    got = every(options, lambda options: svix.message.list(app.id, options))
    each_once([message.id for message in got], told)

with step("filter by event type"):
    page = svix.message.list(app.id, MessageListOptions(event_types=["a.gone"]))
    same([message.id for message in page.data], told[25:])

with step("error of a deleted endpoint"):
    svix.endpoint.delete(app.id, hook.id)
    each_once([one.id for one in endpoints(app.id)], hooks[1:])
    error = raised(HttpError, lambda: svix.endpoint.get(app.id, hook.id))
    same(error.status_code, 404)
    same(bool(error.code and error.detail), True)

with step("delete"):
    svix.application.delete(app.id)
    each_once([one.id for one in applications()], made[1:])

with step("error of a deleted application"):
    error = raised(HttpError, lambda: svix.application.get(app.id))
    same(error.status_code, 404)

done()
