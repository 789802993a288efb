// `@octokit/rest` against a mock: labels, issues and gists.

import { Octokit } from "@octokit/rest";

import { MOCK, eachOnce, rejected, same, step } from "./steps.mjs";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const octokit = new Octokit({ baseUrl: MOCK, auth: "octokit", log: quiet });
const { gists, issues, repos } = octokit.rest;

let at;
let labels;
let closed;
let opened;

await step("create a repository", async () => {
  const { data } = await repos.createForAuthenticatedUser({ name: "engine", description: "Analytical" });
  same([data.name, data.description], ["engine", "Analytical"]);
  at = { owner: data.owner.login, repo: data.name };
});

await step("retrieve a repository", async () => {
  const { data } = await repos.get(at);
  same([data.name, data.description], ["engine", "Analytical"]);
});

await step("create", async () => {
  const { data } = await issues.createLabel({ ...at, name: "bug", color: "ff0000", description: "It breaks" });
  same([data.name, data.color], ["bug", "ff0000"]);
});

await step("retrieve", async () => {
  const { data } = await issues.getLabel({ ...at, name: "bug" });
  same([data.name, data.color, data.description], ["bug", "ff0000", "It breaks"]);
});

await step("update", async () => {
  await issues.updateLabel({ ...at, name: "bug", color: "00ff00" });
  const { data } = await issues.getLabel({ ...at, name: "bug" });
  same([data.name, data.color, data.description], ["bug", "00ff00", "It breaks"]);
});

await step("auto-paging", async () => {
  labels = ["bug"];
  for (let n = 0; n < 25; n++) {
    labels.push((await issues.createLabel({ ...at, name: `label-${n}` })).data.name);
  }
  same((await issues.listLabelsForRepo({ ...at, per_page: 10 })).data.length, 10);
  const got = await octokit.paginate(issues.listLabelsForRepo, { ...at, per_page: 10 });
  eachOnce(got.map((label) => label.name), labels);
});

await step("delete", async () => {
  await issues.deleteLabel({ ...at, name: "label-3" });
  const got = await octokit.paginate(issues.listLabelsForRepo, { ...at, per_page: 10 });
  eachOnce(got.map((label) => label.name), labels.filter((name) => name !== "label-3"));
});

await step("error of a deleted label", async () => {
  const error = await rejected(issues.getLabel({ ...at, name: "label-3" }));
  same([error.name, error.status], ["HttpError", 404]);
});

await step("rename", async () => {
  await issues.updateLabel({ ...at, name: "bug", new_name: "defect" });
  const { data } = await issues.getLabel({ ...at, name: "defect" });
  same([data.name, data.color, data.description], ["defect", "00ff00", "It breaks"]);
});

await step("issues", async () => {
  const { data } = await issues.create({ ...at, title: "Stuck", body: "The gears do not turn" });
  closed = data.number;
  const one = { ...at, issue_number: closed };
  const { data: got } = await issues.get(one);
  same([got.title, got.body, got.state], ["Stuck", "The gears do not turn", "open"]);
  await issues.update({ ...one, title: "Stuck again", state: "closed" });
  const { data: changed } = await issues.get(one);
  same([changed.title, changed.state], ["Stuck again", "closed"]);
});

await step("auto-paging of issues", async () => {
  opened = [];
  for (let n = 0; n < 25; n++) {
    opened.push((await issues.create({ ...at, title: `Issue ${n}` })).data.number);
  }
  const got = [];
  for await (const page of octokit.paginate.iterator(issues.listForRepo, { ...at, state: "all", per_page: 10 })) {
    got.push(...page.data.map((issue) => issue.number));
  }
  eachOnce(got, [closed, ...opened]);
});

await step("filter by state", async () => {
  const having = async (state) =>
    (await octokit.paginate(issues.listForRepo, { ...at, state, per_page: 10 })).map((issue) => issue.number);
  same(await having("closed"), [closed]);
  eachOnce(await having("open"), opened);
  eachOnce(await having("all"), [closed, ...opened]);
});

await step("the default of a filter is open issues", async () => {
  const got = await octokit.paginate(issues.listForRepo, { ...at, per_page: 10 });
  eachOnce(got.map((issue) => issue.number), opened);
});

await step("gists", async () => {
  const { data } = await gists.create({ description: "A note", files: { "note.md": { content: "# One" } } });
  const one = { gist_id: data.id };
  const { data: got } = await gists.get(one);
  same([got.description, got.files["note.md"].content], ["A note", "# One"]);
  await gists.update({ ...one, description: "A better note" });
  same((await gists.get(one)).data.description, "A better note");
  await gists.delete(one);
  same((await rejected(gists.get(one))).status, 404);
});
