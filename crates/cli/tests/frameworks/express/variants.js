// Variations of the server beside it, as middleware that stands before all else. Each takes the application.
"use strict";

const HOUR = 3_600_000;

/** Every JSON body goes through `change`. */
const bodies = (change) => (app) =>
  app.use((req, res, next) => {
    const json = res.json;
    res.json = (body) => json.call(res, change(body, res));
    next();
  });

/** Every seventh request is refused once, as by a limit on the rate. */
const busy = (headers) => (app) => {
  let count = 0;
  app.use((req, res, next) => {
    count += 1;
    if (count % 7) return next();
    res.status(429).set(headers()).json({ message: "Too many requests" });
  });
};

/** A DELETE of which `lies` is true gets the right answer, and nothing is deleted: inside, it is a GET. */
const lyingDelete = (lies) => (app) =>
  app.use((req, res, next) => {
    if (req.method === "DELETE" && lies()) {
      const json = res.json;
      res.json = (body) => (res.statusCode === 200 ? res.status(204).end() : json.call(res, body));
      req.method = "GET";
    }
    next();
  });

const needsHeader = (name, pattern, status, message) => (app) =>
  app.use((req, res, next) => (pattern.test(req.get(name) ?? "") ? next() : res.status(status).json({ message })));

function shuffled(value) {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map((member) => ({ member, place: Math.random() }));
  return Object.fromEntries(members.sort((a, b) => a.place - b.place).map(({ member: [name, of] }) => [name, shuffled(of)]));
}

module.exports = {
  "accept-json": needsHeader("Accept", /application\/(json|\*)/, 406, "Only application/json is served"),
  "user-agent": needsHeader("User-Agent", /./, 403, "Requests need a User-Agent header"),

  "retry-after-none": busy(() => ({})),
  // One second after the Date of the same answer, on a server whose clock is an hour fast.
  "retry-after-date": (app) => {
    const now = Date.now;
    Date.now = () => now() + HOUR;
    const date = (ms) => new Date(ms).toUTCString();
    app.use((req, res, next) => res.set("Date", date(Date.now())) && next());
    busy(() => ({ "Retry-After": date(Date.now() + 1000) }))(app);
  },

  "all-500": (app) => app.use((req, res) => res.status(500).json({ message: "database is down" })),
  "redirect-https": (app) => app.use((req, res) => res.redirect(308, `https://${req.get("Host")}${req.originalUrl}`)),

  "location-only": (app) =>
    app.use((req, res, next) => {
      const json = res.json;
      res.json = (body) => (res.statusCode === 201 ? res.location(`${req.path}/${body._id}`).end() : json.call(res, body));
      next();
    }),

  "trace-ids": bodies((body, res) => {
    const trace = { traceId: Math.random().toString(36).slice(2), timestamp: new Date().toISOString() };
    return shuffled(res.statusCode < 400 ? body : { ...body, ...trace });
  }),

  "slow-clock": () => {
    const now = Date.now;
    Date.now = () => now() - (now() % 16);
  },

  quota: (app) => {
    const live = {}; // by credentials
    app.use((req, res, next) => {
      const whose = req.get("Authorization");
      if (req.method === "POST" && live[whose] >= 20) {
        return res.status(403).json({ message: "Your plan allows 20 conversations" });
      }
      // A place is taken before the body has been read, and given back where nothing was created.
      if (req.method === "POST") live[whose] = (live[whose] ?? 0) + 1;
      const gone = req.method === "POST" ? (status) => status !== 201 : (status) => req.method === "DELETE" && status === 204;
      const end = res.end;
      res.end = (...rest) => {
        if (gone(res.statusCode)) live[whose] -= 1;
        return end.apply(res, rest);
      };
      next();
    });
  },

  "lying-delete": lyingDelete(() => true),
  "lying-delete-half": (app) => {
    let count = 0;
    lyingDelete(() => count++ % 2 === 0)(app);
  },

  // Inside, ids are what they were; outside, the first is 1, the second 2.
  "numeric-ids": (app) => {
    const ids = ["none"];
    const outside = (one) => ({ ...one, _id: ids.includes(one._id) ? ids.indexOf(one._id) : ids.push(one._id) - 1 });
    const inside = (start, number) => start + (ids[number] ?? number);
    app.use((req, res, next) => {
      req.url = req.url.replace(/((?:conversations\/|_after=|_before=))(\d+)\b/g, (_, start, number) => inside(start, number));
      next();
    });
    bodies((body) => (body._id ? outside(body) : body.data ? { ...body, data: body.data.map(outside) } : body))(app);
  },
};
