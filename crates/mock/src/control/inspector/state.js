// What each workspace holds: looked at, changed, kept and put back.
import { html, useEffect, useState } from "./preact.js";
import { control, save, useDoing } from "./control.js";
import { asFixture } from "./copy.js";

/** The lists of objects in what a workspace holds. A suite keeps them by resource, a document by resource and parents. */
function listsOf(holds) {
  if (!holds.collections) {
    return Object.entries(holds).map(([name, objects]) => ({ name, objects, members: (one) => one, wrap: (one) => one }));
  }
  return holds.collections.map(({ resource, parents, objects }) => ({
    name: resource + (parents.length ? ` below ${parents.join(", ")}` : ""),
    objects,
    members: (one) => one.members,
    // What an object was found by follows from its members again.
    wrap: (members, before) => (before ? { sequence: before.sequence, members } : { members }),
  }));
}

function Editor({ label, value, done, remove, copy }) {
  const [text, setText] = useState(JSON.stringify(value, null, 2));
  const [wrong, setWrong] = useState(null);
  useEffect(() => setText(JSON.stringify(value, null, 2)), [JSON.stringify(value)]);
  const submit = () => {
    try {
      setWrong(null);
      done(JSON.parse(text));
    } catch (error) {
      setWrong(error.message);
    }
  };
  return html`
    <textarea aria-label=${label} rows=${Math.min(24, text.split("\n").length + 1)} value=${text} spellcheck=${false}
      onInput=${(event) => setText(event.target.value)}></textarea>
    ${wrong && html`<p role="alert" class="problem">${wrong}</p>`}
    <div class="bar">
      <button onClick=${submit}>Save</button>
      ${remove && html`<button onClick=${remove}>Delete</button>`}
      ${copy && html`<button onClick=${copy}>Copy as fixture</button>`}
    </div>`;
}

function List({ list, isSuite, change, run }) {
  const named = (one) => {
    const members = list.members(one);
    const id = one.ids?.[0] ?? members._id ?? members.id ?? "";
    const words = Object.values(members).find((value) => typeof value === "string" && value !== id) ?? "";
    return html`<span class="mono">${id}</span> <span class="quiet">${words.slice(0, 60)}</span>`;
  };
  const copy = (one) => run(() => navigator.clipboard.writeText(asFixture(list.name, list.members(one))), "Copied as fixture.");
  return html`<section>
    <h3>${list.name} <span class="quiet">${list.objects.length}</span></h3>
    ${list.objects.map((one, index) => html`<details key=${one.sequence ?? index}>
      <summary>${named(one)}</summary>
      <${Editor} label=${`Object ${index + 1} of ${list.name}`} value=${list.members(one)}
        done=${(members) => change(() => { list.objects[index] = list.wrap(members, one); })}
        remove=${() => change(() => { list.objects.splice(index, 1); })}
        copy=${isSuite ? () => copy(one) : null} />
    </details>`)}
    <details>
      <summary>Add an object</summary>
      <${Editor} label=${`New object of ${list.name}`} value=${list.objects.length ? list.members(list.objects.at(-1)) : {}}
        done=${(members) => change(() => { list.objects.push(list.wrap(members)); })} />
    </details>
  </section>`;
}

export function State() {
  const [workspaces, setWorkspaces] = useState(null);
  const [number, setNumber] = useState(null);
  const [holds, setHolds] = useState(null);
  const [run, line] = useDoing();
  const load = async (wanted) => {
    const told = (await control("GET", "workspaces")).workspaces;
    setWorkspaces(told);
    const chosen = told.find((one) => one.number === wanted) ?? told[0];
    setNumber(chosen?.number ?? null);
    setHolds(chosen ? await control("GET", `workspaces/${chosen.number}`) : null);
  };
  useEffect(() => { run(() => load(number)); }, []);
  const put = (state, words) => run(() => control("PUT", `workspaces/${number}`, state).then(() => load(number)), words);
  const change = (alter) => {
    const copy = structuredClone(holds);
    alter();
    // What was altered in place is sent; what cannot be kept is put back.
    run(() => control("PUT", `workspaces/${number}`, holds).then(() => load(number), (error) => { setHolds(copy); throw error; }), "Saved.");
  };
  const restore = async (event) => {
    const [file] = event.target.files;
    if (file) await run(async () => put(JSON.parse(await file.text()), "Put back."));
    event.target.value = "";
  };
  if (workspaces && !workspaces.length) return html`${line}<p class="empty">No workspace yet: the first request with credentials makes one.</p>`;
  if (!holds) return line;
  return html`
    <div class="bar">
      <label>Workspace <select value=${number} onChange=${(event) => run(() => load(Number(event.target.value)))}>
        ${workspaces.map((one) => html`<option value=${one.number}>${one.number} (${one.objects} objects)</option>`)}
      </select></label>
      <button onClick=${() => run(() => load(number), "Read again.")}>Read again</button>
      <button onClick=${() => save(`workspace-${number}.json`, holds)}>Save snapshot</button>
      <label class="file">Restore snapshot <input type="file" accept=".json,application/json" onChange=${restore} /></label>
      <button onClick=${() => run(() => control("DELETE", `workspaces/${number}`).then(() => load(number)), "Back to the beginning.")}>Reset</button>
    </div>
    ${line}
    ${listsOf(holds).map((list) => html`<${List} key=${number + list.name} list=${list} isSuite=${!holds.collections} change=${change} run=${run} />`)}
    ${holds.collections && !holds.collections.length && html`<p class="empty">This workspace is empty.</p>`}`;
}
