// The Conversations API as one writes it with Fastify, schemas and all: a right server to try `conformance run` on.
// VARIANT names a variation in variants.js.
"use strict";

const Ajv = require("ajv");
const fastify = require("fastify");
const { monotonicFactory } = require("ulid");
const variants = require("./variants");

const ulid = monotonicFactory();
const workspaces = new Map(); // token -> conversations, newest first

const displayName = { type: "string", minLength: 1, maxLength: 100 };
const conversation = {
  type: "object",
  required: ["_id", "kind", "displayName", "createdAt", "updatedAt"],
  properties: {
    _id: { type: "string" },
    kind: { const: "conversation" },
    displayName: { type: "string" },
    createdAt: { type: "integer" },
    updatedAt: { type: "integer" },
  },
};
const page = {
  type: "object",
  properties: { object: { const: "list" }, data: { type: "array", items: conversation }, has_more: { type: "boolean" } },
};
const whole = { ...conversation, properties: { ...conversation.properties, messages: { type: "array" } } };
const query = {
  type: "object",
  properties: {
    limit: { type: "integer", minimum: 1, maximum: 100, default: 10 },
    starting_after: { type: "string" },
    ending_before: { type: "string" },
  },
};

const app = fastify();
// Fastify would read the number 17 as the name "17"; only what comes in the URL shall be converted.
const strict = new Ajv();
const converting = new Ajv({ coerceTypes: true, useDefaults: true });
app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === "body" ? strict : converting).compile(schema));

if (process.env.VARIANT) variants[process.env.VARIANT](app);

function refuse(statusCode, message) {
  throw Object.assign(new Error(message), { statusCode });
}

app.decorateRequest("conversations", null);
app.addHook("onRequest", async (request) => {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (!token) refuse(401, "A bearer token is needed");
  if (!workspaces.has(token)) workspaces.set(token, []);
  request.conversations = workspaces.get(token);
});

function place(request, id) {
  const index = request.conversations.findIndex((one) => one._id === id);
  if (index < 0) refuse(404, `No conversation has the id ${JSON.stringify(id)}`);
  return index;
}

const create = { body: { type: "object", required: ["displayName"], properties: { displayName } }, response: { 201: conversation } };
app.post("/v2/conversations", { schema: create }, async (request, reply) => {
  const now = Date.now();
  const { displayName } = request.body;
  const created = { _id: `conv_${ulid().toLowerCase()}`, kind: "conversation", displayName, createdAt: now, updatedAt: now };
  request.conversations.unshift(created);
  reply.code(201);
  return created;
});

app.get("/v2/conversations", { schema: { querystring: query, response: { 200: page } } }, async (request) => {
  const { limit, starting_after, ending_before } = request.query;
  // A cursor that names nothing is refused.
  const start = starting_after === undefined ? 0 : place(request, starting_after) + 1;
  const end = ending_before === undefined ? request.conversations.length : place(request, ending_before);
  const between = request.conversations.slice(start, end);
  const backward = ending_before !== undefined && starting_after === undefined;
  const data = backward ? between.slice(-limit) : between.slice(0, limit);
  return { object: "list", data, has_more: between.length > data.length };
});

app.get("/v2/conversations/:id", { schema: { response: { 200: whole } } }, async (request) => {
  return { ...request.conversations[place(request, request.params.id)], messages: [] };
});

const update = { body: { type: "object", properties: { displayName } }, response: { 200: conversation } };
app.patch("/v2/conversations/:id", { schema: update }, async (request) => {
  const found = request.conversations[place(request, request.params.id)];
  found.displayName = request.body.displayName ?? found.displayName;
  found.updatedAt = Date.now();
  return found;
});

app.delete("/v2/conversations/:id", async (request, reply) => {
  request.conversations.splice(place(request, request.params.id), 1);
  reply.code(204);
});

app.listen({ host: "127.0.0.1", port: 0 }).then(console.log);
