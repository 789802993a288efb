// A request or an object in the words of other tools.

const DROPPED = ["host", "connection", "content-length", "accept-encoding", "origin", "referer", "user-agent"];

function headers(entry, hidden) {
  const own = entry.request.headers.filter(([name]) => !DROPPED.includes(name) && !name.startsWith("sec-"));
  return own.map(([name, value]) => [name, value.replaceAll("<token>", hidden).replaceAll("<removed>", hidden)]);
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const text = (body) => (typeof body === "string" ? body : atob(body.base64));
const targetOf = (entry) => (entry.call ? `/~/${entry.call}` : "") + entry.request.target;

export function asCurl(entry) {
  const lines = [`curl -i -X ${entry.request.method} ${quoted(location.origin + targetOf(entry))}`];
  for (const [name, value] of headers(entry, "YOUR-TOKEN")) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  const body = text(entry.request.body);
  if (body) lines.push(`--data-binary ${quoted(body)}`);
  return lines.join(" \\\n  ");
}

export function asFetch(entry) {
  const options = { method: entry.request.method };
  const named = Object.fromEntries(headers(entry, "YOUR-TOKEN"));
  if (Object.keys(named).length) options.headers = named;
  const body = text(entry.request.body);
  if (body) options.body = body;
  return `await fetch(${JSON.stringify(location.origin + targetOf(entry))}, ${JSON.stringify(options, null, 2)});`;
}

/** The step of a scenario that sends this request again, and expects the same status. JSON is YAML, too. */
export function asStep(entry, operation) {
  const [path, query] = entry.request.target.split("?");
  const values = path.match(operation.pattern)?.slice(1) ?? [];
  const pairs = operation.names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")]);
  for (const [name, value] of new URLSearchParams(query ?? "")) {
    pairs.push([name, /^-?(0|[1-9]\d{0,14})$/.test(value) ? Number(value) : value]);
  }
  const lines = [`- operationId: ${operation.id}`];
  if (pairs.length) lines.push(`  parameters: ${JSON.stringify(Object.fromEntries(pairs))}`);
  const body = text(entry.request.body);
  if (body) lines.push(`  requestBody: ${body}`);
  if (entry.response) lines.push(`  expect:`, `    - { cites: REQUIREMENT, status: ${entry.response.status} }`);
  return lines.join("\n") + "\n";
}

/** A file of fixtures with one object, for `--fixtures`. */
export function asFixture(resource, object) {
  return `${JSON.stringify({ [resource]: [object] }, null, 2)}\n`;
}
