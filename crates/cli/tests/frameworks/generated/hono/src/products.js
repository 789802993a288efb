import { z } from '@hono/zod-openapi'
import { DEFECT } from './config.js'
import { newApp, route } from './lib.js'
import * as S from './schemas.js'
import { ApiError, products, items } from './store.js'

const tags = ['products']
const unique = (tenant, sku, but) => {
  if (DEFECT !== 'duplicate_sku' && products.all(tenant).some((p) => p.sku === sku && p.id !== but)) throw new ApiError(409, 'sku_taken', `There is a product with sku ${sku}`)
}
const update = route('patch', '/{id}', { tags, summary: 'Update a product', params: S.IdParam('prod'), body: S.ProductUpdate, ok: [200, S.Product], errors: [404, 409] })

const app = newApp()
  .openapi(route('get', '/', {
    tags, summary: 'List products', ok: [200, S.listOf(S.Product, 'ProductList')],
    query: z.object({ ...S.pageQuery, active: z.enum(['true', 'false']).optional(), currency: S.Product.shape.currency.optional() })
  }), (c) => {
    const q = c.req.valid('query')
    return c.json(products.page(c.var.tenant, q, (p) => (q.active === undefined || String(p.active) === q.active) && (!q.currency || p.currency === q.currency)), 200)
  })
  .openapi(route('post', '/', { tags, summary: 'Create a product', body: S.ProductCreate, ok: [201, S.Product, 'Created'], errors: [409] }), (c) => {
    const body = c.req.valid('json')
    unique(c.var.tenant, body.sku)
    return c.json(products.insert(c.var.tenant, body), 201)
  })
  .openapi(route('get', '/{id}', { tags, summary: 'Retrieve a product', params: S.IdParam('prod'), ok: [200, S.Product], errors: [404] }), (c) =>
    c.json(products.get(c.var.tenant, c.req.valid('param').id), 200))
if (DEFECT === 'patch_skips_validation') {
  app.openAPIRegistry.registerPath({ ...update, path: '/{id}' })
  app.patch('/:id', async (c) => {
    const row = products.get(c.var.tenant, c.req.param('id'))
    const { name, sku, unit_amount, active } = await c.req.json()
    return c.json(Object.assign(row, JSON.parse(JSON.stringify({ name, sku, unit_amount, active }))), 200)
  })
} else {
  app.openapi(update, (c) => {
    const row = products.get(c.var.tenant, c.req.valid('param').id)
    const body = c.req.valid('json')
    if (body.sku !== undefined) unique(c.var.tenant, body.sku, row.id)
    return c.json(Object.assign(row, body), 200)
  })
}
app.openapi(route('delete', '/{id}', { tags, summary: 'Delete a product that no invoice uses', params: S.IdParam('prod'), ok: [204], errors: [404, 409] }), (c) => {
  const row = products.get(c.var.tenant, c.req.valid('param').id)
  if (items.all(c.var.tenant).some((i) => i.product === row.id)) throw new ApiError(409, 'in_use', 'The product is used by invoices')
  products.remove(row)
  return c.body(null, 204)
})
export default app
