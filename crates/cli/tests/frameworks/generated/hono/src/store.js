import { randomBytes } from 'node:crypto'
import { HTTPException } from 'hono/http-exception'
import { VARIANT, DEFECT } from './config.js'

export class ApiError extends HTTPException {
  constructor (status, code, message, details) { super(status, { message }); this.code = code; this.details = details }
}
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'
export const newId = (prefix) => `${prefix}_${[...randomBytes(14)].map((b) => alphabet[b % alphabet.length]).join('')}`

class Table {
  rows = []
  constructor (prefix, object) { this.prefix = prefix; this.object = object }
  insert (tenant, row) {
    const r = { id: newId(this.prefix), object: this.object, ...row, created: row.created ?? new Date().toISOString() }
    Object.defineProperty(r, 'tenant', { value: tenant })
    Object.defineProperty(r, 'deleted', { value: false, writable: true })
    this.rows.push(r)
    return r
  }
  find (tenant, id, any = false) { return this.rows.find((r) => r.id === id && !r.deleted && (any || r.tenant === tenant)) }
  get (tenant, id, any = false) {
    const r = this.find(tenant, id, any)
    if (!r) throw new ApiError(404, 'not_found', `No such ${this.object}: ${id}`)
    return r
  }
  all (tenant) { return this.rows.filter((r) => r.tenant === tenant && !r.deleted) }
  remove (row) {
    if (VARIANT === 'soft_delete' || DEFECT === 'deleted_still_listed') row.deleted = true
    else this.rows.splice(this.rows.indexOf(row), 1)
  }
  /** newest first, like the rest of the world's billing APIs */
  page (tenant, { limit, starting_after: after }, filter = () => true) {
    limit = Math.min(limit, 100)
    const rows = this.rows.filter((r) => r.tenant === tenant && (!r.deleted || DEFECT === 'deleted_still_listed')).filter(filter).reverse()
    let start = 0
    if (after !== undefined) {
      const i = rows.findIndex((r) => r.id === after)
      if (i < 0) throw new ApiError(400, 'invalid_request', `starting_after: no such ${this.object}`)
      start = DEFECT === 'page_repeats_row' ? i : i + 1
    }
    return { object: 'list', data: rows.slice(start, start + limit), has_more: DEFECT === 'has_more_false' ? false : rows.length > start + limit }
  }
}
export const customers = new Table('cus', 'customer')
export const products = new Table('prod', 'product')
export const invoices = new Table('inv', 'invoice')
export const items = new Table('ii', 'invoice_item')
export const accounts = {
  main: { id: 'acct_main01', object: 'account', business_name: 'Northwind GmbH', support_email: 'billing@northwind.example.com', default_currency: 'eur', invoice_prefix: 'NW' },
  other: { id: 'acct_other2', object: 'account', business_name: 'Southwind Ltd', support_email: 'hello@southwind.example.com', default_currency: 'gbp', invoice_prefix: 'SW' }
}
export const keys = {
  sk_main_4f9a1c7e2b: { tenant: 'main', write: true },
  rk_main_readonly_77: { tenant: 'main', write: false },
  sk_other_d03b6e5f88: { tenant: 'other', write: true }
}

export const retotal = (invoice) => {
  invoice.total = items.all(invoice.tenant).filter((i) => i.invoice === invoice.id).reduce((s, i) => s + i.amount, 0)
  invoice.updated = new Date().toISOString()
}
let n = 1000
export const nextNumber = (tenant) => `${accounts[tenant].invoice_prefix}-${++n}`

for (const tenant of ['main', 'other']) {
  const t = (m) => new Date(Date.UTC(2026, 2, 1, 8, m)).toISOString()
  const cs = ['Ada Byron', 'Grace Hopper', 'Alan Turing'].map((name, i) => customers.insert(tenant, {
    name, email: `${name.split(' ')[0].toLowerCase()}@example.com`, phone: i ? null : '+49 30 123', address: i === 1 ? { line1: 'Main St 1', city: 'Arlington', country: 'US' } : null,
    metadata: i ? {} : { crm: '7' }, balance: 0, created: t(i)
  }))
  const ps = [['Basic plan', 'PLAN-BASIC', 900], ['Pro plan', 'PLAN-PRO', 2900], ['Old plan', 'PLAN-OLD', 500]].map(([name, sku, unit_amount], i) =>
    products.insert(tenant, { name, sku, unit_amount, currency: accounts[tenant].default_currency, active: i < 2, created: t(10 + i) }))
  ;['draft', 'open', 'paid', 'draft'].forEach((status, i) => {
    const inv = invoices.insert(tenant, {
      customer: cs[i % 2].id, currency: accounts[tenant].default_currency, status, number: status === 'draft' ? null : nextNumber(tenant), total: 0,
      due_date: i ? null : '2027-01-31', memo: null, created: t(20 + i), updated: t(20 + i)
    })
    for (const p of ps.slice(0, i < 3 ? 2 : 0)) items.insert(tenant, { invoice: inv.id, product: p.id, quantity: i + 1, amount: (i + 1) * p.unit_amount, created: t(30 + i) })
    inv.total = items.all(tenant).filter((x) => x.invoice === inv.id).reduce((s, x) => s + x.amount, 0)
  })
}
