import { Type } from '@fastify/type-provider-typebox'
import { DEFECT } from '../config.js'
import * as S from '../schemas.js'
import { patients, doctors, appointments, settings, paginate } from '../store.js'

export default async function (app) {
  const tags = ['appointments']
  const find = (id) => { const a = appointments.get(id); if (!a) throw app.httpErrors.notFound('No such appointment'); return a }
  const span = (a) => [Date.parse(a.starts_at), Date.parse(a.starts_at) + a.duration_minutes * 60000]
  const free = (a, but) => {
    const [s, e] = span(a)
    const clash = appointments.all().some((o) => o.id !== but && o.doctor_id === a.doctor_id && o.status === 'booked' && span(o)[0] < e && s < span(o)[1])
    if (clash) throw app.httpErrors.conflict('The doctor has another appointment at that time')
  }
  const item = { params: S.IdParams, response: { 200: S.ref('Appointment'), ...S.problems(400, 401, 404, 409) } }

  app.get('/appointments', {
    schema: {
      tags, summary: 'List appointments by time',
      querystring: Type.Object({
        ...S.PageQuery, doctor_id: Type.Optional(S.Uuid()), patient_id: Type.Optional(S.Uuid()), status: Type.Optional(S.StringEnum(S.AppointmentStatus)),
        from: Type.Optional(Type.String({ format: 'date-time' })), to: Type.Optional(Type.String({ format: 'date-time' }))
      }),
      response: { 200: S.Page(S.ref('Appointment')), ...S.problems(400, 401) }
    }
  }, async (req) => {
    const { doctor_id: d, patient_id: p, status, from, to } = req.query
    const rows = appointments.list().filter((a) => (!d || a.doctor_id === d) && (!p || a.patient_id === p) &&
      (!status || a.status === status || DEFECT === 'status_filter_ignored') &&
      (!from || Date.parse(a.starts_at) >= Date.parse(from)) && (!to || Date.parse(a.starts_at) < Date.parse(to)))
      .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))
    return paginate(rows, req.query, () => app.httpErrors.badRequest('Bad cursor'))
  })

  app.post('/appointments', {
    schema: { tags, summary: 'Book an appointment', body: S.AppointmentCreate, response: { 201: S.ref('Appointment'), ...S.problems(400, 401, 409) } }
  }, async (req, reply) => {
    if (!patients.get(req.body.patient_id)) throw app.httpErrors.badRequest('Unknown patient_id')
    if (!doctors.get(req.body.doctor_id)) throw app.httpErrors.badRequest('Unknown doctor_id')
    free(req.body)
    const a = appointments.insert({ reason: null, ...req.body, status: 'booked', created_at: new Date().toISOString() })
    return reply.code(201).header('location', `/v1/appointments/${a.id}`).send(a)
  })

  app.get('/appointments/:id', {
    schema: { tags, summary: 'One appointment', params: S.IdParams, response: { 200: S.ref('Appointment'), ...S.problems(400, 401, 404) } }
  }, async (req) => find(req.params.id))

  app.patch('/appointments/:id', {
    attachValidation: DEFECT === 'reschedule_skips_validation',
    schema: { tags, summary: 'Reschedule a booked appointment', body: S.AppointmentPatch, ...item }
  }, async (req) => {
    const a = find(req.params.id)
    if (a.status !== 'booked') throw app.httpErrors.conflict(`The appointment is ${a.status}`)
    free({ ...a, ...req.body }, a.id)
    return appointments.update(a, req.body)
  })

  app.post('/appointments/:id/cancel', { schema: { tags, summary: 'Cancel a booked appointment', ...item } }, async (req) => {
    const a = find(req.params.id)
    if (a.status !== 'booked' && DEFECT !== 'cancel_completed') throw app.httpErrors.conflict(`The appointment is ${a.status}`)
    return appointments.update(a, { status: 'cancelled' })
  })

  app.post('/appointments/:id/complete', { schema: { tags, summary: 'Mark a booked appointment as done', ...item } }, async (req) => {
    const a = find(req.params.id)
    if (a.status !== 'booked') throw app.httpErrors.conflict(`The appointment is ${a.status}`)
    return appointments.update(a, { status: 'completed' })
  })

  app.get('/settings', { schema: { tags: ['settings'], summary: 'Settings of the practice', response: { 200: S.Settings, ...S.problems(401) } } }, async () => settings)
  app.patch('/settings', {
    preHandler: app.admin,
    schema: { tags: ['settings'], summary: 'Change settings', body: S.SettingsPatch, response: { 200: S.Settings, ...S.problems(400, 401, 403) } }
  }, async (req) => Object.assign(settings, req.body))
  app.get('/me', {
    schema: { tags: ['me'], summary: 'Who am I', response: { 200: Type.Object({ name: Type.String(), role: S.StringEnum(['admin', 'desk']) }), ...S.problems(401) } }
  }, async (req) => req.user)
}
