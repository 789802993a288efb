from flask import g
from flask.views import MethodView
from flask_smorest import Blueprint, abort

from .auth import authenticate, managers_only
from .config import DEFECT
from .models import reservations, settings, vehicles
from .pagination import ListPage
from .schemas import MeSchema, ReservationQueryArgsSchema, ReservationSchema, SettingsSchema

blp = Blueprint("reservations", "reservations", url_prefix="/reservations", description="Reservations; a clerk sees and changes their own only")
blp.before_request(authenticate)


def mine(r):
    return g.user.role == "manager" or r.created_by == g.user.name or DEFECT == "reservation_leak"


def get_or_404(reservation_id):
    r = reservations.get(reservation_id)
    if not r or not mine(r):
        abort(404, message="No such reservation")
    return r


def check(data, but=None):
    vehicle = vehicles.get(data["vehicle_id"])
    if not vehicle:
        abort(422, message="Unknown vehicle", errors={"json": {"vehicle_id": ["Unknown vehicle."]}})
    if not vehicle.active:
        abort(409, message="Vehicle is not active")
    for r in reservations.all():
        if r.vehicle_id == vehicle.id and r.id != but and r.status != "cancelled" and r.starts_on <= data["ends_on"] and data["starts_on"] <= r.ends_on:
            abort(409, message="Vehicle is reserved in that time")
    return round(vehicle.daily_rate * ((data["ends_on"] - data["starts_on"]).days + 1), 2)


@blp.route("/")
class Reservations(MethodView):
    @blp.etag
    @blp.arguments(ReservationQueryArgsSchema, location="query")
    @blp.response(200, ReservationSchema(many=True))
    @blp.paginate(ListPage)
    def get(self, args):
        """List reservations"""
        return [r for r in reservations.listing() if mine(r) and args.get("vehicle_id") in (None, r.vehicle_id) and args.get("status") in (None, r.status)]

    @blp.etag
    @blp.arguments(ReservationSchema)
    @blp.response(201, ReservationSchema)
    @blp.alt_response(409, description="Vehicle is not active or reserved in that time")
    def post(self, data):
        """Request a reservation"""
        total = check(data)
        return reservations.add(**data, total=total, status="requested", created_by=g.user.name)


@blp.route("/<int:reservation_id>")
class ReservationById(MethodView):
    @blp.etag
    @blp.response(200, ReservationSchema)
    @blp.alt_response(404, description="No such reservation")
    def get(self, reservation_id):
        """Get reservation by ID"""
        return get_or_404(reservation_id)

    @blp.etag
    @blp.arguments(ReservationSchema)
    @blp.response(200, ReservationSchema)
    @blp.alt_response(404, description="No such reservation")
    @blp.alt_response(409, description="Reservation is cancelled, vehicle is not active or reserved in that time")
    def put(self, data, reservation_id):
        """Replace a reservation"""
        r = get_or_404(reservation_id)
        blp.check_etag(r, ReservationSchema)
        if r.status == "cancelled":
            abort(409, message="Reservation is cancelled")
        total = r.total if DEFECT == "put_skips_checks" else check(data, but=reservation_id)
        vars(r).update(data, total=total)
        return r


@blp.route("/<int:reservation_id>/confirm", methods=["POST"])
@blp.response(200, ReservationSchema)
@blp.alt_response(404, description="No such reservation")
@blp.alt_response(409, description="Reservation is not requested")
def confirm(reservation_id):
    """Confirm a requested reservation"""
    r = get_or_404(reservation_id)
    if r.status != "requested":
        abort(409, message=f"Reservation is {r.status}")
    r.status = "confirmed"
    return r


@blp.route("/<int:reservation_id>/cancel", methods=["POST"])
@blp.response(200, ReservationSchema)
@blp.alt_response(404, description="No such reservation")
@blp.alt_response(409, description="Reservation is cancelled")
def cancel(reservation_id):
    """Cancel a reservation"""
    r = get_or_404(reservation_id)
    if r.status == "cancelled":
        abort(409, message="Reservation is cancelled")
    r.status = "cancelled"
    return r


company_blp = Blueprint("company", "company", url_prefix="/", description="Company settings and the current user")
company_blp.before_request(authenticate)


@company_blp.route("/settings")
class Settings(MethodView):
    @company_blp.etag
    @company_blp.response(200, SettingsSchema)
    def get(self):
        """Company settings"""
        return settings

    @company_blp.etag
    @company_blp.arguments(SettingsSchema)
    @company_blp.response(200, SettingsSchema)
    @managers_only
    def put(self, data):
        """Replace the company settings"""
        company_blp.check_etag(settings, SettingsSchema)
        vars(settings).update(data)
        return settings


@company_blp.route("/me")
@company_blp.response(200, MeSchema)
def me():
    """The current user"""
    return g.user
