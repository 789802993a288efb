"""The JUnit report, as another program reads it."""

from junitparser import Error, Failure, JUnitXml, Skipped


def test_a_reader_counts_what_the_run_counted(reports, told):
    xml = JUnitXml.fromfile(str(reports / "report.junit"))
    numbers = told["numbers"]
    cases = [case for suite in xml for case in suite]
    assert len(cases) == sum(len(one["checks"]) for one in told["scenarios"]) + numbers["drifted"]
    of = lambda kind: sum(any(isinstance(result, kind) for result in case.result) for case in cases)  # noqa: E731
    assert numbers["failed"] > 0 and numbers["drifted"] > 0 and numbers["warned"] > 0
    assert of(Failure) == xml.failures == numbers["failed"] + numbers["drifted"]
    assert of(Error) == xml.errors == numbers["couldNotRun"]
    assert of(Skipped) == numbers["warned"] + numbers["notApplicable"] + numbers["known"]


def test_a_case_names_its_requirements_and_a_failure_is_a_card(reports):
    xml = JUnitXml.fromfile(str(reports / "report.junit"))
    cases = [case for suite in xml for case in suite if any(isinstance(one, Failure) for one in case.result)]
    case = next(case for case in cases if case.classname == "pages.end-of-list")
    properties = [(one.get("name"), one.get("value")) for one in case._elem.iter("property")]
    assert ("requirement", "page.has-more") in properties and ("level", "MUST") in properties
    card = case.result[0].text
    for row in ("rule ", "at ", "before ", "sent ", "answered ", "expected ", "found ", "reproduce ", "rerun "):
        assert f"\n  {row}" in card, card
