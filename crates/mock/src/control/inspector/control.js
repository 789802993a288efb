// The control API, and what the views say of their own affairs.
import { html, useState } from "./preact.js";

const KEY = "conformance-control";

export function setToken(token) {
  sessionStorage.setItem(KEY, token);
}

/** Sends a request to the control API: the body it answers, or an error with a status and a message. */
export async function control(method, path, body, signal) {
  const token = sessionStorage.getItem(KEY);
  const headers = token ? { "Conformance-Control": token } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, sent);
  } catch (error) {
    throw signal?.aborted ? error : Object.assign(new Error("The mock does not answer. Is it still running?"), { status: 0 });
  }
  const text = await response.text();
  const told = text && response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
  if (!response.ok) throw Object.assign(new Error(told?.message ?? text), { status: response.status });
  return told;
}

/** A function that does something, and the words for how it went. */
export function useDoing() {
  const [said, setSaid] = useState(null);
  const run = (work, words) =>
    work().then(
      (result) => { setSaid(words && { words }); return result; },
      (error) => setSaid({ words: error.message, failed: true }),
    );
  const line = html`<p role="status" class=${said?.failed ? "problem" : "quiet"}>${said?.words ?? ""}</p>`;
  return [run, line, setSaid];
}

export function save(name, value) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2) + "\n"], { type: "application/json" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/** The operations of a document: id, method, path, summary, and a pattern that its paths fit. */
export function operationsOf(contract) {
  const base = (contract.servers ?? []).map((server) => pathOf(server.url)).concat(contract.basePath ?? "", "");
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const prefix = `(?:${base.map((one) => escape(one.replace(/\/$/, ""))).join("|")})`;
  return Object.entries(contract.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item?.[method]).map((method) => {
      const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
      const fixed = path.split(/\{[^}]+\}/).map(escape).join("([^/]+?)");
      return {
        id: item[method].operationId ?? `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        names,
        summary: item[method].summary ?? "",
        pattern: new RegExp(`^${prefix}${fixed}/?$`),
      };
    }),
  );
}

function pathOf(url) {
  try {
    return new URL(url, location.href).pathname;
  } catch {
    return "";
  }
}
