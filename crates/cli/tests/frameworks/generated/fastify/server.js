import { writeFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import Fastify from 'fastify'
import swagger from '@fastify/swagger'
import sensible from '@fastify/sensible'
import { VARIANT } from './config.js'
import * as S from './schemas.js'
import { users } from './store.js'
import doctors from './routes/doctors.js'
import patients from './routes/patients.js'
import appointments from './routes/appointments.js'

const app = Fastify({ logger: false, forceCloseConnections: true })

await app.register(sensible)
await app.register(swagger, {
  openapi: {
    info: { title: 'Clinic appointments', version: '3.2.0' },
    servers: [{ url: '/v1' }],
    components: { securitySchemes: { bearerAuth: { type: 'http', scheme: 'bearer' } } },
    security: [{ bearerAuth: [] }]
  }
})
if (VARIANT === 'rate_limit') await app.register((await import('@fastify/rate-limit')).default, { max: 50, timeWindow: 1000 })
if (VARIANT === 'gzip') await app.register((await import('@fastify/compress')).default, { threshold: 100 })
if (VARIANT === 'etag') await app.register((await import('@fastify/etag')).default)
if (VARIANT === 'keepalive_off') app.addHook('onRequest', async (req, reply) => { reply.header('connection', 'close') })

const send = (reply, status, detail, errors) => reply.code(status).type('application/problem+json')
  .send({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, errors })
app.setErrorHandler((err, req, reply) => {
  if (err.validation) {
    return send(reply, 400, err.message, err.validation.map((v) => ({ path: `${err.validationContext}${v.instancePath}`, message: v.message ?? '' })))
  }
  const status = err.statusCode >= 400 ? err.statusCode : 500
  if (status >= 500) console.error(err)
  return send(reply, status, status >= 500 ? 'Internal error' : err.message)
})
app.setNotFoundHandler((req, reply) => send(reply, 404, `No route ${req.method} ${req.url}`))

app.decorateRequest('user', null)
app.decorate('admin', async (req) => { if (req.user.role !== 'admin') throw app.httpErrors.forbidden('Only for admins') })
for (const s of [S.Problem, S.Doctor, S.Patient, S.Note, S.Appointment]) app.addSchema(s)

await app.register(async (api) => {
  api.addHook('onRequest', async (req, reply) => {
    if (req.routeOptions.config?.open) return
    const m = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')
    req.user = m && Object.hasOwn(users, m[1]) ? users[m[1]] : null
    if (!req.user) { reply.header('www-authenticate', 'Bearer'); throw app.httpErrors.unauthorized('A valid bearer token is needed') }
  })
  if (VARIANT === 'trim_strings') {
    const trim = (v) => typeof v === 'string' ? v.trim() : Array.isArray(v) ? v.map(trim) : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, trim(x)])) : v
    api.addHook('preValidation', async (req) => { if (req.body) req.body = trim(req.body) })
  }
  await api.register(doctors)
  await api.register(patients)
  await api.register(appointments)
}, { prefix: '/v1' })

app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
await app.ready()

if (process.argv[2] === '--openapi') {
  writeFileSync(process.argv[3], JSON.stringify(app.swagger(), null, 2))
  process.exit(0)
}
process.on('SIGTERM', () => app.close().then(() => process.exit(0)))
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0) })
console.log(`http://127.0.0.1:${app.server.address().port}/v1`)
