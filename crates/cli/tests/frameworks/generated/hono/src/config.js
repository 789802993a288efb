const VARIANTS = ['soft_delete', 'rate_limit', 'gzip', 'trim_strings', 'lowercase_email', 'bad_key_403', 'limit_clamped', 'extra_members', 'finalize_202']
const DEFECTS = [
  'patch_forgets_metadata', 'status_filter_ignored', 'page_repeats_row', 'deleted_still_listed', 'product_create_no_key', 'duplicate_sku',
  'total_not_updated', 'list_amount_string', 'tenant_leak', 'patch_skips_validation', 'pay_draft', 'has_more_false'
]
export const VARIANT = process.env.VARIANT || ''
export const DEFECT = process.env.DEFECT || ''
if ((VARIANT && !VARIANTS.includes(VARIANT)) || (DEFECT && !DEFECTS.includes(DEFECT))) {
  console.error(`unknown VARIANT or DEFECT: ${VARIANT}${DEFECT}`)
  process.exit(2)
}
