import os
import sys

SECRET_KEY = "stagehand-development-secret-key-0123456789"
ALGORITHM = "HS256"
ACCESS_TOKEN_EXPIRE_MINUTES = 60 * 24 * 8
API_V1_STR = "/api/v1"

VARIANTS = {"lowercase_email", "strip_strings", "soft_delete", "clamp_limit", "rate_limit", "gzip", "bad_token_403"}
DEFECTS = {
    "patch_forgets_capacity", "status_filter_ignored", "skip_off_by_one", "deleted_still_listed",
    "venue_delete_no_auth", "null_created_at", "duplicate_email", "create_returns_200",
    "patch_skips_validation", "booking_leak", "count_is_page_size", "unknown_venue_500",
}

VARIANT = os.environ.get("VARIANT", "")
DEFECT = os.environ.get("DEFECT", "")
if VARIANT and VARIANT not in VARIANTS:
    sys.exit((sys.stderr.write(f"unknown VARIANT {VARIANT}\n"), 2)[1])
if DEFECT and DEFECT not in DEFECTS:
    sys.exit((sys.stderr.write(f"unknown DEFECT {DEFECT}\n"), 2)[1])
