// What arrives, as it arrives.
import { html, useEffect, useMemo, useRef, useState } from "./preact.js";
import { control, operationsOf, useDoing } from "./control.js";
import { asCurl, asFetch, asStep } from "./copy.js";

const ROW = 36;
const KEPT = 10_000;
const WAIT = 25;

/** All exchanges, kept up to date: by long polling, which survives restarts of the mock. */
function useJournal() {
  const [state, setState] = useState({ entries: [], dropped: 0, isLive: true });
  const [run, setRun] = useState(0);
  useEffect(() => {
    const all = new Map();
    const stop = new AbortController();
    const show = (rest) => {
      const tooMany = [...all.keys()].slice(0, Math.max(0, all.size - KEPT));
      for (const id of tooMany) all.delete(id);
      setState({ entries: [...all.values()], ...rest });
    };
    const follow = async () => {
      let after = 0;
      while (!stop.signal.aborted) {
        try {
          let [from, told] = [0, null];
          do {
            told = await control("GET", `journal?after=${after}&wait=${WAIT}&from=${from}`, undefined, stop.signal);
            for (const entry of told.exchanges) all.set(entry.id, entry);
            from = told.next;
          } while (from !== undefined);
          // A mock that was started anew counts from the beginning.
          if (told.revision < after) all.clear();
          after = told.revision < after ? 0 : told.revision;
          show({ dropped: told.dropped, isLive: true });
        } catch {
          if (stop.signal.aborted) return;
          show({ dropped: 0, isLive: false });
          await new Promise((again) => setTimeout(again, 1000));
        }
      }
    };
    follow();
    return () => stop.abort();
  }, [run]);
  return [state, () => setRun(run + 1)];
}

const verdictOf = (entry) =>
  entry.error ? "broken" : entry.response.status >= 500 ? "broken" : entry.response.status >= 400 ? "refused" : "good";
const shownTime = (ms) => (ms < 1 ? `${Math.round(ms * 1000)} µs` : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`);

function fits(entry, words) {
  const status = entry.response ? String(entry.response.status) : "no response";
  const text = `${entry.request.method} ${entry.request.target} ${status} ${entry.fault ? "fault" : ""}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function Row({ entry, isChosen, choose }) {
  return html`<li>
    <button class=${"row " + verdictOf(entry)} aria-pressed=${isChosen} onClick=${() => choose(entry.id)}>
      <span class="method">${entry.request.method}</span>
      <span class="target">${entry.request.target}</span>
      <span class="status">${entry.response ? entry.response.status : "none"}</span>
      <span class="marks">${entry.fault ? "fault" : ""}${entry.notes ? " noted" : ""}</span>
      <span class="took">${shownTime(entry.tookMs)}</span>
      <time datetime=${entry.time}>${new Date(entry.time).toLocaleTimeString()}</time>
    </button>
  </li>`;
}

/** The rows that can be seen, and room for the others: thousands scroll as smoothly as ten. */
function Rows({ entries, chosen, choose }) {
  const frame = useRef(null);
  const [top, setTop] = useState(0);
  const height = frame.current?.clientHeight ?? 600;
  const first = Math.max(0, Math.floor(top / ROW) - 5);
  const shown = entries.slice(first, first + Math.ceil(height / ROW) + 10);
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !entries.length) return;
    event.preventDefault();
    const at = entries.findIndex((entry) => entry.id === chosen);
    const next = Math.min(entries.length - 1, Math.max(0, at + step));
    choose(entries[next].id);
    const { scrollTop } = frame.current;
    if (next * ROW < scrollTop) frame.current.scrollTop = next * ROW;
    if ((next + 1) * ROW > scrollTop + height) frame.current.scrollTop = (next + 1) * ROW - height;
  };
  return html`<div class="rows" ref=${frame} tabindex="0" role="region" aria-label="Requests, newest first"
      onScroll=${(event) => setTop(event.target.scrollTop)} onKeyDown=${move}>
    <ol style=${{ paddingTop: `${first * ROW}px`, paddingBottom: `${Math.max(0, entries.length - first - shown.length) * ROW}px` }}>
      ${shown.map((entry) => html`<${Row} key=${entry.id} entry=${entry} isChosen=${entry.id === chosen} choose=${choose} />`)}
    </ol>
  </div>`;
}

