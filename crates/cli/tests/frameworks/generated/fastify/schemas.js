import { Type } from '@fastify/type-provider-typebox'

export const Nullable = (schema) => Type.Unsafe({ ...schema, nullable: true })
export const StringEnum = (values, options = {}) => Type.Unsafe({ type: 'string', enum: values, ...options })
const strict = { additionalProperties: false }

export const Uuid = (options = {}) => Type.String({ format: 'uuid', ...options })
export const IdParams = Type.Object({ id: Uuid() })

export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() })))
}, { $id: 'Problem', description: 'RFC 9457 problem' })

export const problem = (description) => ({
  description,
  content: { 'application/problem+json': { schema: Type.Unsafe({ $ref: 'Problem#' }) } }
})
export const problems = (...codes) => Object.fromEntries(codes.map((c) => [c, problem({
  400: 'Invalid request', 401: 'No valid token', 403: 'Not allowed for this role', 404: 'Not found', 409: 'Conflict'
}[c])]))
export const NoContent = Type.Null({ description: 'Done' })

export const Page = (item) => Type.Object({ data: Type.Array(item), next_cursor: Nullable(Type.String()) })
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ description: 'next_cursor of the page before' }))
}

// doctors
const doctorFields = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  specialty: StringEnum(['general', 'cardiology', 'dermatology', 'paediatrics']),
  room: Type.String({ pattern: '^[A-Z][0-9]{2}$', description: 'Unique, such as B07' }),
  fee_cents: Type.Integer({ minimum: 0, maximum: 1000000 }),
  languages: Type.Array(Type.String({ minLength: 2, maxLength: 5 }), { maxItems: 8 })
}
export const DoctorCreate = Type.Object({ ...doctorFields, languages: Type.Optional({ ...doctorFields.languages, default: [] }) }, strict)
export const DoctorPatch = Type.Partial(Type.Object(doctorFields), { ...strict, minProperties: 1 })
export const Doctor = Type.Object({
  id: Uuid(), ...doctorFields, created_at: Type.String({ format: 'date-time' })
}, { $id: 'Doctor' })

// patients
const patientFields = {
  first_name: Type.String({ minLength: 1, maxLength: 60 }),
  last_name: Type.String({ minLength: 1, maxLength: 60 }),
  email: Type.String({ format: 'email', maxLength: 120, description: 'Unique among patients' }),
  birth_date: Type.String({ format: 'date' }),
  phone: Nullable(Type.String({ maxLength: 30 })),
  address: Nullable(Type.Object({
    street: Type.String({ maxLength: 120 }), city: Type.String({ maxLength: 80 }), zip: Type.String({ maxLength: 12 })
  }, strict))
}
export const PatientBody = Type.Object({
  ...patientFields, phone: Type.Optional(patientFields.phone), address: Type.Optional(patientFields.address)
}, strict)
export const Patient = Type.Object({
  id: Uuid(), ...patientFields, created_at: Type.String({ format: 'date-time' }), updated_at: Type.String({ format: 'date-time' })
}, { $id: 'Patient' })

// notes
export const NoteCreate = Type.Object({ text: Type.String({ minLength: 1, maxLength: 2000 }), pinned: Type.Optional(Type.Boolean({ default: false })) }, strict)
export const NotePatch = Type.Object({ text: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })), pinned: Type.Optional(Type.Boolean()) }, strict)
export const Note = Type.Object({
  id: Uuid(), patient_id: Uuid(), author: Type.String(), text: Type.String(), pinned: Type.Boolean(), created_at: Type.String({ format: 'date-time' })
}, { $id: 'Note' })
export const NoteParams = Type.Object({ id: Uuid(), noteId: Uuid() })

// appointments
export const AppointmentStatus = ['booked', 'completed', 'cancelled']
const duration = Type.Unsafe({ type: 'integer', enum: [15, 30, 45, 60] })
export const AppointmentCreate = Type.Object({
  patient_id: Uuid(), doctor_id: Uuid(), starts_at: Type.String({ format: 'date-time' }),
  duration_minutes: Type.Optional(Type.Unsafe({ ...duration, default: 30 })), reason: Type.Optional(Nullable(Type.String({ maxLength: 300 })))
}, strict)
export const AppointmentPatch = Type.Object({
  starts_at: Type.Optional(Type.String({ format: 'date-time' })), duration_minutes: Type.Optional(duration), reason: Type.Optional(Nullable(Type.String({ maxLength: 300 })))
}, strict)
export const Appointment = Type.Object({
  id: Uuid(), patient_id: Uuid(), doctor_id: Uuid(), starts_at: Type.String({ format: 'date-time' }), duration_minutes: duration,
  reason: Nullable(Type.String()), status: StringEnum(AppointmentStatus), created_at: Type.String({ format: 'date-time' })
}, { $id: 'Appointment' })

// practice settings
const settingsFields = {
  practice_name: Type.String({ minLength: 1, maxLength: 120 }),
  timezone: Type.String({ minLength: 1, maxLength: 60 }),
  reminder_hours: Type.Integer({ minimum: 0, maximum: 168 }),
  online_booking: Type.Boolean()
}
export const Settings = Type.Object(settingsFields)
export const SettingsPatch = Type.Partial(Type.Object(settingsFields), strict)
export const ref = (name) => Type.Unsafe({ $ref: `${name}#` })
