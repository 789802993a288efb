const VARIANTS = ['eventual_lists', 'lowercase_email', 'soft_delete', 'rate_limit', 'gzip', 'keepalive_off', 'etag', 'trim_strings']
const DEFECTS = [
  'put_forgets_phone', 'cursor_skips_row', 'deleted_still_listed', 'doctor_delete_no_auth', 'duplicate_email',
  'note_create_200', 'reschedule_skips_validation', 'list_fee_string', 'notes_of_other_patients',
  'status_filter_ignored', 'cancel_completed', 'empty_created_at'
]
export const VARIANT = process.env.VARIANT || ''
export const DEFECT = process.env.DEFECT || ''
if ((VARIANT && !VARIANTS.includes(VARIANT)) || (DEFECT && !DEFECTS.includes(DEFECT))) {
  console.error(`unknown VARIANT or DEFECT: ${VARIANT}${DEFECT}`)
  process.exit(2)
}
