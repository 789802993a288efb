import uuid
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from app.config import DEFECT, VARIANT
from app.db import now, store
from app.deps import LimitParam, OptionalToken, SkipParam, Superuser, paginate, total
from app.models import Message, VenueCreate, VenuePublic, VenuesPublic, VenueUpdate

router = APIRouter(prefix="/venues", tags=["venues"])
not_found = {404: {"model": Message, "description": "Venue not found"}}
conflict = {409: {"model": Message, "description": "Conflict"}}


def get_venue(id: uuid.UUID) -> dict:
    venue = store.venues.get(id)
    if not venue or venue.get("deleted"):
        raise HTTPException(status_code=404, detail="Venue not found")
    return venue


def name_taken(name: str, but: uuid.UUID | None = None) -> bool:
    return any(v["name"] == name and v["id"] != but and not v.get("deleted") for v in store.venues.values())


@router.get("/", response_model=VenuesPublic)
async def read_venues(
    skip: SkipParam = 0,
    limit: LimitParam = 20,
    city: Annotated[str | None, Query(max_length=80, description="Exact city")] = None,
    q: Annotated[str | None, Query(max_length=100, description="Part of the name, any case")] = None,
) -> Any:
    """Retrieve venues, oldest first."""
    rows = [v for v in store.venues.values() if DEFECT == "deleted_still_listed" or not v.get("deleted")]
    if city is not None:
        rows = [v for v in rows if v["city"] == city]
    if q is not None:
        rows = [v for v in rows if q.lower() in v["name"].lower()]
    page = paginate(rows, skip, limit)
    return {"data": page, "count": total(rows, page)}


@router.post("/", response_model=VenuePublic, status_code=201, dependencies=[Superuser], responses=conflict)
async def create_venue(venue_in: VenueCreate) -> Any:
    """Create new venue."""
    if name_taken(venue_in.name):
        raise HTTPException(status_code=409, detail="A venue with this name already exists")
    return store.add(store.venues, **venue_in.model_dump(), created_at=now())


@router.get("/{id}", response_model=VenuePublic, responses=not_found)
async def read_venue(id: uuid.UUID) -> Any:
    """Get venue by ID."""
    return get_venue(id)


@router.patch("/{id}", response_model=VenuePublic, dependencies=[Superuser], responses={**not_found, **conflict})
async def update_venue(id: uuid.UUID, venue_in: VenueUpdate) -> Any:
    """Update a venue."""
    venue = get_venue(id)
    data = venue_in.model_dump(exclude_unset=True)
    for key in ("name", "city", "capacity"):  # columns that are not nullable: null means unchanged
        if key in data and data[key] is None:
            del data[key]
    if "name" in data and name_taken(data["name"], but=id):
        raise HTTPException(status_code=409, detail="A venue with this name already exists")
    venue.update(data)
    return venue


@router.delete("/{id}", status_code=204, dependencies=[OptionalToken if DEFECT == "venue_delete_no_auth" else Superuser],
               responses={**not_found, **conflict})
async def delete_venue(id: uuid.UUID) -> None:
    """Delete a venue that no event uses."""
    venue = get_venue(id)
    if any(e["venue_id"] == id and not e.get("deleted") for e in store.events.values()):
        raise HTTPException(status_code=409, detail="Venue is still used by events")
    if VARIANT == "soft_delete" or DEFECT == "deleted_still_listed":
        venue["deleted"] = True
    else:
        del store.venues[id]
