"""Servers, what stands before them, and the program under test. All that a test starts ends with it."""

import fcntl
import http.client
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

HERE = Path(__file__).parent.resolve()
ROOT = HERE.parents[3]
BINARY = (ROOT / os.environ.get("CONFORMANCE", "target/debug/conformance")).resolve()
MODULES = ROOT / "target/frameworks"
TOKEN = "first-workspace_of.the~tests"
SECOND_TOKEN = "second-workspace_of.the~tests"
# Snapshots are written here also where CI is set.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("CONFORMANCE")}


def request(url, method, path="/v2/conversations", body=None, token=TOKEN, **headers):
    """Status, headers and body of one request, sent and read by Python's own library."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    named = {"Accept": "application/json", "User-Agent": "tests"} | {k.replace("_", "-"): v for k, v in headers.items()}
    if token is not None:
        named.setdefault("Authorization", f"Bearer {token}")
    if body is not None:
        named.setdefault("Content-Type", "application/json")
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    charset = answer.headers.get_content_charset("utf-8").replace("utf-8", "utf-8-sig")
    return answer.status, answer.headers, json.loads(content.decode(charset)) if content else None


def held(url, token=TOKEN):
    """The ids of all that a workspace holds."""
    ids, more = [], True
    while more:
        path = "/v2/conversations?limit=100" + (f"&starting_after={ids[-1]}" if ids else "")
        status, _, page = request(url, "GET", path, token=token)
        if status == 429:  # every seventh request, of some servers
            status, _, page = request(url, "GET", path, token=token)
        assert status == 200, page
        ids += [one["_id"] for one in page["data"]]
        more = page["has_more"]
    return ids


class Bed:
    def __init__(self, folder):
        self.folder = folder
        self.environment = ENVIRONMENT | {"XDG_STATE_HOME": str(folder / "state")}
        self.processes = []

    def start(self, *command, **options):
        # Whatever becomes of the tests, the kernel ends what they started.
        command = ["setpriv", "--pdeathsig", "TERM", *map(str, command)]
        self.processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options))
        return self.processes[-1]

    def url(self, *command, folder=None, **environment):
        """Starts a server, whose first line is its URL."""
        process = self.start(*command, cwd=folder, env=ENVIRONMENT | environment)
        assert select.select([process.stdout], [], [], 30)[0], f"{command} says nothing"
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), url
        return url

    def server(self, name, variant=""):
        if name in ("express", "fastify"):
            modules = str(MODULES / "node_modules")
            return self.url("node", HERE / name / "server.js", NODE_PATH=modules, VARIANT=variant)
        return self.url(sys.executable, HERE / f"{name}_server.py", VARIANT=variant)

    def raw_front(self, upstream, variant):
        return self.url(sys.executable, HERE / "raw_front.py", UPSTREAM=upstream, VARIANT=variant)

    def nginx(self, upstream, protocol="h1", more=""):
        """nginx before a server, and the options that the program needs for it; protocol: h1, h2c or h2."""
        if protocol == "h2":
            more += self.certificate()
        listener = socket.create_server(("127.0.0.1", 0))
        place = f"127.0.0.1:{listener.getsockname()[1]}"
        listen = place + {"h1": "", "h2c": " http2", "h2": " ssl http2"}[protocol]
        text = (HERE / "nginx.conf").read_text()
        for name, value in {"LISTEN": listen, "UPSTREAM": upstream, "MORE": more}.items():
            text = text.replace(f"@{name}@", value)
        (self.folder / "nginx.conf").write_text(text)
        # It takes over the open socket, so that nobody can take the port in between.
        inherited = {"pass_fds": [listener.fileno()], "env": ENVIRONMENT | {"NGINX": f"{listener.fileno()};"}}
        self.start("nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", "stderr", **inherited)
        listener.close()
        return f"http{'s' * (protocol == 'h2')}://{place}", ["--http2"] * (protocol == "h2c")

    def certificate(self):
        """A certificate for 127.0.0.1, by an authority that the program is told to trust."""
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        authority = ["-subj", "/CN=Tests", "-keyout", "ca.key", "-out", "ca.pem"]
        leaf = ["-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=127.0.0.1", "-keyout", "leaf.key", "-out", "leaf.pem"]
        leaf += ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
        for one in (authority, leaf):
            subprocess.run(new + one, cwd=self.folder, check=True, capture_output=True, timeout=60)
        self.environment["SSL_CERT_FILE"] = str(self.folder / "ca.pem")
        return f"ssl_certificate {self.folder}/leaf.pem; ssl_certificate_key {self.folder}/leaf.key;"

    def conformance(self, verb, url, *args, token=TOKEN):
        command = [BINARY, verb, "--base-url", url, "--token", token, *args]
        if "--openapi" not in args:
            command += ["--second-token", SECOND_TOKEN]
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        return subprocess.run(
            command, cwd=work, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )

    def stop(self):
        for process in self.processes:
            process.terminate()
        deadline = time.monotonic() + 10
        for process in self.processes:
            try:
                process.wait(timeout=max(deadline - time.monotonic(), 0.1))
            finally:
                process.kill()
                process.stdout.close()


@pytest.fixture(scope="session")
def modules():
    """The packages of npm, installed once for each package-lock.json, by one of the processes that run tests."""
    lock = (HERE / "package-lock.json").read_bytes()
    done = MODULES / "installed"
    MODULES.mkdir(parents=True, exist_ok=True)
    with (MODULES / "lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not done.exists() or done.read_bytes() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, MODULES)
            quietly = ["--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(["npm", "ci", *quietly], cwd=MODULES, check=True, timeout=300)
            done.write_bytes(lock)


@pytest.fixture
def bed(tmp_path, modules):
    bed = Bed(tmp_path)
    yield bed
    bed.stop()
