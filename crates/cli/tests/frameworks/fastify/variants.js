// Variations of the server beside it: hooks that change the text of a body on its way out. Each takes the application.
"use strict";

const { Readable } = require("node:stream");
const { gzipSync } = require("node:zlib");

const texts = (change) => (app) =>
  app.addHook("onSend", async (request, reply, text) => (text ? change(text, request, reply) : text));

/** Every character but letters and digits is written as JSON allows any to be written. */
const escaped = (text) => text.replace(/[^A-Za-z0-9]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);

module.exports = {
  "byte-order-mark": texts((text) => `\ufeff${text}`),

  "utf-16": texts((text, request, reply) => {
    reply.header("content-type", "application/json; charset=utf-16");
    return Buffer.from(`\ufeff${text}`, "utf16le");
  }),

  gzip: texts((text, request, reply) => {
    reply.header("vary", "accept-encoding");
    if (!/\bgzip\b/.test(request.headers["accept-encoding"])) return text;
    reply.header("content-encoding", "gzip");
    return gzipSync(text);
  }),

  // In chunks of five bytes, which end within characters, too.
  chunked: texts((text) => {
    const bytes = Buffer.from(text);
    const starts = Array.from({ length: Math.ceil(bytes.length / 5) }, (_, index) => index * 5);
    return Readable.from(starts.map((start) => bytes.subarray(start, start + 5)));
  }),

  // In the body itself, and in each conversation on a page.
  "escaped-token": texts((text, { headers: { authorization = "" } }) => {
    return text.replace(/^\{|\{(?="_id")/g, `{"echo":"${escaped(authorization.slice("Bearer ".length))}",`);
  }),

  "duplicate-members": texts((text) => text.replace(/"displayName":"(?:[^"\\]|\\.)*"/g, (one) => `${one},${one}`)),
};
