"""Right servers of several shapes of API, as one writes them with FastAPI: each serves one of `fixtures/documents`."""

import os
import random
import secrets
import socket
import string
from datetime import date
from typing import Annotated, Literal

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from pydantic import AnyUrl, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as AnyHTTPException


def application(problem, invalid=422, **options):
    """An application whose errors have the bodies that its document describes."""
    app = FastAPI(**options)

    @app.exception_handler(AnyHTTPException)
    async def failed(request, error):
        return problem(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request, error):
        first = error.errors()[0]
        return problem(invalid, f"{first['loc']}: {first['msg']}", None)

    return app


TOKEN = "first-workspace_of.the~tests"


def bearer(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]):
    if given.credentials != TOKEN:
        raise HTTPException(401, "whose token is this?")


def basic(given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):
    if given.username != TOKEN:
        raise HTTPException(401, "who is this?")


def find(objects, id):
    if id not in objects:
        raise HTTPException(404, "there is none")
    return objects[id]


class Strict(BaseModel):
    """JSON's types are what they are: no text is a number."""

    model_config = ConfigDict(strict=True)


def issues():
    """`link-header.yaml`: numbers, pages by number with a `Link` header, a filter, a bearer token."""
    app = application(lambda status, text, headers: JSONResponse({"message": text}, status, headers))
    user, kept = Depends(bearer), {}

    class New(Strict):
        title: str = Field(min_length=1)
        body: str | None = None

    class Change(Strict):
        title: str = Field(default=None, min_length=1)
        state: Literal["open", "closed"] = None

    @app.get("/issues", dependencies=[user])
    def issues(
        request: Request,
        response: Response,
        page: Annotated[int, Query(ge=1)] = 1,
        per_page: Annotated[int, Query(ge=1, le=100)] = 30,
        state: Literal["open", "closed", "all"] = "all",
    ):
        shown = [one for one in reversed(kept.values()) if state in ("all", one["state"])]
        if page * per_page < len(shown):
            following = request.url.include_query_params(page=page + 1)
            response.headers["Link"] = f'<{following}>; rel="next"'
        return shown[(page - 1) * per_page : page * per_page]

    @app.post("/issues", status_code=201, dependencies=[user])
    def report(new: New):
        number = max(kept, default=0) + 1
        kept[number] = {"id": 5_000_000_000 + number, "number": number, **new.model_dump(), "state": "open"}
        return kept[number]

    @app.get("/issues/{number}", dependencies=[user])
    def issue(number: int):
        return find(kept, number)

    @app.patch("/issues/{number}", dependencies=[user])
    def edit(number: int, change: Change):
        find(kept, number).update(change.model_dump(exclude_unset=True))
        return kept[number]

    @app.delete("/issues/{number}", status_code=204, dependencies=[user])
    def forget(number: int):
        find(kept, number)
        del kept[number]

    return app


def branches():
    """`nested.yaml`: whole numbers as ids, shelves below branches, no pages, no credentials."""
    app = application(lambda status, text, headers: JSONResponse({"message": text}, status, headers), invalid=400)
    kept, shelves, ids = {}, {}, iter(range(1, 10**9))

    class Branch(Strict):
        name: str = Field(min_length=1, max_length=40)
        seats: int = Field(default=0, ge=0)

    class Rename(Strict):
        name: str = Field(default=None, min_length=1)

    class Shelf(Strict):
        label: str = Field(pattern="^[A-Z][0-9]+$", max_length=12)
        books: list[str] = Field(default=[], max_length=50)

    @app.get("/branches")
    def all_branches():
        return list(kept.values())

    @app.post("/branches", status_code=201)
    def open_branch(new: Branch):
        id = next(ids)
        kept[id], shelves[id] = {"id": id, **new.model_dump()}, {}
        return kept[id]

    @app.get("/branches/{id}")
    def branch(id: int):
        return find(kept, id)

    @app.patch("/branches/{id}")
    def rename(id: int, change: Rename | None = None):
        find(kept, id).update(change.model_dump(exclude_unset=True) if change else {})
        return kept[id]

    @app.delete("/branches/{id}", status_code=204)
    def close(id: int):
        find(kept, id)
        del kept[id], shelves[id]

    @app.get("/branches/{id}/shelves")
    def all_shelves(id: int):
        return list(find(shelves, id).values())

    @app.post("/branches/{id}/shelves", status_code=201)
    def put_up(id: int, new: Shelf):
        below, number = find(shelves, id), next(ids)
        below[number] = {"id": number, "branchId": id, **new.model_dump()}
        return below[number]

    @app.get("/branches/{id}/shelves/{number}")
    def shelf(id: int, number: int):
        return find(find(shelves, id), number)

    @app.delete("/branches/{id}/shelves/{number}", status_code=204)
    def take_down(id: int, number: int):
        find(find(shelves, id), number)
        del shelves[id][number]

    return app


