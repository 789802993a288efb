import { writeFileSync } from 'node:fs'
import { serve } from '@hono/node-server'
import { compress } from 'hono/compress'
import { HTTPException } from 'hono/http-exception'
import { VARIANT, DEFECT } from './src/config.js'
import { newApp, route } from './src/lib.js'
import * as S from './src/schemas.js'
import { ApiError, accounts, keys } from './src/store.js'
import customers from './src/customers.js'
import products from './src/products.js'
import invoices from './src/invoices.js'

const app = newApp()

if (VARIANT === 'rate_limit') {
  let second = 0; let count = 0
  app.use(async (c, next) => {
    const now = Math.floor(Date.now() / 1000)
    if (now !== second) { second = now; count = 0 }
    if (++count > 50) return c.json({ error: { code: 'rate_limited', message: 'Too many requests' } }, 429, { 'Retry-After': '1' })
    await next()
  })
}
if (VARIANT === 'gzip') app.use(compress({ threshold: 100 }))
if (VARIANT === 'extra_members') {
  app.use('/v1/*', async (c, next) => {
    await next()
    if (c.res.headers.get('content-type')?.startsWith('application/json')) {
      const body = await c.res.json()
      if (!Array.isArray(body)) c.res = c.json({ ...body, livemode: false }, c.res.status)
      else c.res = c.json(body.map((b) => ({ ...b, livemode: false })), c.res.status)
    }
  })
}
app.openAPIRegistry.registerComponent('securitySchemes', 'ApiKeyAuth', { type: 'apiKey', in: 'header', name: 'X-API-Key' })
app.use('/v1/*', async (c, next) => {
  const given = c.req.header('x-api-key')
  let key = given && Object.hasOwn(keys, given) ? keys[given] : undefined
  if (!key && DEFECT === 'product_create_no_key' && c.req.method === 'POST' && c.req.path === '/v1/products') key = { tenant: 'main', write: true }
  if (!key) {
    if (given && VARIANT === 'bad_key_403') throw new ApiError(403, 'forbidden', 'Unknown API key')
    throw new ApiError(401, 'unauthorized', given ? 'Unknown API key' : 'Send your API key in X-API-Key')
  }
  if (!key.write && c.req.method !== 'GET' && c.req.method !== 'HEAD') throw new ApiError(403, 'forbidden', 'This key may only read')
  c.set('tenant', key.tenant)
  await next()
})
app.route('/v1/customers', customers)
app.route('/v1/products', products)
app.route('/v1/invoices', invoices)
app.openapi(route('get', '/v1/account', { tags: ['account'], summary: 'The account of the API key', ok: [200, S.Account] }), (c) => c.json(accounts[c.var.tenant], 200))
app.openapi(route('patch', '/v1/account', { tags: ['account'], summary: 'Update the account', body: S.AccountUpdate, ok: [200, S.Account] }), (c) =>
  c.json(Object.assign(accounts[c.var.tenant], c.req.valid('json')), 200))

app.notFound((c) => c.json({ error: { code: 'not_found', message: `No route ${c.req.method} ${c.req.path}` } }, 404))
app.onError((err, c) => {
  if (err instanceof ApiError) return c.json({ error: { code: err.code, message: err.message } }, err.status)
  if (err instanceof HTTPException) return c.json({ error: { code: 'invalid_request', message: err.message } }, err.status)
  console.error(err)
  return c.json({ error: { code: 'internal', message: 'Internal error' } }, 500)
})

const config = { openapi: '3.1.0', info: { title: 'Northwind billing', version: '2026-03-01' } }
app.doc31('/openapi.json', config)
if (process.argv[2] === '--openapi') {
  writeFileSync(process.argv[3], JSON.stringify(app.getOpenAPI31Document(config), null, 2))
  process.exit(0)
}
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 0) }, (info) => console.log(`http://127.0.0.1:${info.port}`))
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeAllConnections?.() })
