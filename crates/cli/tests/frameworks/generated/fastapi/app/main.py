import json
import os
import socket
import sys
import time
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse

from app.config import API_V1_STR, VARIANT
from app.routes import bookings, events, users, venues

sock: socket.socket | None = None


@asynccontextmanager
async def lifespan(app: FastAPI):
    if sock is not None:
        print(f"http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
    yield


app = FastAPI(title="Stagehand ticketing", version="1.4.0", openapi_url=f"{API_V1_STR}/openapi.json", lifespan=lifespan)

if VARIANT == "gzip":
    app.add_middleware(GZipMiddleware, minimum_size=200)

if VARIANT == "rate_limit":
    window: dict[int, int] = {}

    @app.middleware("http")
    async def rate_limit(request: Request, call_next):
        second = int(time.time())
        if second not in window:
            window.clear()
        window[second] = window.get(second, 0) + 1
        if window[second] > 50:
            return JSONResponse({"detail": "Too many requests"}, status_code=429, headers={"Retry-After": "1"})
        return await call_next(request)

api_router = APIRouter()
for r in (users.login, users.router, venues.router, events.router, events.tickets, bookings.router):
    api_router.include_router(r)
app.include_router(api_router, prefix=API_V1_STR)


def main() -> None:
    global sock
    if len(sys.argv) == 3 and sys.argv[1] == "--openapi":
        with open(sys.argv[2], "w") as f:
            json.dump(app.openapi(), f, indent=2)
        return
    import uvicorn

    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", int(os.environ.get("PORT", "0"))))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[sock])


if __name__ == "__main__":
    main()
