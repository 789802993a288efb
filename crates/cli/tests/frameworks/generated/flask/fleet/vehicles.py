from flask import g
from flask.views import MethodView
from flask_smorest import Blueprint, abort

from .auth import authenticate, managers_only
from .config import DEFECT, VARIANT
from .models import damages, locations, reservations, vehicles
from .pagination import ListPage
from .schemas import DamageSchema, VehicleQueryArgsSchema, VehicleSchema

blp = Blueprint("vehicles", "vehicles", url_prefix="/vehicles", description="Vehicles")
blp.before_request(authenticate)


def get_or_404(vehicle_id):
    return vehicles.get(vehicle_id) or abort(404, message="No such vehicle")


def check(data, but=None):
    if VARIANT == "uppercase_plates":
        data["plate"] = data["plate"].upper()
    if VARIANT == "round_money":
        data["daily_rate"] = round(data["daily_rate"], 2)
    if not locations.get(data["location_id"]):
        abort(422, message="Unknown location", errors={"json": {"location_id": ["Unknown location."]}})
    if DEFECT != "duplicate_plate" and any(v.plate.upper() == data["plate"].upper() and v.id != but for v in vehicles.all()):
        abort(409, message="Plate is taken")


@blp.route("/")
class Vehicles(MethodView):
    @blp.etag
    @blp.arguments(VehicleQueryArgsSchema, location="query")
    @blp.response(200, VehicleSchema(many=True))
    @blp.paginate(ListPage)
    def get(self, args):
        """List vehicles"""
        rows = vehicles.listing()
        if "category" in args and DEFECT != "category_filter_ignored":
            rows = [v for v in rows if v.category == args["category"]]
        if "location_id" in args:
            rows = [v for v in rows if v.location_id == args["location_id"]]
        if "active" in args:
            rows = [v for v in rows if v.active == args["active"]]
        if "min_seats" in args:
            rows = [v for v in rows if v.seats >= args["min_seats"]]
        if "sort" in args:
            rows = sorted(rows, key=lambda v: getattr(v, args["sort"].lstrip("-")), reverse=args["sort"].startswith("-"))
        return rows

    @blp.etag
    @blp.arguments(VehicleSchema)
    @blp.response(201, VehicleSchema)
    @blp.alt_response(409, description="Plate is taken")
    def post(self, data):
        """Add a vehicle"""
        check(data)
        return vehicles.add(**data)


@blp.route("/<int:vehicle_id>")
class VehicleById(MethodView):
    @blp.etag
    @blp.response(200, VehicleSchema)
    @blp.alt_response(404, description="No such vehicle")
    def get(self, vehicle_id):
        """Get vehicle by ID"""
        return get_or_404(vehicle_id)

    @blp.etag
    @blp.arguments(VehicleSchema)
    @blp.response(200, VehicleSchema)
    @blp.alt_response(404, description="No such vehicle")
    @blp.alt_response(409, description="Plate is taken")
    def put(self, data, vehicle_id):
        """Replace a vehicle"""
        vehicle = get_or_404(vehicle_id)
        if DEFECT != "etag_not_checked":
            blp.check_etag(vehicle, VehicleSchema)
        check(data, but=vehicle_id)
        if DEFECT == "put_forgets_features":
            del data["features"]
        vars(vehicle).update(data)
        return vehicle

    @blp.etag
    @blp.response(204)
    @blp.alt_response(404, description="No such vehicle")
    @blp.alt_response(409, description="Vehicle is reserved")
    @managers_only
    def delete(self, vehicle_id):
        """Delete a vehicle without reservations, along with its damages"""
        vehicle = get_or_404(vehicle_id)
        blp.check_etag(vehicle, VehicleSchema)
        booked = [r for r in reservations.all() if r.vehicle_id == vehicle_id]
        if any(r.status != "cancelled" for r in booked):
            abort(409, message="Vehicle is reserved")
        for row in booked:
            reservations.remove(row)
        for row in [d for d in damages.all() if d.vehicle_id == vehicle_id]:
            damages.remove(row)
        vehicles.remove(vehicle)


damages_blp = Blueprint("damages", "damages", url_prefix="/vehicles/<int:vehicle_id>/damages", description="Damages of a vehicle")
damages_blp.before_request(authenticate)


def get_damage(vehicle_id, damage_id):
    get_or_404(vehicle_id)
    damage = damages.get(damage_id)
    if not damage or damage.vehicle_id != vehicle_id:
        abort(404, message="No such damage")
    return damage


@damages_blp.route("/")
class Damages(MethodView):
    @damages_blp.response(200, DamageSchema(many=True))
    @damages_blp.alt_response(404, description="No such vehicle")
    def get(self, vehicle_id):
        """List damages of a vehicle"""
        get_or_404(vehicle_id)
        return [d for d in damages.listing() if d.vehicle_id == vehicle_id]

    @damages_blp.arguments(DamageSchema)
    @damages_blp.response(201, DamageSchema)
    @damages_blp.alt_response(404, description="No such vehicle")
    def post(self, data, vehicle_id):
        """Report a damage"""
        get_or_404(vehicle_id)
        return damages.add(**data, vehicle_id=vehicle_id, reported_by=g.user.name)


@damages_blp.route("/<int:damage_id>")
class DamageById(MethodView):
    @damages_blp.response(200, DamageSchema)
    @damages_blp.alt_response(404, description="No such damage")
    def get(self, vehicle_id, damage_id):
        """Get damage by ID"""
        return get_damage(vehicle_id, damage_id)

    @damages_blp.response(204)
    @damages_blp.alt_response(404, description="No such damage")
    def delete(self, vehicle_id, damage_id):
        """Delete a damage"""
        damages.remove(get_damage(vehicle_id, damage_id))


if DEFECT == "list_seats_string":
    _get = Vehicles.get

    def get(self, *args, **kwargs):
        response = _get(self, *args, **kwargs)
        import json
        response.set_data(json.dumps([{**v, "seats": str(v["seats"])} for v in response.get_json()]))
        return response

    get._apidoc = _get._apidoc
    get.__doc__ = _get.__doc__
    Vehicles.get = get
