"""`pydo`, the Python library of DigitalOcean, against a mock: SSH keys, tags, projects and domain records."""

from urllib.parse import parse_qs, urlparse

from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import AzureKeyCredentialPolicy
from pydo import Client

from steps import MOCK, done, each_once, raised, same, step

# The usual policy sends no token over plain HTTP.
token = AzureKeyCredentialPolicy(AzureKeyCredential("pydo"), "Authorization", prefix="Bearer")
ocean = Client("pydo", endpoint=MOCK, authentication_policy=token)


def every(kind, member):
    """The library has no paging of its own: follow `links.pages.next`."""
    page = 1
    while page:
        answer = kind.list(per_page=10, page=page)
        yield from answer[member]
        link = answer.get("links", {}).get("pages", {}).get("next")
        page = link and int(parse_qs(urlparse(link).query)["page"][0])


def gone(call, *args):
    """The library gives back a documented 404 like any answer; `cls` may ask it to raise."""
    strict = lambda response, body, headers: response.http_response.raise_for_status()
    error = raised(HttpResponseError, lambda: call(*args, cls=strict))
    same(error.status_code, 404)


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKnHJ2p1zJ0e8m7Ww3l4m3e0w0c8V7e2X9cE3d0sF1aQ"

with step("create"):
    key = ocean.ssh_keys.create({"name": "laptop", "public_key": KEY})["ssh_key"]
    same((key["name"], key["public_key"]), ("laptop", KEY))

with step("retrieve"):
    got = ocean.ssh_keys.get(key["id"])["ssh_key"]
    same((got["id"], got["name"], got["public_key"]), (key["id"], "laptop", KEY))

with step("update"):
    ocean.ssh_keys.update(key["id"], {"name": "desktop"})
    got = ocean.ssh_keys.get(key["id"])["ssh_key"]
    same((got["name"], got["public_key"]), ("desktop", KEY))

with step("paging"):
    made = [key["id"]] + [
        ocean.ssh_keys.create({"name": f"key {n}", "public_key": f"{KEY} {n}"})["ssh_key"]["id"]
        for n in range(25)
    ]
    page = ocean.ssh_keys.list(per_page=10)
    same((len(page["ssh_keys"]), page["meta"]["total"]), (10, 26))
    each_once([one["id"] for one in every(ocean.ssh_keys, "ssh_keys")], made)

with step("delete"):
    ocean.ssh_keys.delete(key["id"])
    each_once([one["id"] for one in every(ocean.ssh_keys, "ssh_keys")], made[1:])

with step("error of a deleted key"):
    gone(ocean.ssh_keys.get, key["id"])
    same(set(ocean.ssh_keys.get(key["id"])) >= {"id", "message"}, True)

with step("tags"):
    names = [ocean.tags.create({"name": f"tag-{n}"})["tag"]["name"] for n in range(25)]
    same(names[7], "tag-7")
    same(ocean.tags.get("tag-7")["tag"]["name"], "tag-7")

with step("paging of tags"):
    each_once([tag["name"] for tag in every(ocean.tags, "tags")], names)

with step("error of a deleted tag"):
    ocean.tags.delete("tag-7")
    gone(ocean.tags.get, "tag-7")

with step("projects"):
    sent = {"name": "site", "purpose": "Web Application", "environment": "Staging"}
    project = ocean.projects.create(sent)["project"]
    got = ocean.projects.get(project["id"])["project"]
    same({name: got[name] for name in sent}, sent)
    ocean.projects.patch(project["id"], {"name": "shop"})
    got = ocean.projects.get(project["id"])["project"]
    same((got["name"], got["purpose"]), ("shop", "Web Application"))
    each_once([one["id"] for one in every(ocean.projects, "projects")], [project["id"]])
    ocean.projects.delete(project["id"])
    gone(ocean.projects.get, project["id"])

with step("domain records"):
    sent = [{"type": "A", "name": f"www{n}", "data": f"192.0.2.{n}"} for n in range(25)]
    sent.append({"type": "TXT", "name": "note", "data": "hello"})
    make = ocean.domains.create_record
    made = [make("example.com", one)["domain_record"]["id"] for one in sent]
    got = ocean.domains.get_record("example.com", made[7])["domain_record"]
    same({name: got[name] for name in sent[7]}, sent[7])
    ocean.domains.patch_record("example.com", made[7], {"type": "A", "data": "192.0.2.99"})
    got = ocean.domains.get_record("example.com", made[7])["domain_record"]
    same((got["data"], got["name"]), ("192.0.2.99", "www7"))

with step("filter by type"):
    page = ocean.domains.list_records("example.com", type="TXT")
    same([one["id"] for one in page["domain_records"]], made[25:])

with step("error of a deleted record"):
    ocean.domains.delete_record("example.com", made[0])
    gone(ocean.domains.get_record, "example.com", made[0])

done()
