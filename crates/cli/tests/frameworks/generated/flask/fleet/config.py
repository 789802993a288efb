import os
import sys

VARIANTS = {"soft_delete", "rate_limit", "keepalive_off", "uppercase_plates", "newest_first", "delete_cascades", "round_money"}
DEFECTS = {
    "put_forgets_features", "category_filter_ignored", "page_off_by_one", "deleted_still_listed", "etag_not_checked",
    "damage_no_auth", "duplicate_plate", "null_created_at", "list_seats_string", "reservation_leak",
    "put_skips_checks", "pagination_total_wrong",
}
VARIANT = os.environ.get("VARIANT", "")
DEFECT = os.environ.get("DEFECT", "")
for _name, _value, _known in (("VARIANT", VARIANT, VARIANTS), ("DEFECT", DEFECT, DEFECTS)):
    if _value and _value not in _known:
        sys.stderr.write(f"unknown {_name} {_value}\n")
        sys.exit(2)


class Config:
    API_TITLE = "Fleet rental"
    API_VERSION = "v1"
    OPENAPI_VERSION = "3.0.2"
    OPENAPI_URL_PREFIX = "/"
    OPENAPI_JSON_PATH = "openapi.json"
    API_SPEC_OPTIONS = {
        "components": {"securitySchemes": {"basicAuth": {"type": "http", "scheme": "basic"}}},
        "security": [{"basicAuth": []}],
    }
