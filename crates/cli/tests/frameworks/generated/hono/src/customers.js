import { z } from '@hono/zod-openapi'
import { VARIANT, DEFECT } from './config.js'
import { newApp, route } from './lib.js'
import * as S from './schemas.js'
import { ApiError, customers, invoices } from './store.js'

const tags = ['customers']
const email = (b) => (VARIANT === 'lowercase_email' && b.email ? { ...b, email: b.email.toLowerCase() } : b)

export default newApp()
  .openapi(route('get', '/', { tags, summary: 'List customers, newest first', query: z.object({ ...S.pageQuery, email: z.string().optional() }), ok: [200, S.listOf(S.Customer, 'CustomerList')] }), (c) => {
    const q = c.req.valid('query')
    return c.json(customers.page(c.var.tenant, q, (r) => q.email === undefined || r.email.toLowerCase() === q.email.toLowerCase()), 200)
  })
  .openapi(route('post', '/', { tags, summary: 'Create a customer', body: S.CustomerCreate, ok: [201, S.Customer, 'Created'] }), (c) =>
    c.json(customers.insert(c.var.tenant, { phone: null, address: null, metadata: {}, ...email(c.req.valid('json')), balance: 0 }), 201))
  .openapi(route('get', '/{id}', { tags, summary: 'Retrieve a customer', params: S.IdParam('cus'), ok: [200, S.Customer], errors: [404] }), (c) =>
    c.json(customers.get(c.var.tenant, c.req.valid('param').id), 200))
  .openapi(route('patch', '/{id}', { tags, summary: 'Update a customer', params: S.IdParam('cus'), body: S.CustomerUpdate, ok: [200, S.Customer], errors: [404] }), (c) => {
    const row = customers.get(c.var.tenant, c.req.valid('param').id)
    const changes = email(c.req.valid('json'))
    if (DEFECT === 'patch_forgets_metadata') delete changes.metadata
    return c.json(Object.assign(row, changes), 200)
  })
  .openapi(route('delete', '/{id}', { tags, summary: 'Delete a customer without invoices', params: S.IdParam('cus'), ok: [204], errors: [404, 409] }), (c) => {
    const row = customers.get(c.var.tenant, c.req.valid('param').id)
    if (invoices.all(c.var.tenant).some((i) => i.customer === row.id)) throw new ApiError(409, 'in_use', 'The customer has invoices')
    customers.remove(row)
    return c.body(null, 204)
  })
