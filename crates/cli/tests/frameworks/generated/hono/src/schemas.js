import { z } from '@hono/zod-openapi'
import { VARIANT } from './config.js'

export const text = (max, min = 1) => { const s = VARIANT === 'trim_strings' ? z.string().trim() : z.string(); return s.min(min).max(max) }
const created = z.iso.datetime().openapi({ example: '2026-01-01T10:00:00.000Z' })
const metadata = z.record(z.string().max(40), z.string().max(500)).openapi({ example: { crm: '42' } })
const currency = z.enum(['eur', 'usd', 'gbp'])

export const ErrorSchema = z.object({
  error: z.object({ code: z.string().openapi({ example: 'not_found' }), message: z.string(), details: z.array(z.object({ path: z.string(), message: z.string() })).optional() })
}).openapi('Error')

export const IdParam = (prefix, name = 'id') => z.object({ [name]: z.string().openapi({ param: { name, in: 'path' }, example: `${prefix}_8fK2mQx1` }) })

export const pageQuery = {
  limit: (VARIANT === 'limit_clamped' ? z.coerce.number().int().min(1) : z.coerce.number().int().min(1).max(100)).default(10).openapi({ param: { name: 'limit', in: 'query' } }),
  starting_after: z.string().optional().openapi({ description: 'Id of the last object of the page before' })
}
export const listOf = (schema, name) => z.object({ object: z.literal('list'), data: z.array(schema), has_more: z.boolean() }).openapi(name)

// customers
const customerFields = {
  name: text(100), email: z.email().max(120), phone: text(30).nullable(),
  address: z.object({ line1: text(120), city: text(80), country: z.string().regex(/^[A-Z]{2}$/) }).nullable(),
  metadata
}
export const Customer = z.object({ id: z.string(), object: z.literal('customer'), ...customerFields, balance: z.number().int(), created }).openapi('Customer')
export const CustomerCreate = z.object({
  ...customerFields, phone: customerFields.phone.optional(), address: customerFields.address.optional(), metadata: metadata.optional()
}).openapi('CustomerCreate')
export const CustomerUpdate = z.object(customerFields).partial().openapi('CustomerUpdate')

// products
const productFields = {
  name: text(100), sku: z.string().regex(/^[A-Z0-9-]{3,20}$/).openapi({ description: 'Unique among products', example: 'PLAN-BASIC' }),
  unit_amount: z.number().int().min(0).max(99999999).openapi({ description: 'In cents' }), currency, active: z.boolean()
}
export const Product = z.object({ id: z.string(), object: z.literal('product'), ...productFields, created }).openapi('Product')
export const ProductCreate = z.object({ ...productFields, active: z.boolean().default(true) }).openapi('ProductCreate')
export const ProductUpdate = z.object(productFields).omit({ currency: true }).partial().openapi('ProductUpdate')

// invoices
export const invoiceStatus = z.enum(['draft', 'open', 'paid', 'void'])
export const Invoice = z.object({
  id: z.string(), object: z.literal('invoice'), customer: z.string(), currency, status: invoiceStatus,
  number: z.string().nullable().openapi({ description: 'Given when the invoice is finalized' }),
  total: z.number().int().openapi({ description: "Sum of the amounts of the invoice's items, in cents" }),
  due_date: z.iso.date().nullable(), memo: z.string().nullable(), created, updated: created
}).openapi('Invoice')
export const InvoiceCreate = z.object({
  customer: z.string().openapi({ example: 'cus_8fK2mQx1' }), currency: currency.default('eur'),
  due_date: z.iso.date().nullable().optional(), memo: text(500, 0).nullable().optional()
}).openapi('InvoiceCreate')
export const InvoiceUpdate = z.object({ due_date: z.iso.date().nullable(), memo: text(500, 0).nullable() }).partial().openapi('InvoiceUpdate')
export const InvoiceItem = z.object({
  id: z.string(), object: z.literal('invoice_item'), invoice: z.string(), product: z.string(), quantity: z.number().int().min(1),
  amount: z.number().int().openapi({ description: 'quantity times unit_amount of the product' }), created
}).openapi('InvoiceItem')
export const InvoiceItemCreate = z.object({ product: z.string(), quantity: z.number().int().min(1).max(1000).default(1) }).openapi('InvoiceItemCreate')

// account
export const Account = z.object({
  id: z.string(), object: z.literal('account'), business_name: z.string(), support_email: z.email(), default_currency: currency, invoice_prefix: z.string()
}).openapi('Account')
export const AccountUpdate = z.object({
  business_name: text(100), support_email: z.email(), default_currency: currency, invoice_prefix: z.string().regex(/^[A-Z]{2,6}$/)
}).partial().openapi('AccountUpdate')
