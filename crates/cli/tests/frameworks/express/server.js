// The Conversations API as one writes it with Express: a right server to try `conformance run` on.
// VARIANT names a variation in variants.js.
"use strict";

const express = require("express");
const { monotonicFactory } = require("ulid");
const variants = require("./variants");

const ulid = monotonicFactory();
const workspaces = new Map(); // token -> Map of conversations by id, oldest first

const app = express();
if (process.env.VARIANT) variants[process.env.VARIANT](app);

app.use((req, res, next) => {
  const [, token] = /^Bearer +(\S+)$/i.exec(req.get("Authorization") ?? "") ?? [];
  if (!token) return res.status(401).set("WWW-Authenticate", "Bearer").json({ message: "A bearer token is needed" });
  if (!workspaces.has(token)) workspaces.set(token, new Map());
  req.conversations = workspaces.get(token);
  next();
});
app.use(express.json());

function refuse(status, message) {
  throw Object.assign(new Error(message), { status });
}

function checkedName({ displayName }) {
  const length = typeof displayName === "string" ? [...displayName].length : 0;
  if (length < 1 || length > 100) refuse(400, "displayName must be text of 1 to 100 characters");
  return displayName;
}

function checkedBody(req) {
  const body = req.body;
  if (typeof body !== "object" || body === null || Array.isArray(body)) refuse(400, "The body must be a JSON object");
  return body;
}

function find(req) {
  const found = req.conversations.get(req.params.id);
  if (!found) refuse(404, "Conversation not found");
  return found;
}

app.post("/v2/conversations", (req, res) => {
  const displayName = checkedName(checkedBody(req));
  const now = Date.now();
  const _id = `conv_${ulid().toLowerCase()}`;
  const conversation = { _id, kind: "conversation", displayName, createdAt: now, updatedAt: now };
  req.conversations.set(_id, conversation);
  res.status(201).json(conversation);
});

app.get("/v2/conversations", (req, res) => {
  const { limit = "10", starting_after: after, ending_before: before } = req.query;
  if (!/^\d+$/.test(limit) || limit < 1 || limit > 100) refuse(400, "limit must be an integer from 1 to 100");
  const all = [...req.conversations.values()].reverse();
  const place = (id) => all.findIndex((one) => one._id === id);

  // A cursor that names nothing gives an empty page.
  const start = after === undefined ? 0 : place(after) + 1 || all.length;
  const end = before === undefined ? all.length : Math.max(place(before), 0);
  const between = all.slice(start, end);
  const backward = before !== undefined && after === undefined;
  const data = backward ? between.slice(-limit) : between.slice(0, limit);
  res.json({ object: "list", data, has_more: between.length > data.length });
});

app.get("/v2/conversations/:id", (req, res) => {
  res.json({ ...find(req), messages: [] });
});

app.patch("/v2/conversations/:id", (req, res) => {
  const conversation = find(req);
  const body = checkedBody(req);
  if ("displayName" in body) conversation.displayName = checkedName(body);
  conversation.updatedAt = Date.now();
  res.json(conversation);
});

app.delete("/v2/conversations/:id", (req, res) => {
  req.conversations.delete(find(req)._id);
  res.status(204).end();
});

app.use(() => refuse(404, "There is nothing here"));
app.use((error, req, res, next) => {
  res.status(error.status ?? 500).json({ message: error.message });
});

const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
