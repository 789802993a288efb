"""The Python `resend` library against a mock: contacts, segments, domains and automations."""

import resend
from resend.exceptions import ResendError

from steps import MOCK, done, each_once, raised, same, step

resend.api_url = MOCK
resend.api_key = "re_python"


def every(kind):
    """The library has no paging of its own: hand the last id back in `after`.

    The document has no `has_more` for contacts: for them, a short page is the last.
    """
    params = {"limit": 10}
    while True:
        page = kind.list(params=params)
        yield from page["data"]
        if not page.get("has_more", len(page["data"]) == 10):
            return
        params["after"] = page["data"][-1]["id"]


with step("create"):
    ada = resend.Contacts.create(
        {"email": "ada@example.com", "first_name": "Ada", "unsubscribed": False}
    )
    same(ada["object"], "contact")

with step("retrieve"):
    got = resend.Contacts.get(id=ada["id"])
    same(
        (got["id"], got["email"], got["first_name"], got["unsubscribed"]),
        (ada["id"], "ada@example.com", "Ada", False),
    )

with step("retrieve by email"):
    same(resend.Contacts.get(email="ada@example.com")["id"], ada["id"])

with step("update"):
    resend.Contacts.update({"id": ada["id"], "last_name": "King"})
    got = resend.Contacts.get(id=ada["id"])
    same((got["first_name"], got["last_name"]), ("Ada", "King"))

with step("paging"):
    made = [ada["id"]] + [
        resend.Contacts.create({"email": f"{n}@example.com"})["id"] for n in range(25)
    ]
    page = resend.Contacts.list(params={"limit": 10})
    same(len(page["data"]), 10)
    each_once([contact["id"] for contact in every(resend.Contacts)], made)

with step("delete"):
    resend.Contacts.remove(id=ada["id"])
    each_once([contact["id"] for contact in every(resend.Contacts)], made[1:])

with step("error of a deleted contact"):
    error = raised(ResendError, lambda: resend.Contacts.get(id=ada["id"]))
    same(int(error.code), 404)

with step("segments"):
    segment = resend.Segments.create({"name": "Readers"})
    same(resend.Segments.get(segment["id"])["name"], "Readers")
    each_once([one["id"] for one in every(resend.Segments)], [segment["id"]])
    resend.Segments.remove(segment["id"])
    error = raised(ResendError, lambda: resend.Segments.get(segment["id"]))
    same(int(error.code), 404)

with step("paging of segments"):
    made = [resend.Segments.create({"name": f"Segment {n}"})["id"] for n in range(25)]
    page = resend.Segments.list(params={"limit": 10})
    same((len(page["data"]), page["has_more"]), (10, True))
    each_once([one["id"] for one in every(resend.Segments)], made)

with step("domains"):
    domain = resend.Domains.create({"name": "example.com"})
    same(domain["name"], "example.com")
    got = resend.Domains.get(domain["id"])
    same((got["id"], got["name"]), (domain["id"], "example.com"))
    each_once([one["id"] for one in every(resend.Domains)], [domain["id"]])
    resend.Domains.remove(domain["id"])
    error = raised(ResendError, lambda: resend.Domains.get(domain["id"]))
    same(int(error.code), 404)

with step("filter by status"):
    steps = [{"key": "start", "type": "trigger", "config": {"event_name": "a.made"}}]
    on, off = [
        resend.Automations.create(
            {"name": status, "status": status, "steps": steps, "connections": []}
        )["id"]
        for status in ("enabled", "disabled")
    ]
    same(resend.Automations.get(on)["status"], "enabled")
    for status, one in (("enabled", on), ("disabled", off)):
        page = resend.Automations.list({"status": status})
        same([automation["id"] for automation in page["data"]], [one])

done()