def recipes():
    """`page-numbers.yaml`: pages by number with totals, PUT, a path before all paths, no size beyond 50."""

    def problem(status, text, headers):
        return JSONResponse({"error": {"code": str(status), "message": text}}, status, headers)

    app = application(problem, root_path="/api/v1")
    kept = {}

    class Recipe(Strict):
        title: str = Field(min_length=3)
        serves: int = Field(gt=0, le=100)
        source: str | None = None
        steps: list[str] = Field(default=["Stir."], min_length=1)

    # Other servers cut a page that is too long; this is one.
    @app.get("/recipes")
    def browse(page: Annotated[int, Query(ge=1)] = 1, per_page: Annotated[int, Query(ge=1)] = 10):
        per_page, all_of_them = min(per_page, 50), list(kept.values())
        return {
            "recipes": all_of_them[(page - 1) * per_page : page * per_page],
            "page": page,
            "per_page": per_page,
            "total": len(kept),
            "total_pages": -(-len(kept) // per_page),
        }

    def checked(recipe):
        if recipe.source is not None:
            try:
                AnyUrl(recipe.source)
            except ValueError as error:
                raise HTTPException(422, "source is no address") from error
        return recipe.model_dump()

    @app.post("/recipes", status_code=201)
    def contribute(new: Recipe):
        id = "rcp_" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(12))
        kept[id] = {"id": id, **checked(new)}
        return kept[id]

    @app.get("/recipes/{id}")
    def read(id: str):
        return find(kept, id)

    @app.put("/recipes/{id}")
    def rewrite(id: str, new: Recipe):
        find(kept, id)
        kept[id] = {"id": id, **checked(new)}
        return kept[id]

    @app.delete("/recipes/{id}", status_code=204)
    def withdraw(id: str):
        find(kept, id)
        del kept[id]

    outer = FastAPI()
    outer.mount("/api/v1", app)
    return outer


def flags():
    """`named.yaml`: names that clients give, PUT that creates, 409."""
    app = application(lambda status, text, headers: JSONResponse({"title": text}, status, headers), invalid=400)
    kept = {}
    Name = Annotated[str, Field(pattern="^[a-z][a-z0-9-]*$", max_length=40)]

    class Flag(Strict):
        name: Name
        enabled: bool
        note: str = None

    class Setting(Strict):
        enabled: bool
        note: str = None

    class Change(Strict):
        name: Name = None
        note: str = None

    @app.get("/flags")
    def flags():
        return {"items": list(kept.values())}

    @app.post("/flags", status_code=201)
    def add(new: Flag):
        if new.name in kept:
            raise HTTPException(409, "there is one of this name")
        kept[new.name] = new.model_dump(exclude_unset=True)
        return kept[new.name]

    @app.get("/flags/{name}")
    def flag(name: str):
        return find(kept, name)

    @app.put("/flags/{name}")
    def set_flag(name: Name, setting: Setting):
        kept[name] = {"name": name, **setting.model_dump(exclude_unset=True)}
        return kept[name]

    @app.patch("/flags/{name}")
    def change(name: str, change: Change):
        flag = find(kept, name)
        if change.name not in (None, name) and change.name in kept:
            raise HTTPException(409, "there is one of this name")
        flag.update(change.model_dump(exclude_unset=True))
        kept[flag["name"]] = kept.pop(name)
        return flag

    @app.delete("/flags/{name}", status_code=204)
    def drop(name: str):
        find(kept, name)
        del kept[name]

    return app


def jobs():
    """`basic.yaml`: Swagger 2.0, basic authentication, PUT with the whole object."""
    app = application(
        lambda status, text, headers: JSONResponse({"code": status, "reason": text}, status, headers), invalid=400
    )
    user, kept = Depends(basic), {}

    class Job(Strict):
        file: str = Field(pattern=r"\.(pdf|ps)$")
        copies: int = Field(default=1, ge=1, le=99)
        duplex: bool = False

    @app.get("/rest/jobs", dependencies=[user])
    def queue():
        return list(kept.values())

    @app.post("/rest/jobs", status_code=201, dependencies=[user])
    def enqueue(new: Job):
        id = random.randrange(10**6, 2**31)
        kept[id] = {"jobId": id, **new.model_dump()}
        return kept[id]

    @app.get("/rest/jobs/{id}", dependencies=[user])
    def job(id: int):
        return find(kept, id)

    @app.put("/rest/jobs/{id}", dependencies=[user])
    def change(id: int, new: Job):
        find(kept, id).update(new.model_dump())
        return kept[id]

    @app.delete("/rest/jobs/{id}", status_code=204, dependencies=[user])
    def cancel(id: int):
        find(kept, id)
        del kept[id]

    return app


def bookings():
    """`problems.yaml`: problem+json, merge patches, references in capitals."""

    def problem(status, text, headers):
        body = {"type": "about:blank", "title": "No", "status": status, "detail": text}
        return JSONResponse(body, status, headers, media_type="application/problem+json")

    app = application(problem)
    kept = {}

    class Vehicle(Strict):
        length: float = Field(gt=0)

    class Booking(BaseModel):
        sailing: date
        passengers: int = Field(ge=1, le=9, strict=True)
        vehicle: Vehicle | None = None

    class Change(BaseModel):
        sailing: date = None
        passengers: int = Field(default=None, ge=1, le=9, strict=True)
        vehicle: Vehicle | None = None

    @app.get("/bookings")
    def all_bookings():
        return {"data": list(kept.values())}

    @app.post("/bookings", status_code=201)
    def book(new: Booking):
        reference = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))
        kept[reference] = {"reference": reference, **new.model_dump(mode="json")}
        return kept[reference]

    @app.get("/bookings/{reference}")
    def booking(reference: str):
        return find(kept, reference)

    @app.patch("/bookings/{reference}")
    def rebook(reference: str, change: Change):
        find(kept, reference).update(change.model_dump(mode="json", exclude_unset=True))
        return kept[reference]

    @app.delete("/bookings/{reference}", status_code=204)
    def cancel(reference: str):
        find(kept, reference)
        del kept[reference]

    return app


SHAPES = {
    "link-header": issues,
    "nested": branches,
    "page-numbers": recipes,
    "named": flags,
    "basic": jobs,
    "problems": bookings,
}

# asyncio switches Nagle's algorithm off only where the protocol is named; with it, answers wait for 40 ms.
listener = socket.socket(proto=socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen()
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(SHAPES[os.environ["VARIANT"]](), log_level="warning")).run(sockets=[listener])
