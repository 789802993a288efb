import marshmallow as ma
from marshmallow import validate

CATEGORIES = ["compact", "estate", "van", "luxury"]
SEVERITIES = ["minor", "major"]
STATUSES = ["requested", "confirmed", "cancelled"]


class OpeningHoursSchema(ma.Schema):
    opens = ma.fields.Time(required=True)
    closes = ma.fields.Time(required=True)


class LocationSchema(ma.Schema):
    id = ma.fields.Integer(dump_only=True)
    code = ma.fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{3}$"), metadata={"description": "Unique"})
    name = ma.fields.String(required=True, validate=validate.Length(1, 80))
    city = ma.fields.String(required=True, validate=validate.Length(1, 80))
    opening_hours = ma.fields.Nested(OpeningHoursSchema, allow_none=True, load_default=None)
    created_at = ma.fields.DateTime(dump_only=True)


class LocationQueryArgsSchema(ma.Schema):
    city = ma.fields.String()


class VehicleSchema(ma.Schema):
    id = ma.fields.Integer(dump_only=True)
    plate = ma.fields.String(required=True, validate=validate.Length(3, 12), metadata={"description": "Unique"})
    category = ma.fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    seats = ma.fields.Integer(required=True, validate=validate.Range(1, 60))
    daily_rate = ma.fields.Float(required=True, validate=validate.Range(0, 10000))
    location_id = ma.fields.Integer(required=True)
    features = ma.fields.List(ma.fields.String(validate=validate.Length(1, 30)), load_default=list, validate=validate.Length(max=10))
    active = ma.fields.Boolean(load_default=True)
    created_at = ma.fields.DateTime(dump_only=True)


class VehicleQueryArgsSchema(ma.Schema):
    category = ma.fields.String(validate=validate.OneOf(CATEGORIES))
    location_id = ma.fields.Integer()
    active = ma.fields.Boolean()
    min_seats = ma.fields.Integer(validate=validate.Range(min=1))
    sort = ma.fields.String(validate=validate.OneOf(["plate", "-plate", "daily_rate", "-daily_rate"]))


class DamageSchema(ma.Schema):
    id = ma.fields.Integer(dump_only=True)
    vehicle_id = ma.fields.Integer(dump_only=True)
    description = ma.fields.String(required=True, validate=validate.Length(1, 500))
    severity = ma.fields.String(load_default="minor", validate=validate.OneOf(SEVERITIES))
    reported_by = ma.fields.String(dump_only=True)
    created_at = ma.fields.DateTime(dump_only=True)


class ReservationSchema(ma.Schema):
    id = ma.fields.Integer(dump_only=True)
    vehicle_id = ma.fields.Integer(required=True)
    starts_on = ma.fields.Date(required=True)
    ends_on = ma.fields.Date(required=True, metadata={"description": "Not before starts_on"})
    customer_name = ma.fields.String(required=True, validate=validate.Length(1, 80))
    notes = ma.fields.String(allow_none=True, load_default=None, validate=validate.Length(max=500))
    status = ma.fields.String(dump_only=True, validate=validate.OneOf(STATUSES))
    total = ma.fields.Float(dump_only=True)
    created_by = ma.fields.String(dump_only=True)
    created_at = ma.fields.DateTime(dump_only=True)

    @ma.validates_schema
    def validate_dates(self, data, **kwargs):
        if "starts_on" in data and "ends_on" in data and data["ends_on"] < data["starts_on"]:
            raise ma.ValidationError("Must not be before starts_on.", "ends_on")


class ReservationQueryArgsSchema(ma.Schema):
    vehicle_id = ma.fields.Integer()
    status = ma.fields.String(validate=validate.OneOf(STATUSES))


class SettingsSchema(ma.Schema):
    company = ma.fields.String(required=True, validate=validate.Length(1, 80))
    currency = ma.fields.String(required=True, validate=validate.OneOf(["EUR", "CHF", "USD"]))
    min_driver_age = ma.fields.Integer(required=True, validate=validate.Range(18, 30))
    notify_email = ma.fields.Email(required=True)


class MeSchema(ma.Schema):
    name = ma.fields.String()
    role = ma.fields.String(validate=validate.OneOf(["manager", "clerk"]))
