// What is mocked, and a way to try it.
import { html, useMemo, useState } from "./preact.js";
import { operationsOf, useDoing } from "./control.js";

function Try({ operation }) {
  const [answer, setAnswer] = useState(null);
  const [run, line] = useDoing();
  const hasBody = ["POST", "PUT", "PATCH"].includes(operation.method);
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    const headers = given.credentials ? { Authorization: given.credentials } : {};
    if (hasBody) headers["Content-Type"] = "application/json";
    run(async () => {
      const response = await fetch(given.target, { method: operation.method, headers, body: hasBody ? given.body : undefined });
      setAnswer(`${response.status}\n${await response.text()}`);
    });
  };
  return html`<form class="try" onSubmit=${submit}>
    <label>Path and query <input name="target" value=${operation.path} required /></label>
    <label>Authorization <input name="credentials" value="Bearer me" autocomplete="off" /></label>
    ${hasBody && html`<label>Body <textarea name="body" rows="4" spellcheck=${false}>{}</textarea></label>`}
    <button>Send</button>
    ${line}
    ${answer !== null && html`<pre tabindex="0" aria-label="Response">${answer}</pre>`}
  </form>`;
}

export function Contract({ contract }) {
  const [search, setSearch] = useState("");
  const operations = useMemo(() => operationsOf(contract), [contract]);
  const fits = (one) => `${one.method} ${one.path} ${one.id} ${one.summary}`.toLowerCase().includes(search.toLowerCase());
  const shown = operations.filter(fits);
  return html`
    <div class="bar">
      <label>Search operations <input type="search" value=${search} onInput=${(event) => setSearch(event.target.value)} /></label>
      <p class="grow quiet" role="status">${shown.length} of ${operations.length} operations</p>
      <a href="contract.json">The document</a>
      <a href="openapi.yaml">The control API</a>
    </div>
    ${shown.slice(0, 300).map((one) => html`<details key=${one.method + one.path}>
      <summary><span class="method">${one.method}</span> <span class="mono wrap">${one.path}</span> <span class="quiet">${one.summary}</span></summary>
      <${Try} operation=${one} />
    </details>`)}
    ${shown.length > 300 && html`<p class="quiet">The first 300 are shown; search for the others.</p>`}`;
}
