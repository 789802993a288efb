"""Each package, installed into an empty place: the program runs, with the suite in it, and needs no file of the repository."""

import hashlib
import json
import os
import select
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
BINARY = (ROOT / os.environ.get("CONFORMANCE", "target/debug/conformance")).resolve()
TARGET = os.environ.get("TARGET", "x86_64-unknown-linux-gnu")


def call(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    out = tmp_path_factory.mktemp("packages")
    call(sys.executable, ROOT / "scripts/package", program(out), "--target", TARGET, "--out", out)
    return out


def program(folder):
    """The program without what only debuggers read: packing that takes minutes."""
    stripped = folder.parent / "conformance"
    call("strip", "-o", stripped, BINARY)
    return stripped


def only(packages, pattern):
    (found,) = packages.glob(pattern)
    return found


@pytest.fixture
def place(tmp_path):
    """An empty folder to work in, and a home that has nothing of anybody's."""
    work = tmp_path / "work"
    work.mkdir()
    home = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    return {"cwd": work, "env": home}


def works(command, place):
    """It verifies, it serves, and it leaves nothing behind."""
    command = list(map(str, command))
    assert call(*command, "--version", **place).stdout.startswith("conformance ")
    run = call(*command, "run", "--only", "lifecycle", "--color", "never", **place)
    assert "7 scenarios: " in run.stdout and "failed" not in run.stdout, run.stdout
    mock = subprocess.Popen([*command, "mock", "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True, **place)
    try:
        assert select.select([mock.stdout], [], [], 30)[0], "it does not say where it serves"
        url = mock.stdout.readline().strip()
        asked = urllib.request.Request(f"{url}/v2/conversations", headers={"Authorization": "Bearer me"})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert json.load(answer)["object"] == "list"
    finally:
        mock.terminate()
        code = mock.wait(timeout=20)
        mock.stdout.close()
    assert code in (0, 143), code
    assert not any(place["cwd"].iterdir())


def test_the_archive_works(packages, place, tmp_path):
    packed = only(packages, "conformance-*.tar.gz")
    said = packed.with_name(packed.name + ".sha256").read_text().split()
    assert said == [hashlib.sha256(packed.read_bytes()).hexdigest(), packed.name]
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "there", filter="data")
    (top,) = (tmp_path / "there").iterdir()
    assert {one.name for one in top.iterdir()} == {"conformance", "LICENSE", "README.md", "conformance.1", "completions"}
    assert ".TH conformance 1" in (top / "conformance.1").read_text()
    assert len(list((top / "completions").iterdir())) == 4
    works([top / "conformance"], place)


def test_the_wheel_works(packages, place, tmp_path):
    call(sys.executable, "-m", "venv", tmp_path / "venv")
    pip = [tmp_path / "venv/bin/python", "-m", "pip", "--disable-pip-version-check"]
    call(*pip, "install", "--no-index", "--quiet", only(packages, "*.whl"))
    assert "Name: api-conformance" in call(*pip, "show", "api-conformance").stdout
    works([tmp_path / "venv/bin/conformance"], place)
    call(*pip, "uninstall", "--yes", "--quiet", "api-conformance")
    assert not (tmp_path / "venv/bin/conformance").exists()


def test_the_npm_packages_work(packages, place, tmp_path):
    of_all, of_platform = only(packages, "api-conformance-[0-9]*.tgz"), only(packages, "api-conformance-linux-*.tgz")
    quietly = ["--no-audit", "--no-fund", "--loglevel=error", "--offline", "--omit=optional"]
    call("npm", "install", "--prefix", tmp_path / "there", *quietly, of_all, of_platform, cwd=tmp_path)
    works([tmp_path / "there/node_modules/.bin/conformance"], place)
    # What the program says with its exit code, npm's launcher says, too.
    wrong = [tmp_path / "there/node_modules/.bin/conformance", "run", "--no-such-flag"]
    assert subprocess.run(list(map(str, wrong)), capture_output=True, check=False, timeout=60).returncode == 2


def test_the_npm_package_says_what_is_missing(packages, tmp_path):
    of_all = only(packages, "api-conformance-[0-9]*.tgz")
    quietly = ["--no-audit", "--no-fund", "--loglevel=error", "--offline", "--omit=optional"]
    call("npm", "install", "--prefix", tmp_path / "there", *quietly, of_all, cwd=tmp_path)
    command = [str(tmp_path / "there/node_modules/.bin/conformance"), "--version"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2 and "api-conformance-linux-" in run.stderr and "optional" in run.stderr


def test_the_debian_package_works(packages, place, tmp_path):
    packed = only(packages, "*.deb")
    call("dpkg-deb", "--extract", packed, tmp_path / "there")
    call("dpkg-deb", "--control", packed, tmp_path / "about")
    assert "Package: api-conformance\n" in (tmp_path / "about/control").read_text()
    call("md5sum", "--check", "--quiet", tmp_path / "about/md5sums", cwd=tmp_path / "there")
    listed = call("dpkg-deb", "--contents", packed).stdout
    assert all(line.split()[1] == "root/root" or "0/0" in line for line in listed.splitlines()), listed
    works([tmp_path / "there/usr/bin/conformance"], place)


def test_the_image_is_whole(packages, place, tmp_path):
    found = list(packages.glob("*-image.tar"))
    if not found:
        pytest.skip("an image needs a static program: build for x86_64-unknown-linux-musl, and say TARGET")
    with tarfile.open(found[0]) as archive:
        archive.extractall(tmp_path / "image", filter="data")

    def blob(entry):
        content = (tmp_path / "image/blobs/sha256" / entry["digest"].removeprefix("sha256:")).read_bytes()
        assert entry["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}" and entry["size"] == len(content)
        return content

    (entry,) = json.loads((tmp_path / "image/index.json").read_text())["manifests"]
    manifest = json.loads(blob(entry))
    configuration = json.loads(blob(manifest["config"]))
    assert configuration["config"]["User"] == "65532:65532"
    (layer,) = manifest["layers"]
    (tmp_path / "layer.tar.gz").write_bytes(blob(layer))
    with tarfile.open(tmp_path / "layer.tar.gz") as archive:
        archive.extractall(tmp_path / "there", filter="data")
    assert (tmp_path / "there/etc/ssl/certs/ca-certificates.crt").stat().st_size > 100_000
    program = configuration["config"]["Entrypoint"][0]
    works([tmp_path / "there" / program.lstrip("/")], place)


def test_packages_are_the_same_each_time(packages, tmp_path):
    call(sys.executable, ROOT / "scripts/package", program(packages), "--target", TARGET, "--out", tmp_path)
    made = {one.name: one.read_bytes() for one in packages.iterdir()}
    assert made == {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    # Whatever the packer writes, these read it.
    assert zipfile.ZipFile(only(packages, "*.whl")).testzip() is None


def scripts_of(action):
    """The shell scripts of an action's steps."""
    scripts, lines = [], None
    for line in action.read_text().splitlines():
        if line == "      run: |":
            lines = []
            scripts.append(lines)
        elif lines is not None and (line.startswith("        ") or not line):
            lines.append(line[8:])
        else:
            lines = None
    return ["\n".join(lines) for lines in scripts]


def test_the_action_installs_a_release_and_runs_it(place, tmp_path):
    release = tmp_path / "release"
    release.mkdir()
    target = "x86_64-unknown-linux-musl"
    call(sys.executable, ROOT / "scripts/package", program(release), "--target", target, "--out", release)
    version = only(release, "conformance-*.tar.gz").name.split("-")[1]
    install, run = scripts_of(ROOT / "action.yml")
    told = {"GITHUB_PATH": str(tmp_path / "path"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    runner = {"RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "FOLDER": str(tmp_path / "there")}
    action = {"VERSION": f"v{version}", "SOURCE": release.as_uri(), "RELEASES": "nowhere"}
    env = place["env"] | told | runner | action
    call("bash", "-c", install, cwd=place["cwd"], env=env)
    env["PATH"] = (tmp_path / "path").read_text().strip() + os.pathsep + env["PATH"]
    done = call("bash", "-c", run, cwd=place["cwd"], env=env | {"ARGUMENTS": "run --only 'lifecycle' --color never"})
    assert "7 scenarios: " in done.stderr, done.stderr
    assert "7 scenarios" in (tmp_path / "summary").read_text()
    # A file that is not what it was is not installed.
    (release / f"conformance-{version}-{target}.tar.gz").write_bytes(b"something else")
    wrong = subprocess.run(["bash", "-c", install], cwd=place["cwd"], env=env, capture_output=True, timeout=60, check=False)
    assert wrong.returncode != 0
