"""`PyGithub` against a mock: labels, issues and gists."""

from github import Auth, Github, InputFileContent, UnknownObjectException

from steps import MOCK, done, each_once, raised, same, step

hub = Github(
    base_url=MOCK,
    auth=Auth.Token("pygithub"),
    per_page=10,
    retry=None,
    seconds_between_requests=0,
    seconds_between_writes=0,
)

with step("create a repository"):
    made = hub.get_user().create_repo("engine", description="Analytical")
    same((made.name, made.description), ("engine", "Analytical"))

with step("retrieve a repository"):
    got = hub.get_repo(made.full_name)
    same((got.id, got.name, got.description), (made.id, "engine", "Analytical"))

with step("update a repository"):
    made.edit(description="Difference")
    same(hub.get_repo(made.full_name).description, "Difference")

# Nothing is fetched here, so what follows does not depend on the repository above.
repo = hub.withLazy(True).get_repo("ada/engine")

with step("create"):
    label = repo.create_label("bug", "ff0000", "It breaks")
    same((label.name, label.color), ("bug", "ff0000"))

with step("retrieve"):
    got = repo.get_label("bug")
    same((got.name, got.color, got.description), ("bug", "ff0000", "It breaks"))

with step("update"):
    label.edit("bug", "00ff00")
    got = repo.get_label("bug")
    same((got.name, got.color, got.description), ("bug", "00ff00", "It breaks"))

with step("auto-paging"):
    labels = ["bug"] + [
        repo.create_label(f"label-{n}", "0000ff").name for n in range(25)
    ]
    same(len(repo.get_labels().get_page(0)), 10)
    each_once([got.name for got in repo.get_labels()], labels)

with step("delete"):
    repo.get_label("label-3").delete()
    labels.remove("label-3")
    each_once([got.name for got in repo.get_labels()], labels)

with step("error of a deleted label"):
    error = raised(UnknownObjectException, lambda: repo.get_label("label-3").complete())
    same(error.status, 404)

with step("rename"):
    label.edit("defect", "00ff00")
    got = repo.get_label("defect")
    same((got.name, got.color, got.description), ("defect", "00ff00", "It breaks"))

with step("issues"):
    issue = repo.create_issue("Stuck", body="The gears do not turn")
    got = repo.get_issue(issue.number)
    same((got.title, got.body, got.state), ("Stuck", "The gears do not turn", "open"))
    issue.edit(title="Stuck again", state="closed")
    got = repo.get_issue(issue.number)
    same((got.title, got.state), ("Stuck again", "closed"))

with step("auto-paging of issues"):
    opened = [repo.create_issue(f"Issue {n}").number for n in range(25)]
    got = [one.number for one in repo.get_issues(state="all")]
    each_once(got, opened + [issue.number])

with step("filter by state"):
    same([one.number for one in repo.get_issues(state="closed")], [issue.number])
    each_once([one.number for one in repo.get_issues(state="open")], opened)

with step("filter by labels"):
    marked = repo.create_issue("Marked", labels=["urgent"])
    got = [one.number for one in repo.get_issues(labels=["urgent"], state="all")]
    same(got, [marked.number])

with step("labels of an issue"):
    same([one.name for one in repo.get_issue(marked.number).labels], ["urgent"])

with step("gists"):
    gist = hub.get_user().create_gist(
        True, {"note.md": InputFileContent("# One")}, "A note"
    )
    got = hub.get_gist(gist.id)
    same((got.description, got.files["note.md"].content), ("A note", "# One"))
    got.edit("A better note")
    same(hub.get_gist(gist.id).description, "A better note")

with step("error of a deleted gist"):
    gist.delete()
    same(raised(UnknownObjectException, lambda: hub.get_gist(gist.id)).status, 404)

done()
