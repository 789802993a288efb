"""The inspector of a mock in a real browser: what arrives, what is kept, what goes wrong."""

import json
import re
import subprocess
import urllib.error
import urllib.request

import pytest
from axe_core_python.selenium import Axe
from conftest import BINARY, ENVIRONMENT, conformance
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

TOKEN = "a-token-that-nobody-shows"


class Mock:
    def __init__(self, *flags):
        command = [BINARY, "mock", "--port", "0", "--quiet", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.url = self.process.stdout.readline().strip()

    def send(self, method, path, body=None):
        """Status and body of a request."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture
def mock():
    mock = Mock()
    yield mock
    mock.stop()


@pytest.fixture
def page(browser, mock):
    browser.set_window_size(1200, 900)
    browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": mock.url}
    )
    browser.get(f"{mock.url}/")
    wait(browser, lambda: "mocked" in browser.title)
    yield browser
    said = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    # Whatever was found: the next test's page is not the page of a mock that has gone.
    browser.get("about:blank")
    browser.get_log("browser")
    assert said == [], said


def wait(page, condition):
    return WebDriverWait(page, 20).until(lambda _: condition())


def rows(page):
    return page.find_elements(By.CSS_SELECTOR, ".row")


def texts(page):
    """What the rows say, at one moment: a row that was found may be gone before it is read."""
    return page.execute_script("return [...document.querySelectorAll('.row')].map((row) => row.innerText)")


def press(page, text):
    found = [one for one in page.find_elements(By.TAG_NAME, "button") if one.text == text]
    assert found, f"no button says {text}"
    page.execute_script("arguments[0].click()", found[0])


def copied(page, text):
    """What pressing a button copies; there is no clipboard without a screen, so what is written to it is kept."""
    page.execute_script("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    press(page, text)
    wait(page, lambda: page.execute_script("return window.copied"))
    return page.execute_script("const text = window.copied; window.copied = undefined; return text")


def open_tab(page, name):
    page.find_element(By.LINK_TEXT, name).click()


def test_requests_appear_as_they_arrive_and_are_told_in_detail(page, mock):
    assert rows(page) == []
    mock.send("POST", "/v2/conversations", {"displayName": "Seen live"})
    mock.send("GET", "/v2/conversations?limit=500")
    wait(page, lambda: len(rows(page)) == 2)
    assert [text.split("\n")[0] for text in texts(page)] == ["GET", "POST"]
    rows(page)[0].click()
    detail = page.find_element(By.CSS_SELECTOR, ".detail")
    assert "Refused: query.limit" in detail.text and TOKEN not in page.page_source
    page.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("post 201")
    wait(page, lambda: len(rows(page)) == 1)
    press(page, "Forget all")
    wait(page, lambda: rows(page) == [])


def test_what_is_copied_works(page, mock, tmp_path):
    mock.send("POST", "/v2/conversations", {"displayName": "Copied 'with' quotes"})
    wait(page, lambda: rows(page))
    rows(page)[0].click()
    curl = copied(page, "Copy as curl").replace("YOUR-TOKEN", TOKEN)
    ran = subprocess.run(["bash", "-c", curl + " -s"], capture_output=True, text=True, timeout=20, check=True)
    assert "201 Created" in ran.stdout and "Copied 'with' quotes" in ran.stdout
    assert "fetch(" in copied(page, "Copy as fetch")
    # A step is a scenario's once it cites a requirement.
    step = copied(page, "Copy as scenario step").replace("REQUIREMENT", "create.answers-201")
    steps = "".join(f"  {line}\n" for line in step.rstrip().split("\n"))
    suite = tmp_path / "suite"
    suite.mkdir()
    subprocess.run(["cp", "-r", "schemas", "fixtures", str(suite)], check=True)
    (suite / "fixtures/scenarios/names/copied.yaml").write_text(f"summary: What was copied\nsteps:\n{steps}")
    at = ["--base-url", mock.url, "--token", TOKEN, "--snapshots", str(tmp_path / "snapshots")]
    ran = conformance("run", "--suite", str(suite), "--only", "names/copied", *at)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    open_tab(page, "State")
    wait(page, lambda: page.find_elements(By.TAG_NAME, "details"))
    page.find_element(By.TAG_NAME, "summary").click()
    fixture = tmp_path / "fixture.yaml"
    fixture.write_text(copied(page, "Copy as fixture"))
    other = Mock("--fixtures", str(fixture))
    try:
        assert [one["displayName"] for one in other.send("GET", "/v2/conversations")[1]["data"]] == ["Copied 'with' quotes"]
    finally:
        other.stop()


def test_an_edit_is_seen_by_the_next_request(page, mock):
    made = mock.send("POST", "/v2/conversations", {"displayName": "Before"})[1]
    open_tab(page, "State")
    wait(page, lambda: page.find_elements(By.TAG_NAME, "details"))
    page.find_element(By.TAG_NAME, "summary").click()
    area = page.find_element(By.TAG_NAME, "textarea")
    edited = area.get_attribute("value").replace("Before", "After")
    page.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', { bubbles: true }))", area, edited
    )
    press(page, "Save")
    wait(page, lambda: "Saved." in page.page_source)
    assert mock.send("GET", f"/v2/conversations/{made['_id']}")[1]["displayName"] == "After"
    press(page, "Reset")
    wait(page, lambda: mock.send("GET", "/v2/conversations")[1]["data"] == [])


def test_a_fault_is_switched_on_and_off(page, mock):
    open_tab(page, "Faults")
    wait(page, lambda: len(page.find_elements(By.CSS_SELECTOR, "input[type=checkbox]")) > 200)
    box = page.find_element(By.XPATH, "//label[.//span[text()='conflict']]/input")
    box.click()
    wait(page, lambda: "conflict is on." in page.page_source)
    assert mock.send("GET", "/v2/conversations")[0] == 409
    press(page, "Switch all off")
    wait(page, lambda: "All are off." in page.page_source)
    assert mock.send("GET", "/v2/conversations")[0] == 200
    Select(page.find_element(By.NAME, "operation")).select_by_value("listConversations")
    page.find_element(By.NAME, "status").send_keys("503")
    page.find_element(By.NAME, "first").send_keys("1")
    press(page, "Switch on")
    wait(page, lambda: "It is on." in page.page_source)
    assert [mock.send("GET", "/v2/conversations")[0] for _ in range(2)] == [503, 200]


def test_ten_thousand_requests_scroll(page, mock):
    work = "for (let sent = 0; sent < 10050; sent += 50) await Promise.all(Array.from({ length: 50 }, () => fetch('/v2/none')));"
    page.set_script_timeout(120)
    page.execute_async_script(f"const done = arguments[0]; (async () => {{ {work} done(); }})();")
    counted = lambda: int(re.search(r"of (\d+) requests", page.page_source).group(1))  # noqa: E731
    wait(page, lambda: counted() == 10_000)
    assert len(rows(page)) < 100
    first = texts(page)[0]
    page.execute_script("document.querySelector('.rows').scrollTop = 1e9")
    wait(page, lambda: texts(page)[0] != first)
    assert len(rows(page)) < 100
    # Each of these was answered 404, which a browser reports; there is nothing else.
    page.get_log("browser")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_everybody_can_use_it(page, mock, scheme, width):
    mock.send("POST", "/v2/conversations", {"displayName": "Someone"})
    page.set_window_size(width, 900)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    for name in ("Requests", "State", "Faults", "Contract"):
        open_tab(page, name)
        ready = {"Requests": ".row", "State": "details", "Faults": "input[type=checkbox]", "Contract": "details"}[name]
        wait(page, lambda ready=ready: page.find_elements(By.CSS_SELECTOR, ready))
        page.find_element(By.CSS_SELECTOR, {"Requests": ".row", "Faults": "label"}.get(name, "summary")).click()
        found = Axe().run(page)["violations"]
        assert [one for one in found if one["impact"] in ("serious", "critical")] == [], (name, found)
        width_of = "return [document.documentElement.scrollWidth, innerWidth]"
        content, window = page.execute_script(width_of)
        assert content <= window, f"{name} is wider than the window: {content} of {window}"


def test_it_shows_the_mock_of_any_document(browser):
    mock = Mock("--openapi", "fixtures/documents/pets.yaml")
    try:
        assert mock.send("POST", "/pets", {"name": "Rex", "kind": "dog"})[0] == 201
        browser.get(f"{mock.url}/__conformance/#state")
        wait(browser, lambda: "Rex" in browser.page_source)
        browser.get(f"{mock.url}/__conformance/#contract")
        wait(browser, lambda: "/pets/{petId}" in browser.page_source)
    finally:
        browser.get("about:blank")
        mock.stop()
