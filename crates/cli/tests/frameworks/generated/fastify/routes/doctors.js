import { Type } from '@fastify/type-provider-typebox'
import { VARIANT, DEFECT } from '../config.js'
import * as S from '../schemas.js'
import { doctors, appointments, paginate } from '../store.js'

export default async function (app) {
  const tags = ['doctors']
  const find = (id) => { const d = doctors.get(id); if (!d) throw app.httpErrors.notFound('No such doctor'); return d }
  const unique = (room, but) => { if (doctors.all().some((d) => d.room === room && d.id !== but)) throw app.httpErrors.conflict('Room is taken') }

  app.get('/doctors', {
    schema: {
      tags, summary: 'List doctors',
      querystring: Type.Object({ ...S.PageQuery, specialty: Type.Optional(S.Doctor.properties.specialty), sort: Type.Optional(S.StringEnum(['name', '-name', 'fee_cents', '-fee_cents'], { default: 'name' })) }),
      response: { 200: S.Page(S.ref('Doctor')), ...S.problems(400, 401) }
    }
  }, async (req, reply) => {
    const { specialty, sort } = req.query
    const key = sort.replace('-', ''); const sign = sort.startsWith('-') ? -1 : 1
    const rows = doctors.list().filter((d) => !specialty || d.specialty === specialty)
      .sort((a, b) => sign * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0) || (a.id < b.id ? -1 : 1))
    const page = paginate(rows, req.query, () => app.httpErrors.badRequest('Bad cursor'))
    if (DEFECT === 'list_fee_string') {
      reply.type('application/json').serializer(JSON.stringify)
      page.data = page.data.map((d) => ({ ...d, fee_cents: String(d.fee_cents) }))
    }
    return page
  })

  app.post('/doctors', {
    preHandler: app.admin,
    schema: { tags, summary: 'Add a doctor', body: S.DoctorCreate, response: { 201: S.ref('Doctor'), ...S.problems(400, 401, 403, 409) } }
  }, async (req, reply) => {
    unique(req.body.room)
    const d = doctors.insert({ ...req.body, created_at: new Date().toISOString() })
    return reply.code(201).header('location', `/v1/doctors/${d.id}`).send(d)
  })

  app.get('/doctors/:id', {
    schema: { tags, summary: 'One doctor', params: S.IdParams, response: { 200: S.ref('Doctor'), ...S.problems(400, 401, 404) } }
  }, async (req) => find(req.params.id))

  app.patch('/doctors/:id', {
    preHandler: app.admin,
    schema: { tags, summary: 'Change a doctor', params: S.IdParams, body: S.DoctorPatch, response: { 200: S.ref('Doctor'), ...S.problems(400, 401, 403, 404, 409) } }
  }, async (req) => {
    const d = find(req.params.id)
    if (req.body.room) unique(req.body.room, d.id)
    return doctors.update(d, req.body)
  })

  app.delete('/doctors/:id', {
    config: { open: DEFECT === 'doctor_delete_no_auth' },
    preHandler: DEFECT === 'doctor_delete_no_auth' ? [] : app.admin,
    schema: { tags, summary: 'Remove a doctor without appointments', params: S.IdParams, response: { 204: S.NoContent, ...S.problems(400, 401, 403, 404, 409) } }
  }, async (req, reply) => {
    const d = find(req.params.id)
    if (appointments.all().some((a) => a.doctor_id === d.id)) throw app.httpErrors.conflict('The doctor has appointments')
    doctors.remove(d)
    return reply.code(204).send()
  })
}
