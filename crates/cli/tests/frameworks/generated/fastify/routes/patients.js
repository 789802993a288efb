import { Type } from '@fastify/type-provider-typebox'
import { VARIANT, DEFECT } from '../config.js'
import * as S from '../schemas.js'
import { patients, notes, appointments, paginate } from '../store.js'

export default async function (app) {
  const tags = ['patients']
  const find = (id) => { const p = patients.get(id); if (!p) throw app.httpErrors.notFound('No such patient'); return p }
  const findNote = ({ id, noteId }) => {
    find(id)
    const n = notes.get(noteId)
    if (!n || (n.patient_id !== id && DEFECT !== 'notes_of_other_patients')) throw app.httpErrors.notFound('No such note')
    return n
  }
  const unique = (email, but) => {
    if (patients.all().some((p) => p.email.toLowerCase() === email.toLowerCase() && p.id !== but)) throw app.httpErrors.conflict('E-mail is taken')
  }
  const clean = (body) => ({ phone: null, address: null, ...body, ...(VARIANT === 'lowercase_email' && { email: body.email.toLowerCase() }) })

  app.get('/patients', {
    schema: {
      tags, summary: 'List patients',
      querystring: Type.Object({
        ...S.PageQuery,
        q: Type.Optional(Type.String({ description: 'Part of first or last name, any case' })),
        born_before: Type.Optional(Type.String({ format: 'date' })),
        sort: Type.Optional(S.StringEnum(['created_at', '-created_at', 'last_name', '-last_name'], { default: 'created_at' }))
      }),
      response: { 200: S.Page(S.ref('Patient')), ...S.problems(400, 401) }
    }
  }, async (req) => {
    const { q, born_before: before, sort } = req.query
    const key = sort.replace('-', ''); const sign = sort.startsWith('-') ? -1 : 1
    const rows = patients.list()
      .filter((p) => !q || `${p.first_name} ${p.last_name}`.toLowerCase().includes(q.toLowerCase()))
      .filter((p) => !before || p.birth_date < before)
      .sort((a, b) => sign * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0))
    return paginate(rows, req.query, () => app.httpErrors.badRequest('Bad cursor'))
  })

  app.post('/patients', {
    schema: { tags, summary: 'Register a patient', body: S.PatientBody, response: { 201: S.ref('Patient'), ...S.problems(400, 401, 409) } }
  }, async (req, reply) => {
    if (DEFECT !== 'duplicate_email') unique(req.body.email)
    const now = new Date().toISOString()
    const p = patients.insert({ ...clean(req.body), created_at: now, updated_at: now })
    return reply.code(201).header('location', `/v1/patients/${p.id}`).send(p)
  })

  app.get('/patients/:id', {
    schema: { tags, summary: 'One patient', params: S.IdParams, response: { 200: S.ref('Patient'), ...S.problems(400, 401, 404) } }
  }, async (req) => {
    const p = find(req.params.id)
    return DEFECT === 'empty_created_at' ? { ...p, created_at: null } : p
  })

  app.put('/patients/:id', {
    schema: { tags, summary: 'Replace a patient; optional members that are left out become null', params: S.IdParams, body: S.PatientBody, response: { 200: S.ref('Patient'), ...S.problems(400, 401, 404, 409) } }
  }, async (req) => {
    const p = find(req.params.id)
    unique(req.body.email, p.id)
    const body = clean(req.body)
    if (DEFECT === 'put_forgets_phone') delete body.phone
    return patients.update(p, { ...body, updated_at: new Date().toISOString() })
  })

  app.delete('/patients/:id', {
    schema: { tags, summary: 'Remove a patient without open appointments', params: S.IdParams, response: { 204: S.NoContent, ...S.problems(400, 401, 404, 409) } }
  }, async (req, reply) => {
    const p = find(req.params.id)
    if (appointments.all().some((a) => a.patient_id === p.id && a.status === 'booked')) throw app.httpErrors.conflict('The patient has open appointments')
    for (const n of notes.all()) if (n.patient_id === p.id) notes.remove(n)
    for (const a of appointments.all()) if (a.patient_id === p.id) appointments.remove(a)
    patients.remove(p)
    return reply.code(204).send()
  })

  const base = '/patients/:id/notes'
  app.get(base, {
    schema: { tags: ['notes'], summary: 'Notes of a patient', params: S.IdParams, response: { 200: Type.Array(S.ref('Note')), ...S.problems(400, 401, 404) } }
  }, async (req) => {
    find(req.params.id)
    return notes.all().filter((n) => n.patient_id === req.params.id || DEFECT === 'notes_of_other_patients')
  })
  app.post(base, {
    schema: { tags: ['notes'], summary: 'Add a note', params: S.IdParams, body: S.NoteCreate, response: { 201: S.ref('Note'), ...S.problems(400, 401, 404) } }
  }, async (req, reply) => {
    find(req.params.id)
    const n = notes.insert({ ...req.body, patient_id: req.params.id, author: req.user.name, created_at: new Date().toISOString() })
    return reply.code(DEFECT === 'note_create_200' ? 200 : 201).send(n)
  })
  app.patch(`${base}/:noteId`, {
    schema: { tags: ['notes'], summary: 'Change a note', params: S.NoteParams, body: S.NotePatch, response: { 200: S.ref('Note'), ...S.problems(400, 401, 404) } }
  }, async (req) => notes.update(findNote(req.params), req.body))
  app.delete(`${base}/:noteId`, {
    schema: { tags: ['notes'], summary: 'Remove a note', params: S.NoteParams, response: { 204: S.NoContent, ...S.problems(400, 401, 404) } }
  }, async (req, reply) => { notes.remove(findNote(req.params)); return reply.code(204).send() })
}
