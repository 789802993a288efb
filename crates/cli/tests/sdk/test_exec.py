"""`conformance exec` around programs that use the vendor's SDK: the version that sends this contract, and a later one."""

import os
import pathlib
import subprocess
import sys

BINARY = os.environ.get("CONFORMANCE", "target/debug/conformance")
HERE = pathlib.Path(__file__).parent


def judge(python, program):
    variables = ["--env", "ORQ_BASE_URL={url}", "--env", "ORQ_API_KEY={token}"]
    command = [BINARY, "exec", *variables, "--", python, str(HERE / program)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_version_that_sends_this_contract_passes():
    done = judge(sys.executable, "five_operations.py")
    assert done.returncode == 0, done.stderr
    assert "operations   5 of 5" in done.stderr and "parameters   5 of 5" in done.stderr, done.stderr


def test_a_version_that_has_drifted_is_told_the_documented_spelling():
    done = judge(os.environ["DRIFTED_PYTHON"], "drifted.py")
    assert done.returncode == 1, done.stdout + done.stderr
    for text in (
        "no operation has the path of GET /v2/conversations/; did you mean /v2/conversations?",
        "query.startingAfter: is not a parameter of listConversations; did you mean `starting_after`?",
        "query.endingBefore: is not a parameter of listConversations; did you mean `ending_before`?",
        "body/projectId: is not a property of this body",
    ):
        assert text in done.stderr, done.stderr


def test_eight_jobs_on_one_mock_do_not_disturb_each_other(url):
    jobs = []
    for number in range(8):
        variables = {**os.environ, "ORQ_BASE_URL": url, "ORQ_API_KEY": f"job-{number}"}
        jobs.append(subprocess.Popen([sys.executable, str(HERE / "five_operations.py")], env=variables))
    assert [job.wait(timeout=120) for job in jobs] == [0] * 8
