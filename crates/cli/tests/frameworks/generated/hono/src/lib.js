import { OpenAPIHono, createRoute } from '@hono/zod-openapi'
import { ErrorSchema } from './schemas.js'

export const newApp = () => new OpenAPIHono({
  defaultHook: (result, c) => {
    if (!result.success) {
      return c.json({
        error: { code: 'invalid_request', message: 'The request is not valid', details: result.error.issues.map((i) => ({ path: i.path.join('.'), message: i.message })) }
      }, 400)
    }
  }
})
const json = (schema, description) => ({ description, content: { 'application/json': { schema } } })
const texts = { 400: 'Bad request', 401: 'Missing or unknown API key', 403: 'Read-only key', 404: 'Not found', 409: 'Conflict' }

/** route(method, path, {request..., ok: [status, schema, description], errors: [...]}) */
export const route = (method, path, { tags, summary, params, query, body, ok, more = {}, errors = [] }) => createRoute({
  method, path, tags, summary,
  security: [{ ApiKeyAuth: [] }],
  request: {
    ...(params && { params }), ...(query && { query }),
    ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } })
  },
  responses: {
    [ok[0]]: ok[1] ? json(ok[1], ok[2] ?? 'OK') : { description: ok[2] ?? 'No content' },
    ...more,
    ...Object.fromEntries([401, ...(method === 'get' ? [] : [403]), ...(query || body ? [400] : []), ...errors].map((c) => [c, json(ErrorSchema, texts[c])]))
  }
})
export { json }
