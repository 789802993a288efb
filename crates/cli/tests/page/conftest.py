"""A browser, and reports of a run against a server with several defects."""

import json
import os
import shutil
import subprocess

import pytest
from selenium import webdriver

BINARY = os.environ.get("CONFORMANCE", "target/debug/conformance")
FAULTS = ["more-when-full", "retrieve-rounds-times", "names-without-emoji", "clock-runs-back", "bad-limits-taken"]


# Snapshots are written here also where CI is set.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "CI"}


def conformance(*args):
    command = [BINARY, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=ENVIRONMENT)


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    faults = [word for name in FAULTS for word in ("--fault", name)]
    server = subprocess.Popen([BINARY, "mock", "--port", "0", "--quiet", *faults], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        matrix = conformance("mutate", "--fault", "never-more", "--format", "json")
        (folder / "matrix.json").write_text(matrix.stdout)
        again = ["run", "--base-url", url, "--token", "a-secret-token", "--snapshots", str(folder / "snapshots")]
        # What was accepted before one of the defects came drifts now.
        good = conformance("run", "--only", "names", "--snapshots", str(folder / "snapshots"), "--target", "here")
        assert good.returncode == 0, good.stdout
        wanted = [f"{kind}={folder}/report.{kind}" for kind in ("junit", "json", "html")]
        run = conformance(
            *again, "--target", "here", "--kill-matrix", str(folder / "matrix.json"),
            *(word for one in wanted for word in ("--report", one)),
        )  # fmt: skip
        assert run.returncode == 1, run.stdout + run.stderr
    finally:
        server.terminate()
        server.wait(timeout=10)
    return folder


@pytest.fixture(scope="session")
def told(reports):
    """The JSON report, with which the others are compared."""
    return json.loads((reports / "report.json").read_text())


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    # A slow machine is no slow page.
    browser.set_script_timeout(120)
    yield browser
    browser.quit()
