from types import SimpleNamespace

from flask.views import MethodView
from flask_smorest import Blueprint, abort

from .auth import authenticate, managers_only
from .config import DEFECT, VARIANT
from .models import damages, locations, reservations, vehicles
from .pagination import ListPage
from .schemas import LocationQueryArgsSchema, LocationSchema

blp = Blueprint("locations", "locations", url_prefix="/locations", description="Rental locations")
blp.before_request(authenticate)


def get_or_404(location_id):
    return locations.get(location_id) or abort(404, message="No such location")


def check_code(code, but=None):
    if any(x.code == code and x.id != but for x in locations.all()):
        abort(409, message="Code is taken")


@blp.route("/")
class Locations(MethodView):
    @blp.etag
    @blp.arguments(LocationQueryArgsSchema, location="query")
    @blp.response(200, LocationSchema(many=True))
    @blp.paginate(ListPage)
    def get(self, args):
        """List locations"""
        return [x for x in locations.listing() if args.get("city") in (None, x.city)]

    @blp.etag
    @blp.arguments(LocationSchema)
    @blp.response(201, LocationSchema)
    @blp.alt_response(409, description="Code is taken")
    @managers_only
    def post(self, data):
        """Add a location"""
        check_code(data["code"])
        return locations.add(**data)


@blp.route("/<int:location_id>")
class LocationById(MethodView):
    @blp.etag
    @blp.response(200, LocationSchema)
    @blp.alt_response(404, description="No such location")
    def get(self, location_id):
        """Get location by ID"""
        location = get_or_404(location_id)
        if DEFECT == "null_created_at":
            return SimpleNamespace(**{**vars(location), "created_at": None})
        return location

    @blp.etag
    @blp.arguments(LocationSchema)
    @blp.response(200, LocationSchema)
    @blp.alt_response(404, description="No such location")
    @blp.alt_response(409, description="Code is taken")
    @managers_only
    def put(self, data, location_id):
        """Replace a location"""
        location = get_or_404(location_id)
        blp.check_etag(location, LocationSchema)
        check_code(data["code"], but=location_id)
        vars(location).update(data)
        return location

    @blp.etag
    @blp.response(204)
    @blp.alt_response(404, description="No such location")
    @blp.alt_response(409, description="Location has vehicles")
    @managers_only
    def delete(self, location_id):
        """Delete a location"""
        location = get_or_404(location_id)
        blp.check_etag(location, LocationSchema)
        cars = [v for v in vehicles.all() if v.location_id == location_id]
        if cars and VARIANT != "delete_cascades":
            abort(409, message="Location has vehicles")
        for car in cars:
            for table in (damages, reservations):
                for row in [r for r in table.all() if r.vehicle_id == car.id]:
                    table.remove(row)
            vehicles.remove(car)
        locations.remove(location)
