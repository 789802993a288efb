import { z } from '@hono/zod-openapi'
import { VARIANT, DEFECT } from './config.js'
import { json, newApp, route } from './lib.js'
import * as S from './schemas.js'
import { ApiError, customers, invoices, items, nextNumber, products, retotal } from './store.js'

const tags = ['invoices']
const params = S.IdParam('inv')
const find = (c) => invoices.get(c.var.tenant, c.req.valid('param').id, DEFECT === 'tenant_leak')
const draft = (inv) => { if (inv.status !== 'draft' || inv.finalizing) throw new ApiError(409, 'not_draft', `The invoice is ${inv.status}`); return inv }
const touch = (inv, changes) => Object.assign(inv, changes, { updated: new Date().toISOString() })
const itemParams = S.IdParam('inv').extend(S.IdParam('ii', 'itemId').shape)
const findItem = (c) => {
  const inv = find(c)
  const item = items.find(inv.tenant, c.req.valid('param').itemId)
  if (!item || item.invoice !== inv.id) throw new ApiError(404, 'not_found', 'No such invoice_item')
  return [inv, item]
}

export default newApp()
  .openapi(route('get', '/', {
    tags, summary: 'List invoices, newest first', ok: [200, S.listOf(S.Invoice, 'InvoiceList')],
    query: z.object({ ...S.pageQuery, customer: z.string().optional(), status: S.invoiceStatus.optional() })
  }), (c) => {
    const q = c.req.valid('query')
    return c.json(invoices.page(c.var.tenant, q, (i) => (q.customer === undefined || i.customer === q.customer) && (!q.status || i.status === q.status || DEFECT === 'status_filter_ignored')), 200)
  })
  .openapi(route('post', '/', { tags, summary: 'Create a draft invoice', body: S.InvoiceCreate, ok: [201, S.Invoice, 'Created'] }), (c) => {
    const body = c.req.valid('json')
    if (!customers.find(c.var.tenant, body.customer)) throw new ApiError(400, 'invalid_request', `No such customer: ${body.customer}`)
    const now = new Date().toISOString()
    return c.json(invoices.insert(c.var.tenant, { customer: body.customer, currency: body.currency, status: 'draft', number: null, total: 0, due_date: body.due_date ?? null, memo: body.memo ?? null, created: now, updated: now }), 201)
  })
  .openapi(route('get', '/{id}', { tags, summary: 'Retrieve an invoice', params, ok: [200, S.Invoice], errors: [404] }), (c) => c.json(find(c), 200))
  .openapi(route('patch', '/{id}', { tags, summary: 'Update a draft invoice', params, body: S.InvoiceUpdate, ok: [200, S.Invoice], errors: [404, 409] }), (c) =>
    c.json(touch(draft(find(c)), c.req.valid('json')), 200))
  .openapi(route('delete', '/{id}', { tags, summary: 'Delete a draft invoice', params, ok: [204], errors: [404, 409] }), (c) => {
    const inv = draft(find(c))
    for (const i of items.all(inv.tenant)) if (i.invoice === inv.id) items.remove(i)
    invoices.remove(inv)
    return c.body(null, 204)
  })
  .openapi(route('post', '/{id}/finalize', {
    tags, summary: 'Finalize a draft invoice', params, ok: [200, S.Invoice, 'Finalized'],
    more: { 202: json(S.Invoice, 'Accepted, the invoice will be open in a moment') }, errors: [404, 409]
  }), (c) => {
    const inv = draft(find(c))
    if (VARIANT === 'finalize_202') {
      Object.defineProperty(inv, 'finalizing', { value: true, writable: true })
      setTimeout(() => { inv.finalizing = false; touch(inv, { status: 'open', number: nextNumber(inv.tenant) }) }, 150)
      return c.json(inv, 202)
    }
    return c.json(touch(inv, { status: 'open', number: nextNumber(inv.tenant) }), 200)
  })
  .openapi(route('post', '/{id}/pay', { tags, summary: 'Pay an open invoice', params, ok: [200, S.Invoice], errors: [404, 409] }), (c) => {
    const inv = find(c)
    if (inv.status !== 'open' && !(DEFECT === 'pay_draft' && inv.status === 'draft')) throw new ApiError(409, 'not_open', `The invoice is ${inv.status}`)
    return c.json(touch(inv, { status: 'paid' }), 200)
  })
  .openapi(route('post', '/{id}/void', { tags, summary: 'Void an open invoice', params, ok: [200, S.Invoice], errors: [404, 409] }), (c) => {
    const inv = find(c)
    if (inv.status !== 'open') throw new ApiError(409, 'not_open', `The invoice is ${inv.status}`)
    return c.json(touch(inv, { status: 'void' }), 200)
  })
  .openapi(route('get', '/{id}/items', { tags: ['invoice items'], summary: 'List the items of an invoice', params, ok: [200, z.array(S.InvoiceItem)], errors: [404] }), (c) => {
    const inv = find(c)
    const rows = items.all(inv.tenant).filter((i) => i.invoice === inv.id)
    return c.json(DEFECT === 'list_amount_string' ? rows.map((i) => ({ ...i, amount: String(i.amount) })) : rows, 200)
  })
  .openapi(route('post', '/{id}/items', { tags: ['invoice items'], summary: 'Add an item to a draft invoice', params, body: S.InvoiceItemCreate, ok: [201, S.InvoiceItem, 'Created'], errors: [404, 409] }), (c) => {
    const inv = draft(find(c))
    const { product: id, quantity } = c.req.valid('json')
    const product = products.find(inv.tenant, id)
    if (!product) throw new ApiError(400, 'invalid_request', `No such product: ${id}`)
    const item = items.insert(inv.tenant, { invoice: inv.id, product: id, quantity, amount: quantity * product.unit_amount })
    retotal(inv)
    return c.json(item, 201)
  })
  .openapi(route('get', '/{id}/items/{itemId}', { tags: ['invoice items'], summary: 'Retrieve an item', params: itemParams, ok: [200, S.InvoiceItem], errors: [404] }), (c) => c.json(findItem(c)[1], 200))
  .openapi(route('delete', '/{id}/items/{itemId}', { tags: ['invoice items'], summary: 'Remove an item from a draft invoice', params: itemParams, ok: [204], errors: [404, 409] }), (c) => {
    const [inv, item] = findItem(c)
    draft(inv)
    items.remove(item)
    if (DEFECT !== 'total_not_updated') retotal(inv)
    return c.body(null, 204)
  })
