"""The servers themselves are right: what they are asked here is asked by Python's own library."""

import time

import pytest
from conftest import TOKEN, request

LIST = "/v2/conversations"


@pytest.fixture(params=["express", "fastify", "fastapi", "flask"])
def url(request, bed):
    return bed.server(request.param)


def create(url, name="A name", **options):
    status, _, one = request(url, "POST", body={"displayName": name}, **options)
    assert status == 201, one
    return one


def page(url, query=""):
    status, _, page = request(url, "GET", f"{LIST}?{query}")
    assert status == 200, page
    return [one["_id"] for one in page["data"]], page["has_more"]


def test_what_is_created_is_shown_changed_and_deleted(url):
    made = create(url)
    assert made["_id"].startswith("conv_") and made["kind"] == "conversation" and made["createdAt"] == made["updatedAt"]
    assert abs(made["createdAt"] - time.time() * 1000) < 60_000
    path = f"{LIST}/{made['_id']}"
    assert request(url, "GET", path)[::2] == (200, made | {"messages": []})
    assert request(url, "GET")[2] == {"object": "list", "data": [made], "has_more": False}

    status, _, changed = request(url, "PATCH", path, {"displayName": "Another"})
    assert status == 200 and changed == made | {"displayName": "Another", "updatedAt": changed["updatedAt"]}
    deadline = time.monotonic() + 5
    while (again := request(url, "PATCH", path, {})[2])["updatedAt"] == changed["updatedAt"]:
        assert time.monotonic() < deadline
    assert again["updatedAt"] > changed["updatedAt"] and again["displayName"] == "Another"

    assert request(url, "DELETE", path)[::2] == (204, None)
    for method, body in (("GET", None), ("PATCH", {"displayName": "Gone"}), ("DELETE", None)):
        status, _, answer = request(url, method, path, body)
        assert status == 404 and isinstance(answer["message"], str)


def test_pages_follow_each_other_both_ways(url):
    ids = [create(url, f"Number {number}")["_id"] for number in range(12)][::-1]
    assert sorted(ids, reverse=True) == ids
    assert page(url) == (ids[:10], True)
    assert page(url, f"starting_after={ids[9]}") == (ids[10:], False)
    assert page(url, "limit=12") == (ids, False)
    assert page(url, f"limit=3&starting_after={ids[2]}") == (ids[3:6], True)
    assert page(url, f"limit=3&ending_before={ids[6]}") == (ids[3:6], True)
    assert page(url, f"limit=3&ending_before={ids[3]}") == (ids[:3], False)
    assert page(url, f"ending_before={ids[0]}") == ([], False)
    assert page(url, f"starting_after={ids[1]}&ending_before={ids[4]}") == (ids[2:4], False)
    assert page(url, f"starting_after={ids[0]}&ending_before={ids[0]}") == ([], False)


def test_limits_are_whole_numbers_from_1_to_100(url):
    one = create(url)["_id"]
    for limit in (1, 100):
        assert page(url, f"limit={limit}") == ([one], False)
    for limit in ("0", "101", "-1", "abc", "1.5", "", "99999999999999999999"):
        assert 400 <= request(url, "GET", f"{LIST}?limit={limit}")[0] < 500, limit


def test_names_are_text_of_1_to_100_code_points(url):
    for name in ("😀" * 100, "é", " a ", "\0", "👩‍👩‍👧‍👦"):
        made = create(url, name)
        assert made["displayName"] == name
        assert request(url, "GET", f"{LIST}/{made['_id']}")[2]["displayName"] == name
    for name in ("", "😀" * 101, 17, None, ["a"], True):
        assert 400 <= request(url, "POST", body={"displayName": name})[0] < 500
        assert 400 <= request(url, "PATCH", f"{LIST}/{made['_id']}", {"displayName": name})[0] < 500


def test_half_a_surrogate_pair_breaks_nothing(url):
    status, _, made = request(url, "POST", body=rb'{"displayName": "\ud83d"}')
    assert (status == 201 and made["displayName"] == "\ud83d") or 400 <= status < 500
    assert request(url, "GET")[0] == 200


def test_a_token_opens_a_workspace_of_its_own(url):
    path = f"{LIST}/{create(url)['_id']}"
    assert request(url, "GET", token="another")[2]["data"] == []
    for method in ("GET", "DELETE"):
        assert request(url, method, path, token="another")[0] == 404
    for refused in ({"token": None}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}, {"Authorization": TOKEN}):
        for method, where, body in (("GET", LIST, None), ("POST", LIST, {"displayName": "No"}), ("DELETE", path, None)):
            status, _, answer = request(url, method, where, body, **refused)
            assert status == 401 and answer["message"]
    assert request(url, "GET", path)[0] == 200


def test_rubbish_is_refused_and_breaks_nothing(url):
    path = f"{LIST}/{create(url)['_id']}"
    # Express reads an empty body as {}, which is an update that gives nothing.
    empty, no_object = (b"", b"{}"), (b'{"displayName": "Cut', b"null", b"17", b'["a"]', b'"a"', b"\xff\xfe", b"[" * 100_000)
    for body in empty + no_object:
        assert 400 <= request(url, "POST", body=body)[0] < 500, body[:20]
    for body in no_object:
        assert 400 <= request(url, "PATCH", path, body)[0] < 500, body[:20]
    for kind in ("text/plain", "application/x-www-form-urlencoded", "nonsense"):
        assert 400 <= request(url, "POST", body={"displayName": "A"}, Content_Type=kind)[0] < 500
    assert request(url, "POST", body={"displayName": "é"}, Content_Type="application/json; charset=utf-8")[0] == 201
    for odd in ("%00", "%ff", "%", "%zz", "..%2f", "a" * 5000, "conv_", "%F0%9F%98%80", "'%20OR%201=1"):
        for method in ("GET", "DELETE"):
            # FastAPI sends a path that ends in a slash to the one without.
            assert 300 <= request(url, method, f"{LIST}/{odd}")[0] < 500, odd
        for cursor in ("starting_after", "ending_before"):
            assert 200 <= request(url, "GET", f"{LIST}?{cursor}={odd}")[0] < 500, odd
    for query in ("limit", "limit=%00", "&&=&", "starting_after[]=a", "starting_after=a&starting_after=b", "%ff=%ff"):
        assert 200 <= request(url, "GET", f"{LIST}?{query}")[0] < 500, query
    assert 400 <= request(url, "PUT", path, {})[0] < 500
    assert request(url, "HEAD", path)[0] in (200, 404, 405)
    assert request(url, "GET", path)[0] == 200
