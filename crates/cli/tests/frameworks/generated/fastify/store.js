import { randomUUID } from 'node:crypto'
import { VARIANT, DEFECT } from './config.js'

const soft = VARIANT === 'soft_delete'

class Collection {
  rows = new Map()
  replica = []
  insert (row) { const r = { id: randomUUID(), ...row }; this.rows.set(r.id, r); this.touch(); return r }
  get (id) { const r = this.rows.get(id); return r && !r.deleted ? r : undefined }
  all () { return [...this.rows.values()].filter((r) => !r.deleted) }
  /** what lists show */
  list () {
    if (DEFECT === 'deleted_still_listed') return [...this.rows.values()]
    return VARIANT === 'eventual_lists' ? this.replica : this.all()
  }
  update (row, patch) { Object.assign(row, patch); this.touch(); return row }
  remove (row) { if (soft || DEFECT === 'deleted_still_listed') row.deleted = true; else this.rows.delete(row.id); this.touch() }
  touch () { if (VARIANT === 'eventual_lists') { const s = structuredClone(this.all()); setTimeout(() => { this.replica = s }, 200).unref() } }
}
export const doctors = new Collection()
export const patients = new Collection()
export const notes = new Collection()
export const appointments = new Collection()
export const settings = { practice_name: 'Practice at the park', timezone: 'Europe/Vienna', reminder_hours: 24, online_booking: true }

export const users = {
  'clinic-admin-token-5c1f': { name: 'admin', role: 'admin' },
  'clinic-desk-token-77aa': { name: 'desk', role: 'desk' }
}

const at = (n) => new Date(Date.UTC(2026, 0, 5, 8, n)).toISOString()
const [d1, d2] = [
  ['Dr. Ana Lang', 'general', 'A01', 6000, ['de', 'en']], ['Dr. Ben Okoye', 'cardiology', 'B07', 12000, ['en']], ['Dr. Chloe Petit', 'dermatology', 'B08', 9000, []]
].map(([name, specialty, room, fee_cents, languages], i) => doctors.insert({ name, specialty, room, fee_cents, languages, created_at: at(i) }))
const ps = [
  ['Mia', 'Huber', 'mia@example.org', '1990-02-03', '+43 1 2345', { street: 'Ring 1', city: 'Wien', zip: '1010' }],
  ['Noah', 'Berg', 'noah@example.org', '1985-11-30', null, null], ['Lea', 'Adler', 'lea@example.org', '2012-07-19', null, null], ['Tom', 'Zobel', 'tom@example.org', '1961-01-01', '+43 660 1', null]
].map(([first_name, last_name, email, birth_date, phone, address], i) => patients.insert({ first_name, last_name, email, birth_date, phone, address, created_at: at(10 + i), updated_at: at(10 + i) }))
ps.slice(0, 2).forEach((p, i) => notes.insert({ patient_id: p.id, author: 'admin', text: `First visit of ${p.first_name}`, pinned: i === 0, created_at: at(20 + i) }))
;[[ps[0], d1, 'completed'], [ps[0], d2, 'booked'], [ps[1], d1, 'booked'], [ps[2], d1, 'cancelled']].forEach(([p, d, status], i) =>
  appointments.insert({ patient_id: p.id, doctor_id: d.id, starts_at: new Date(Date.UTC(2027, 2, 1 + i, 9)).toISOString(), duration_minutes: 30, reason: i ? null : 'Check-up', status, created_at: at(30 + i) }))
for (const c of [doctors, patients, notes, appointments]) c.replica = structuredClone(c.all())

/** keyset pagination over rows that are sorted already */
export function paginate (rows, { limit = 20, cursor }, fail) {
  let start = 0
  if (cursor !== undefined) {
    let c
    try { c = JSON.parse(Buffer.from(cursor, 'base64url').toString()) } catch { c = undefined }
    if (typeof c?.after !== 'string' || !Number.isInteger(c.n)) throw fail()
    const i = rows.findIndex((r) => r.id === c.after)
    start = i < 0 ? Math.max(c.n - 1, 0) : i + 1 // the row may be gone by now
    if (DEFECT === 'cursor_skips_row') start += 1
  }
  const data = rows.slice(start, start + limit)
  const more = start + limit < rows.length
  return { data, next_cursor: more ? Buffer.from(JSON.stringify({ after: data.at(-1)?.id ?? '', n: start + limit })).toString('base64url') : null }
}
