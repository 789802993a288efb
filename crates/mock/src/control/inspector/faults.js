// What goes wrong, switched on and off.
import { html, useEffect, useState } from "./preact.js";
import { control, operationsOf, useDoing } from "./control.js";

const nameOf = (fault) => (typeof fault === "string" ? fault : JSON.stringify(fault));

/** A fault of one's own: this status, or a delay, for an operation or all. */
function Own({ operations, add }) {
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    const on = {};
    if (given.operation) on.operation = given.operation;
    if (given.first) on.first = Number(given.first);
    const fault = Object.keys(on).length ? { on } : {};
    if (given.delay) fault.delayMs = Number(given.delay);
    if (given.status) fault.answer = { status: Number(given.status), body: { message: given.message } };
    add(fault);
  };
  return html`<form class="bar" onSubmit=${submit}>
    <label>Operation <select name="operation"><option value="">all</option>
      ${operations.map((one) => html`<option value=${one.id}>${one.id}</option>`)}</select></label>
    <label>Status <input name="status" type="number" min="200" max="599" placeholder="its own" /></label>
    <label>Message <input name="message" value="switched on by hand" /></label>
    <label>Delay, ms <input name="delay" type="number" min="0" max="600000" placeholder="0" /></label>
    <label>First requests <input name="first" type="number" min="1" placeholder="all" /></label>
    <button>Switch on</button>
  </form>`;
}

export function Faults({ contract }) {
  const [known, setKnown] = useState([]);
  const [script, setScript] = useState({ faults: [], happened: [] });
  const [search, setSearch] = useState("");
  const [run, line] = useDoing();
  const load = async () => setScript(await control("GET", "faults"));
  useEffect(() => {
    run(async () => { setKnown((await control("GET", "known-faults")).faults); await load(); });
  }, []);
  const set = (faults, words) => run(() => control("PUT", "faults", { faults }).then(load), words);
  const isOn = (name) => script.faults.includes(name);
  const toggle = (name) =>
    isOn(name)
      ? set(script.faults.filter((one) => one !== name), `${name} is off.`)
      : set([...script.faults, name], `${name} is on.`);
  const fits = (fault) => `${fault.name} ${fault.summary}`.toLowerCase().includes(search.toLowerCase());
  const group = (title, faults) => faults.length > 0 && html`<section>
    <h3>${title} <span class="quiet">${faults.length}</span></h3>
    <ul class="faults">${faults.map((fault) => html`<li key=${fault.name}><label>
      <input type="checkbox" checked=${isOn(fault.name)} onChange=${() => toggle(fault.name)} />
      <span class="mono">${fault.name}</span> <span class="quiet">${fault.summary}</span></label></li>`)}</ul>
  </section>`;
  return html`
    <p>Faults happen to every request that has no faults of its own, until they are switched off.</p>
    ${line}
    <section>
      <h3>On now <span class="quiet">${script.faults.length}</span></h3>
      <ul class="faults">${script.faults.map((fault, index) => html`<li>
        <button onClick=${() => set(script.faults.filter((_, at) => at !== index), "Off.")}>Switch off</button>
        <span class="mono">${nameOf(fault)}</span> <span class="quiet">happened ${script.happened[index]} times</span></li>`)}</ul>
      <div class="bar">
        <button onClick=${() => run(() => control("DELETE", "faults").then(load), "All are off.")} disabled=${!script.faults.length}>Switch all off</button>
        <button onClick=${() => run(load, "Counted again.")}>Count again</button>
      </div>
    </section>
    <section>
      <h3>One of your own</h3>
      <${Own} operations=${operationsOf(contract)} add=${(fault) => set([...script.faults, fault], "It is on.")} />
    </section>
    <div class="bar"><label>Search faults <input type="search" value=${search} onInput=${(event) => setSearch(event.target.value)} /></label></div>
    ${group("Weather", known.filter((one) => one.weather && fits(one)))}
    ${group("Mistakes of a server", known.filter((one) => !one.weather && fits(one)))}`;
}
