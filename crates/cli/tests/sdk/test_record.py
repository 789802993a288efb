"""`conformance record` in front of a mock: what the vendor's SDK does becomes a scenario that passes on a fresh one."""

import os
import pathlib
import signal
import subprocess
import sys

BINARY = os.environ.get("CONFORMANCE", "target/debug/conformance")
HERE = pathlib.Path(__file__).parent


def test_what_the_sdk_does_can_be_done_again(url, tmp_path):
    subprocess.run([BINARY, "init", str(tmp_path / "suite")], check=True)
    scenario = tmp_path / "suite/fixtures/scenarios/recorded/sdk.yaml"
    command = [BINARY, "record", "--base-url", url, "--port", "0", "--scenario", str(scenario)]
    recorder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    variables = {"ORQ_BASE_URL": recorder.stdout.readline().strip(), "ORQ_API_KEY": "a-key-that-is-nobodys"}
    subprocess.run([sys.executable, str(HERE / "five_operations.py")], env={**os.environ, **variables}, check=True)
    recorder.send_signal(signal.SIGINT)
    _, said = recorder.communicate(timeout=30)
    assert recorder.returncode == 0, said
    text = scenario.read_text()
    assert text.count("operationId: createConversation") == 25, text
    assert "conv_" not in text and "a-key-that" not in text + said, text
    run = [BINARY, "run", "--suite", str(tmp_path / "suite"), "--only", "recorded/sdk"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "created 25, deleted 25, left 0" in done.stdout, done.stdout
