"""`conformance sdk` with the drivers that the repository ships, through the vendor's SDK and through plain fetch."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

BINARY = os.environ.get("CONFORMANCE", "target/debug/conformance")
DRIVERS = pathlib.Path("fixtures/drivers")


def sdk(*arguments):
    command = [BINARY, "sdk", "--format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    report = json.loads(done.stdout)
    failed = [check for one in report["scenarios"] for check in one["checks"] if check["verdict"] == "fail"]
    return done.returncode, report, failed


def test_every_scenario_runs_through_the_sdk_and_what_it_loses_is_told():
    code, report, failed = sdk("--", sys.executable, str(DRIVERS / "python/orq_sync.py"))
    assert code == 1
    assert report["numbers"]["passed"] > 200 and report["numbers"]["couldNotRun"] == 0
    lost = {(check["requirements"][0], one["place"] or one["expected"]) for check in failed for one in check["found"]}
    # It drops the messages and the metadata, gives objects (also those of lists) a constant id where the server sent none,
    # drops a name of null, and leaves a percent sign or a slash in an id unescaped, which leads to another path. Nothing else.
    returned = {place for code, place in lost if code not in ("changed-argument", "request")}
    assert {place.replace("/data/1", "/data/0") for place in returned} == {
        "/messages", "/metadata", "/_id", "/data/0/_id",
    }  # fmt: skip
    requests = [one["found"] for check in failed for one in check["found"] if check["requirements"] == ["request"]]
    assert len(requests) == 1 and requests[0].startswith("unknown-path: ") and "conv_a/b" in requests[0]
    assert {code for code, place in lost if place and place.endswith("/_id")} == {"invented-member"}
    assert {code for code, place in lost if place in ("/messages", "/metadata")} == {"lost-member"}
    arguments = {place for code, place in lost if code == "changed-argument"}
    assert arguments == {
        '{"displayName":null}', "GET /v2/conversations/%2500", "GET /v2/conversations/conv_a%2Fb",
    }  # fmt: skip
    # Each call of a scripted fault was made.
    clients = [one for one in report["scenarios"] if one["name"].startswith("clients/")]
    assert len(clients) == 15
    skipped = {one["name"] for one in clients for check in one["checks"] if check["verdict"] == "not applicable"}
    # What the SDK sent in its place is not what was asked for.
    assert skipped == {"clients/odd-ids"}


@pytest.mark.parametrize("driver", ["orq_sync.py", "orq_async.py"])
def test_a_missing_id_becomes_a_constant(driver):
    code, _, failed = sdk("--only", "clients/without-ids", "--", sys.executable, str(DRIVERS / "python" / driver))
    assert code == 1
    assert [check["requirements"] for check in failed] == [["invented-member"]]
    assert failed[0]["found"][0]["place"] == "/_id"


def test_the_async_methods_do_the_same():
    code, report, failed = sdk("--allow", "lost-member", "--only", "lifecycle", "--only", "pages",
                               "--", sys.executable, str(DRIVERS / "python/orq_async.py"))  # fmt: skip
    assert (code, failed) == (0, [])
    assert report["numbers"]["passed"] > 100


def test_plain_fetch_loses_nothing():
    code, report, failed = sdk("--", "node", str(DRIVERS / "javascript/fetch.mjs"))
    assert (code, failed) == (0, [])
    assert report["numbers"]["passed"] > 200
