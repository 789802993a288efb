// The page: its tabs, and what they share.
import { html, render, useEffect, useState } from "./preact.js";
import { control, setToken } from "./control.js";
import { Contract } from "./contract.js";
import { Faults } from "./faults.js";
import { Requests } from "./requests.js";
import { State } from "./state.js";

const TABS = { requests: Requests, state: State, faults: Faults, contract: Contract };
const NAMES = { requests: "Requests", state: "State", faults: "Faults", contract: "Contract" };

function tabOfAddress() {
  const name = location.hash.slice(1);
  return name in TABS ? name : "requests";
}

function Locked({ done }) {
  const submit = (event) => {
    event.preventDefault();
    setToken(new FormData(event.target).get("token"));
    done();
  };
  return html`<main><form class="bar" onSubmit=${submit}>
    <label>Control token <input name="token" type="password" required autocomplete="off" /></label>
    <button>Open</button>
  </form></main>`;
}

function Page() {
  const [tab, setTab] = useState(tabOfAddress());
  const [document_, setDocument] = useState(null);
  const [problem, setProblem] = useState(null);
  const load = () =>
    control("GET", "contract.json").then((loaded) => { setDocument(loaded); setProblem(null); }, setProblem);
  useEffect(() => {
    load();
    const follow = () => setTab(tabOfAddress());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  if (problem?.status === 401) return html`<${Locked} done=${load} />`;
  const title = document_?.info?.title ?? "Mock";
  document.title = `${title}, mocked`;
  const View = TABS[tab];
  const link = (name) => html`<a href=${"#" + name} aria-current=${name === tab ? "page" : null}>${NAMES[name]}</a>`;
  return html`
    <header>
      <h1>${title} <span class="quiet">mocked at ${location.origin}</span></h1>
      <nav aria-label="Views">${Object.keys(TABS).map(link)}</nav>
    </header>
    <main>
      ${problem && html`<p role="alert" class="problem">${problem.message}</p>`}
      ${document_ && html`<${View} contract=${document_} />`}
    </main>`;
}

const root = document.getElementById("root");
root.textContent = "";
render(html`<${Page} />`, root);