function Message({ title, headers, body }) {
  const text = typeof body === "string" ? body : `${body.base64.length} characters of base64: ${body.base64}`;
  let shown = text;
  try {
    if (text) shown = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // It is shown as it came.
  }
  return html`<section>
    <h3>${title}</h3>
    <table><tbody>${headers.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
    ${shown && html`<pre tabindex="0" aria-label=${`${title}: body`}>${shown}</pre>`}
  </section>`;
}

function Detail({ entry, operation, close }) {
  const [run, line] = useDoing();
  const copy = (what, text) => run(() => navigator.clipboard.writeText(text), `Copied as ${what}.`);
  const heading = useRef(null);
  useEffect(() => heading.current?.focus(), [entry.id]);
  return html`<article class="detail" aria-label="The request">
    <div class="bar">
      <h2 ref=${heading} tabindex="-1">${entry.request.method} <span class="wrap">${entry.request.target}</span></h2>
      <button onClick=${close}>Close</button>
    </div>
    <p>${entry.response ? `Answered ${entry.response.status}` : `No response: ${entry.error}`} after ${shownTime(entry.tookMs)}${
      entry.workspace ? `, in workspace ${entry.workspace}` : ""}${operation ? `, as ${operation.id}` : ""}${
      entry.call ? `, of the call ${entry.call}` : ""}.</p>
    ${entry.fault && html`<p class="problem">A fault answered, or altered the response.</p>`}
    ${entry.refused && html`<p class="problem">Refused: ${entry.refused}</p>`}
    ${(entry.notes ?? []).map((note) => html`<p>Noted: ${note}</p>`)}
    <div class="bar">
      <button onClick=${() => copy("curl", asCurl(entry))}>Copy as curl</button>
      <button onClick=${() => copy("fetch", asFetch(entry))}>Copy as fetch</button>
      ${operation && html`<button onClick=${() => copy("scenario step", asStep(entry, operation))}>Copy as scenario step</button>`}
    </div>
    ${line}
    <${Message} title="Request" headers=${entry.request.headers} body=${entry.request.body} />
    ${entry.response && html`<${Message} title="Response" headers=${entry.response.headers} body=${entry.response.body} />`}
  </article>`;
}

export function Requests({ contract }) {
  const [{ entries, dropped, isLive }, again] = useJournal();
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState(null);
  const [run, line] = useDoing();
  const field = useRef(null);
  const operations = useMemo(() => operationsOf(contract), [contract]);
  useEffect(() => {
    const key = (event) => {
      const isTyping = /INPUT|TEXTAREA|SELECT/.test(event.target.tagName);
      if (event.key === "/" && !isTyping) { event.preventDefault(); field.current.focus(); }
      if (event.key === "Escape") setChosen(null);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = useMemo(() => entries.filter((entry) => fits(entry, words)).reverse(), [entries, search]);
  const entry = entries.find((one) => one.id === chosen);
  const path = entry?.request.target.split("?")[0];
  const operation = entry && operations.find((one) => one.method === entry.request.method && one.pattern.test(path));
  const forget = () => run(() => control("DELETE", "journal").then(again), "Forgotten.");
  return html`
    <div class="bar">
      <label>Search <input ref=${field} type="search" value=${search} placeholder="POST 404 /pets" aria-keyshortcuts="/"
        onInput=${(event) => setSearch(event.target.value)} /></label>
      <p class="grow quiet" role="status">${shown.length} of ${entries.length} requests${dropped ? `, ${dropped} older ones dropped` : ""}${isLive ? "" : "; the mock does not answer"}</p>
      <button onClick=${forget} disabled=${!entries.length}>Forget all</button>
    </div>
    ${line}
    ${entries.length === 0 && html`<p class="empty">Nothing has arrived yet. Point your app at ${location.origin}.</p>`}
    <div class=${entry ? "split" : ""}>
      ${entries.length > 0 && html`<${Rows} entries=${shown} chosen=${chosen} choose=${setChosen} />`}
      ${entry && html`<${Detail} entry=${entry} operation=${operation} close=${() => setChosen(null)} />`}
    </div>`;
}
