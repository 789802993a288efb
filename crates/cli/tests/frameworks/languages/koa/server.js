'use strict';
const Koa = require('koa');
const Router = require('@koa/router');
const crypto = require('crypto');
const zlib = require('zlib');
const { PassThrough } = require('stream');

const MODE = process.env.BED_MODE || '';
const is = (...m) => m.includes(MODE);
const KEY = 'sk_test_bed_51Jx8Qv';

// ---------------------------------------------------------------- errors

class ApiError extends Error {
  constructor(status, body, headers = {}) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}
const invalid = (message, param, code) =>
  new ApiError(is('validation_422') ? 422 : 400, { type: 'invalid_request_error', ...(code && { code }), message, ...(param && { param }) });
const missing = (kind, id, param = 'id', status = 404) =>
  new ApiError(status, { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${kind}: '${id}'`, param });

// ---------------------------------------------------------------- form decoding: a=1&b[c]=2&d[]=3&e[0]=4

const node = () => ({ vals: [], kids: new Map() });

function decode(s, plus = true) {
  try {
    return decodeURIComponent(plus && !is('plus_not_decoded') ? s.replace(/\+/g, ' ') : s);
  } catch {
    throw invalid('The parameters are not valid percent-encoded UTF-8.');
  }
}

function parseForm(text) {
  const root = node();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const eq = pair.indexOf('=');
    const key = decode(eq < 0 ? pair : pair.slice(0, eq));
    const val = eq < 0 ? '' : decode(pair.slice(eq + 1));
    const m = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(key);
    if (!m) throw invalid(`Invalid parameter name: ${key}`, key);
    const path = [m[1], ...[...m[2].matchAll(/\[([^[\]]*)\]/g)].map((x) => x[1])];
    if (path.length > 6) throw invalid('Parameters are nested too deeply.', key);
    let at = root;
    path.forEach((seg, i) => {
      if (seg === '') {
        if (i === path.length - 1) return;
        seg = String(at.kids.size);
      }
      if (!at.kids.has(seg)) at.kids.set(seg, node());
      at = at.kids.get(seg);
    });
    at.vals.push(val);
  }
  return root;
}

// ---------------------------------------------------------------- typed parameters

const len = (s) => [...s].length;
const T = {
  str: (o = {}) => (n, p) => {
    const v = scalar(n, p);
    if (v === '') {
      if (o.nullable) return null;
      throw invalid(`You passed an empty string for '${p}'.`, p, 'parameter_invalid_empty');
    }
    if (o.max && len(v) > o.max) throw invalid(`Invalid string: must be at most ${o.max} characters`, p, 'parameter_invalid_string_length');
    if (o.re && !o.re.test(v)) throw invalid(`Invalid ${p}: ${v.slice(0, 40)}`, p, 'parameter_invalid_string');
    return v;
  },
  int: (min, max) => (n, p) => {
    const v = scalar(n, p);
    if (!/^-?[0-9]{1,17}$/.test(v)) throw invalid(`Invalid integer: ${v.slice(0, 40)}`, p, 'parameter_invalid_integer');
    const i = Number(v);
    if (!Number.isSafeInteger(i) || i < min || i > max) throw invalid(`Invalid integer: must be ${min} to ${max}`, p, 'parameter_invalid_integer');
    return i + 0 === 0 ? 0 : i;
  },
  bool: () => (n, p) => {
    const v = scalar(n, p);
    if (v !== 'true' && v !== 'false') throw invalid(`Invalid boolean: ${v.slice(0, 40)}`, p);
    return v === 'true';
  },
  one: (...vals) => (n, p) => {
    const v = scalar(n, p);
    if (!vals.includes(v)) throw invalid(`Invalid ${p}: must be one of ${vals.join(', ')}`, p);
    return v;
  },
  list: (of, max, min = 0, clearable = true) => (n, p) => {
    if (clearable && n.kids.size === 0 && n.vals.length === 1 && n.vals[0] === '') {
      if (min > 0) throw invalid(`You passed an empty string for '${p}'.`, p, 'parameter_invalid_empty');
      return [];
    }
    const items = n.vals.map((v) => of({ vals: [v], kids: new Map() }, p));
    const keys = [...n.kids.keys()];
    if (keys.some((k) => !/^[0-9]+$/.test(k))) throw invalid('Invalid array', p);
    keys.sort((a, b) => a - b).forEach((k) => items.push(of(n.kids.get(k), `${p}[${k}]`)));
    if (items.length > max || items.length < min) throw invalid(`Invalid array: ${min} to ${max} items`, p);
    return items;
  },
  map: () => (n, p) => {
    if (n.kids.size === 0 && n.vals.length && n.vals[n.vals.length - 1] === '') return { clear: true, set: {} };
    if (n.vals.length) throw invalid('Invalid object', p);
    const set = Object.create(null);
    for (const [k, v] of n.kids) {
      if (len(k) > 40) throw invalid('Metadata keys have at most 40 characters.', p);
      const s = scalar(v, `${p}[${k}]`);
      if (len(s) > 500) throw invalid('Metadata values have at most 500 characters.', `${p}[${k}]`);
      set[k] = s;
    }
    return { clear: false, set };
  },
  obj: (fields) => (n, p) => {
    if (n.vals.length) throw invalid('Invalid object', p);
    return read(n, fields, p);
  },
};

function scalar(n, p) {
  if (n.kids.size || !n.vals.length) throw invalid(`Invalid string: ${p} must not be nested`, p);
  const v = n.vals[n.vals.length - 1];
  if (v.includes('\0')) throw invalid('Null bytes are not allowed.', p);
  return v;
}

function read(n, fields, at = '') {
  const out = {};
  for (const [k, v] of n.kids) {
    const p = at ? `${at}[${k}]` : k;
    const f = Object.prototype.hasOwnProperty.call(fields, k) ? fields[k] : null;
    if (!f) {
      if (is('lenient_unknown')) continue;
      throw invalid(`Received unknown parameter: ${p}`, p, 'parameter_unknown');
    }
    out[k] = f(v, p);
  }
  return out;
}

function need(o, ...keys) {
  for (const k of keys) if (o[k] === undefined || o[k] === null) throw invalid(`Missing required param: ${k}.`, k, 'parameter_missing');
}

function mergeMeta(old, change) {
  if (!change) return old;
  const m = Object.assign(Object.create(null), change.clear || is('metadata_replaced') ? {} : old);
  for (const [k, v] of Object.entries(change.set)) {
    if (v === '' && !is('metadata_empty_kept')) delete m[k];
    else m[k] = is('metadata_numbers') && v !== '' && !Number.isNaN(Number(v)) ? Number(v) : v;
  }
  if (Object.keys(m).length > 50) throw invalid('At most 50 metadata keys.', 'metadata');
  return m;
}

// ---------------------------------------------------------------- store

const db = { account: [], product: [], price: [], webhook_endpoint: [] };
let lagged = structuredClone(db);
if (is('list_lag')) setInterval(() => { lagged = Object.fromEntries(Object.entries(db).map(([k, v]) => [k, v.map((x) => ({ ...x }))])); }, 300).unref();
const listed = (kind) => (is('list_lag') ? lagged[kind] : db[kind]);
const PREFIX = { account: 'acct', product: 'prod', price: 'price', webhook_endpoint: 'we' };
const ABC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const rnd = (n) => Array.from(crypto.randomBytes(n), (b) => ABC[b % 62]).join('');
const newId = (kind) => (is('other_ids') ? crypto.randomUUID() : `${PREFIX[kind]}_1${rnd(16)}`);
const now = () => (is('created_milliseconds') ? Date.now() : Math.floor(Date.now() / 1000));

function find(kind, id, param, status) {
  const x = db[kind].find((o) => o.id === id);
  if (!x) throw missing(kind, id, param, status);
  return x;
}

// ---------------------------------------------------------------- resources

const META = T.map();
const EXPAND = T.list(T.str({ max: 100 }), 20, 0, false);
const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
const HTTPS = /^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$/;
const HTTP = /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$/;
const EVENTS = ['*', 'account.updated', 'product.created', 'product.updated', 'product.deleted', 'price.created', 'price.updated'];
const SETTINGS = T.obj({ payouts: T.obj({ interval: T.one('daily', 'weekly', 'monthly'), delay_days: T.int(1, 31), statement_descriptor: T.str({ nullable: true, max: 22 }) }) });

const kinds = {
  account: {
    path: 'accounts',
    create: { email: T.str({ max: 254, re: EMAIL }), business_name: T.str({ nullable: true, max: 100 }), country: T.str({ re: /^[A-Z]{2}$/ }), type: T.one('standard', 'express'), settings: SETTINGS, metadata: META, expand: EXPAND },
    update: { email: T.str({ max: 254, re: EMAIL }), business_name: T.str({ nullable: true, max: 100 }), settings: SETTINGS, metadata: META, expand: EXPAND },
    filters: { email: T.str({ max: 254 }), type: T.one('standard', 'express') },
    make(p) {
      need(p, 'email');
      return { email: p.email, business_name: p.business_name ?? null, country: p.country ?? 'US', type: p.type ?? 'standard',
        settings: { payouts: { interval: 'daily', delay_days: 2, statement_descriptor: null, ...p.settings?.payouts } }, payouts_enabled: false };
    },
    change(o, p) {
      for (const k of ['email', 'business_name']) if (p[k] !== undefined) o[k] = p[k];
      if (p.settings?.payouts) {
        o.settings = is('settings_replaced')
          ? { payouts: { interval: 'daily', delay_days: 2, statement_descriptor: null, ...p.settings.payouts } }
          : { payouts: { ...o.settings.payouts, ...p.settings.payouts } };
      }
      if (is('update_touches_type')) o.type = 'standard';
    },
  },
  product: {
    path: 'products',
    expandable: ['default_price'],
    create: { name: T.str({ max: 250 }), description: T.str({ nullable: true, max: 5000 }), active: T.bool(), images: T.list(T.str({ max: 2048, re: HTTP }), 8), unit_label: T.str({ nullable: true, max: 12 }), url: T.str({ nullable: true, max: 2048, re: HTTP }), metadata: META, expand: EXPAND },
    get update() { return { ...this.create, default_price: T.str({ nullable: true, max: 100 }) }; },
    filters: { active: T.bool() },
    make(p) {
      need(p, 'name');
      return { name: cut(p.name), active: p.active ?? true, description: p.description ?? null, default_price: null, images: p.images ?? [], unit_label: p.unit_label ?? null, url: p.url ?? null };
    },
    change(o, p) {
      for (const k of ['name', 'active', 'description', 'images', 'unit_label', 'url']) {
        if (p[k] === undefined) continue;
        if (k === 'description' && p[k] === null && is('description_clear_ignored')) continue;
        o[k] = k === 'images' && is('images_appended') ? [...o.images, ...p.images].slice(0, 8) : k === 'name' ? cut(p[k]) : p[k];
      }
      if (p.default_price !== undefined) {
        if (p.default_price !== null) {
          const pr = find('price', p.default_price, 'default_price', 400);
          if (pr.product !== o.id && !is('default_price_of_other_product')) throw invalid('The price belongs to another product.', 'default_price');
        }
        o.default_price = p.default_price;
      }
    },
    remove(o) {
      if (db.price.some((x) => x.product === o.id) && !is('product_with_prices_deleted')) throw invalid('This product cannot be deleted because it has prices.', 'id');
    },
  },
  price: {
    path: 'prices',
    expandable: ['product'],
    create: { product: T.str({ max: 100 }), currency: T.one('usd', 'eur', 'gbp', 'jpy'), unit_amount: T.int(0, 99999999999), nickname: T.str({ nullable: true, max: 100 }), lookup_key: T.str({ nullable: true, max: 200 }), active: T.bool(), recurring: T.obj({ interval: T.one('day', 'week', 'month', 'year'), interval_count: T.int(1, 365) }), metadata: META, expand: EXPAND },
    update: { nickname: T.str({ nullable: true, max: 100 }), lookup_key: T.str({ nullable: true, max: 200 }), active: T.bool(), metadata: META, expand: EXPAND },
    filters: { active: T.bool(), product: T.str({ max: 100 }), type: T.one('one_time', 'recurring'), lookup_keys: T.list(T.str({ max: 200 }), 10, 0, false) },
    make(p) {
      need(p, 'product', 'currency', 'unit_amount');
      if (p.recurring && !p.recurring.interval) throw invalid('Missing required param: recurring[interval].', 'recurring[interval]', 'parameter_missing');
      find('product', p.product, 'product', 400);
      this.unique(p, null);
      return { active: p.active ?? true, currency: p.currency, product: p.product, nickname: p.nickname ?? null, lookup_key: p.lookup_key ?? null,
        type: p.recurring ? 'recurring' : 'one_time', recurring: p.recurring ? { interval: p.recurring.interval, interval_count: p.recurring.interval_count ?? 1 } : null,
        unit_amount: is('unit_amount_32bit') ? p.unit_amount | 0 : p.unit_amount };
    },
    unique(p, own) {
      if (p.lookup_key && !is('lookup_key_repeated') && db.price.some((x) => x.id !== own && x.lookup_key === p.lookup_key)) throw invalid('A price already uses this lookup_key.', 'lookup_key');
    },
    change(o, p) {
      this.unique(p, o.id);
      for (const k of ['nickname', 'lookup_key', 'active']) if (p[k] !== undefined) o[k] = p[k];
      if (is('update_reactivates_price') && p.active === undefined) o.active = true;
    },
  },
  webhook_endpoint: {
    path: 'webhook_endpoints',
    create: { url: T.str({ max: 2048, re: is('plain_http_webhook_accepted') ? HTTP : HTTPS }), enabled_events: T.list(is('unknown_event_accepted') ? T.str() : T.one(...EVENTS), 50, 1), description: T.str({ nullable: true, max: 500 }), metadata: META, expand: EXPAND },
    get update() { return { ...this.create, disabled: T.bool() }; },
    filters: {},
    make(p) {
      need(p, 'url', 'enabled_events');
      return { url: p.url, enabled_events: [...new Set(p.enabled_events)], description: p.description ?? null, status: 'enabled', secret: `whsec_${rnd(24)}` };
    },
    change(o, p) {
      for (const k of ['url', 'description']) if (p[k] !== undefined) o[k] = p[k];
      if (p.enabled_events) o.enabled_events = [...new Set(p.enabled_events)];
      if (p.disabled !== undefined) o.status = p.disabled ? 'disabled' : 'enabled';
      if (is('update_touches_next_webhook') && p.disabled !== undefined) {
        const i = db.webhook_endpoint.findIndex((x) => x.id === o.id);
        if (i > 0) db.webhook_endpoint[i - 1].status = o.status;
      }
    },
  },
};

const cut = (s) => (is('name_cut_at_200') ? [...s].slice(0, 200).join('') : s);

function show(kind, o, expand = [], fresh = false) {
  const { secret, ...rest } = o;
  let r = { id: o.id, object: kind, ...rest, metadata: { ...o.metadata } };
  if (kind === 'webhook_endpoint' && (fresh || is('secret_always_shown'))) r.secret = secret;
  for (const e of expand) {
    if (r[e]) r[e] = show(e === 'product' ? 'product' : 'price', db[e === 'product' ? 'product' : 'price'].find((x) => x.id === o[e]) ?? { id: o[e] });
  }
  if (is('null_left_out')) for (const k of ['description', 'nickname']) if (r[k] === null) delete r[k];
  if (is('interval_count_string') && r.recurring) r.recurring = { ...r.recurring, interval_count: String(r.recurring.interval_count) };
  if (is('extra_members')) r = { ...r, api_version: '2031-01-01', statement: null, links: { self: `/v1/${kinds[kind].path}/${o.id}` } };
  if (is('reordered')) r = Object.fromEntries(Object.entries(r).reverse());
  return r;
}

function expansion(kind, list, prefix = '') {
  const ok = kinds[kind].expandable ?? [];
  return (list ?? []).map((e) => {
    const name = e.startsWith(prefix) ? e.slice(prefix.length) : e;
    if (!e.startsWith(prefix) || !ok.includes(name)) throw invalid(`This property cannot be expanded (${e.slice(0, 60)}).`, 'expand');
    return name;
  });
}

// ---------------------------------------------------------------- app

const app = new Koa();
app.silent = true;
const router = new Router({ prefix: '/v1' });

let bucket = 100;
let bucketAt = process.hrtime.bigint();

app.use(async (ctx, next) => {
  ctx.set('Request-Id', `req_${rnd(14)}`);
  try {
    const t = process.hrtime.bigint();
    bucket = Math.min(100, bucket + (Number(t - bucketAt) / 1e9) * 100);
    bucketAt = t;
    if (bucket < 1) {
      throw new ApiError(429, { type: 'rate_limit_error', code: 'rate_limit', message: 'Too many requests in a second.' }, is('no_retry_after') ? {} : { 'Retry-After': '1' });
    }
    bucket -= 1;
    if (ctx.path !== '/v1/status' && !authorized(ctx)) {
      throw new ApiError(401, { type: 'authentication_error', message: 'Invalid API key provided.' }, { 'WWW-Authenticate': 'Basic realm="bed"' });
    }
    await next();
    if (ctx.status === 404 && ctx.body === undefined) {
      throw new ApiError(404, { type: 'invalid_request_error', message: `Unrecognized request URL (${ctx.method}: ${ctx.path}).` });
    }
  } catch (e) {
    ctx.status = e instanceof ApiError ? e.status : 500;
    if (e instanceof ApiError) Object.entries(e.headers).forEach(([k, v]) => ctx.set(k, v));
    else console.error(e);
    ctx.body = { error: e instanceof ApiError ? e.body : { type: 'api_error', message: 'Something went wrong.' } };
    if (is('error_string') && ctx.status === 404) ctx.body = { error: e.body.message };
  }
  if (is('slow')) await new Promise((r) => setTimeout(r, 40 + Math.random() * 120));
  if (is('close_connections')) ctx.set('Connection', 'close');
  let text = Buffer.from(is('reordered') ? JSON.stringify(ctx.body, null, 2) + '\n' : JSON.stringify(ctx.body));
  ctx.type = 'application/json';
  if (is('gzip') && ctx.acceptsEncodings('gzip', 'identity') === 'gzip') {
    ctx.set('Content-Encoding', 'gzip');
    ctx.vary('Accept-Encoding');
    text = zlib.gzipSync(text);
  }
  if (is('chunked')) {
    const s = new PassThrough();
    const st = ctx.status;
    ctx.body = s;
    ctx.status = st;
    ctx.type = 'application/json';
    const half = text.length >> 1;
    s.write(text.subarray(0, half));
    setTimeout(() => s.end(text.subarray(half)), 10);
  } else {
    const st = ctx.status;
    ctx.body = text;
    ctx.status = st;
    ctx.type = 'application/json';
  }
});

function authorized(ctx) {
  if (is('no_auth_on_webhook_list') && ctx.method === 'GET' && ctx.path === '/v1/webhook_endpoints') return true;
  const [scheme, cred = ''] = (ctx.get('Authorization') || '').split(' ');
  if (/^bearer$/i.test(scheme)) return cred === KEY;
  if (/^basic$/i.test(scheme) && !is('basic_auth_refused')) return Buffer.from(cred, 'base64').toString().split(':')[0] === KEY;
  return false;
}

async function form(ctx) {
  const parts = [];
  let size = 0;
  for await (const c of ctx.req) {
    size += c.length;
    if (size > 1 << 20) throw new ApiError(413, { type: 'invalid_request_error', message: 'The body is too large.' });
    parts.push(c);
  }
  const text = Buffer.concat(parts).toString('utf8');
  const type = (ctx.get('Content-Type') || '').split(';')[0].trim().toLowerCase();
  if (text !== '' && type !== 'application/x-www-form-urlencoded') {
    throw invalid('Send parameters as application/x-www-form-urlencoded.');
  }
  return text;
}

const queryOf = (ctx) => parseForm(ctx.querystring);

// Idempotency-Key: the answer of the first request is kept and given again.
const kept = new Map();
function idempotent(handler) {
  return async (ctx) => {
    const key = ctx.get('Idempotency-Key');
    const text = await form(ctx);
    if (!key || is('idempotency_ignored')) return handler(ctx, text);
    if (key.length > 255) throw invalid('Idempotency-Key has at most 255 characters.');
    const print = `${ctx.path}\n${text}`;
    const old = kept.get(key);
    if (old) {
      if (old.print !== print && !is('idempotency_compares_nothing')) {
        throw new ApiError(400, { type: 'idempotency_error', message: 'This Idempotency-Key was used with other parameters.' });
      }
      ctx.set('Idempotent-Replayed', 'true');
      ctx.status = 200;
      ctx.body = JSON.parse(old.text);
      return undefined;
    }
    handler(ctx, text); // does not wait for anything, so two requests with one key cannot overlap
    kept.set(key, { print, text: JSON.stringify(ctx.body) });
    return undefined;
  };
}

const CREATED = T.obj({ gt: T.int(0, 1e13), gte: T.int(0, 1e13), lt: T.int(0, 1e13), lte: T.int(0, 1e13) });

function list(kind, ctx) {
  const k = kinds[kind];
  const q = read(queryOf(ctx), { ...k.filters, created: CREATED, limit: is('limit_unbounded') ? T.int(1, 100000) : T.int(1, 100), starting_after: T.str({ max: 100 }), ending_before: T.str({ max: 100 }), expand: EXPAND });
  const expand = expansion(kind, q.expand, 'data.');
  if (q.starting_after && q.ending_before) throw invalid('Pass starting_after or ending_before, not both.', 'ending_before');
  let xs = [...listed(kind)];
  if (!is('list_oldest_first')) xs.reverse();
  const pos = (id, param) => {
    // a cursor stays usable as long as its object exists, even when filters leave it out
    find(kind, id, param, 400);
    const i = xs.findIndex((o) => o.id === id);
    return i < 0 ? -1 : i;
  };
  const from = q.starting_after ? pos(q.starting_after, 'starting_after') + (is('starting_after_inclusive') ? 0 : 1) : 0;
  const to = q.ending_before ? pos(q.ending_before, 'ending_before') : xs.length;
  xs = xs.slice(from, Math.max(to, 0));
  for (const f of Object.keys(k.filters)) {
    if (q[f] === undefined) continue;
    if (f === 'lookup_keys') xs = xs.filter((o) => q[f].includes(o.lookup_key));
    else if (f === 'active' && is('active_false_ignored')) { if (q[f]) xs = xs.filter((o) => o.active); }
    else if (f === 'product' && is('product_filter_lost_with_active') && q.active !== undefined) continue;
    else if (f === 'email') xs = xs.filter((o) => (is('email_filter_by_prefix') ? o.email.startsWith(q.email) : o.email === q.email));
    else xs = xs.filter((o) => o[f] === q[f]);
  }
  const c = q.created ?? {};
  xs = xs.filter((o) => (c.gt === undefined || o.created > c.gt) && (c.gte === undefined || (is('created_gte_exclusive') ? o.created > c.gte : o.created >= c.gte)) &&
    (c.lt === undefined || o.created < c.lt) && (c.lte === undefined || o.created <= c.lte));
  const limit = q.limit ?? 10;
  const backwards = q.ending_before && !is('ending_before_from_top');
  const more = is('has_more_at_exact_end') ? xs.length >= limit && xs.length > 0 : xs.length > limit;
  xs = backwards ? xs.slice(-limit) : xs.slice(0, limit);
  ctx.body = { object: 'list', url: `/v1/${k.path}`, has_more: more, data: xs.map((o) => show(kind, o, is('expand_ignored_in_list') ? [] : expand)) };
}

for (const [kind, k] of Object.entries(kinds)) {
  router.get(`/${k.path}`, (ctx) => list(kind, ctx));
  router.post(`/${k.path}`, idempotent((ctx, text) => {
    const p = read(parseForm(text), k.create);
    const expand = expansion(kind, p.expand);
    const body = k.make(p);
    const o = { id: newId(kind), ...body, created: now(), livemode: false, metadata: mergeMeta({}, p.metadata) };
    if (kind === 'product') o.updated = o.created;
    db[kind].push(o);
    ctx.status = is('create_account_201') && kind === 'account' ? 201 : 200;
    ctx.body = show(kind, o, expand, true);
  }));
  router.get(`/${k.path}/:id`, (ctx) => {
    const q = read(queryOf(ctx), { expand: EXPAND });
    const o = db[kind].find((x) => x.id === ctx.params.id);
    if (!o && is('missing_price_null') && kind === 'price') { ctx.status = 200; ctx.body = { id: null }; return; }
    if (!o) throw missing(kind, ctx.params.id);
    ctx.body = show(kind, o, expansion(kind, q.expand));
  });
  router.post(`/${k.path}/:id`, idempotent((ctx, text) => {
    const i = db[kind].indexOf(find(kind, ctx.params.id));
    const p = read(parseForm(text), k.update);
    const expand = expansion(kind, p.expand);
    const o = { ...db[kind][i] };
    k.change(o, p);
    o.metadata = mergeMeta(o.metadata, p.metadata);
    if (kind === 'product') o.updated = now();
    if (is('update_moves_created')) o.created += 1;
    db[kind][i] = o;
    ctx.status = 200;
    ctx.body = show(kind, o, expand);
  }));
  if (kind !== 'price') {
    router.delete(`/${k.path}/:id`, (ctx) => {
      const o = find(kind, ctx.params.id);
      if (k.remove) k.remove(o);
      if (!(is('delete_account_noop') && kind === 'account')) db[kind].splice(db[kind].indexOf(o), 1);
      ctx.status = 200;
      ctx.body = { id: o.id, object: kind, ...(is('deleted_flag_missing') ? {} : { deleted: true }) };
    });
  }
}
router.get('/status', (ctx) => { ctx.body = { status: 'ok' }; });
app.use(router.routes());

const server = app.listen(Number(process.env.PORT), '127.0.0.1');
server.keepAliveTimeout = 15000;
