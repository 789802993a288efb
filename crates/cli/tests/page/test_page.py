"""The HTML report in a real browser, without a network."""

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select


@pytest.fixture
def page(browser, reports):
    browser.set_window_size(1200, 900)
    browser.get(f"file://{reports}/report.html")
    return browser


def shown(page):
    return page.execute_script("return [...document.querySelectorAll('[data-verdict]')].filter((one) => !one.hidden).length")


def test_the_filters_show_what_is_asked_for(page, told):
    checks = [check for one in told["scenarios"] for check in one["checks"]]
    assert shown(page) == len(checks)
    Select(page.find_element(By.ID, "verdict")).select_by_visible_text("fail")
    failed = [check for check in checks if check["verdict"] == "fail"]
    assert shown(page) == len(failed)
    assert page.find_element(By.ID, "shown").text == f"{len(failed)} checks shown"
    Select(page.find_element(By.ID, "area")).select_by_visible_text("pages")
    pages = [c for one in told["scenarios"] if one["name"].startswith("pages/") for c in one["checks"]]
    assert shown(page) == sum(check["verdict"] == "fail" for check in pages)
    page.find_element(By.ID, "text").send_keys("page.has-more")
    assert 0 < shown(page) <= sum("page.has-more" in str(check["requirements"]) for check in pages)
    page.find_element(By.ID, "text").send_keys("nothing of the kind")
    assert shown(page) == 0


def test_every_card_is_on_the_page_and_so_are_drift_requirements_and_the_matrix(page, told):
    cards = [check["card"] for one in told["scenarios"] for check in one["checks"] if check["card"]]
    told_cards = page.find_elements(By.CSS_SELECTOR, ".card")
    assert len(told_cards) >= len(cards) > 10
    text = page.find_element(By.TAG_NAME, "body").get_attribute("textContent")
    for check in (check for one in told["scenarios"] for check in one["checks"] if check["card"]):
        # What nobody sees is shown as an escape there.
        assert check["expected"] in text or not check["expected"].isascii()
    assert page.find_elements(By.CSS_SELECTOR, ".drift .old") and page.find_elements(By.CSS_SELECTOR, ".drift .new")
    rows = [row.get_attribute("data-row") for row in page.find_elements(By.CSS_SELECTOR, "[data-row]")]
    assert {one["id"] for one in told["requirements"]} <= set(rows)
    assert "never-more" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_an_accessibility_checker_finds_nothing_serious(page, scheme, width):
    page.set_window_size(width, 900)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    found = Axe().run(page)
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []
    # Nothing is wider than the page; what is, scrolls by itself.
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")


def test_nothing_is_asked_of_the_network_and_nothing_goes_wrong(page):
    errors = [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
    sent = [entry["message"] for entry in page.get_log("performance") if "Network.requestWillBeSent" in entry["message"]]
    assert [one for one in sent if '"url":"http' in one] == []


def test_no_secret_is_on_the_page(page):
    assert "a-secret-token" not in page.page_source
