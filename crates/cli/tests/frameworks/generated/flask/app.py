import json
import os
import signal
import sys
import time

from flask import Flask, jsonify
from flask_smorest import Api

from fleet.config import VARIANT, Config
from fleet.locations import blp as locations_blp
from fleet.reservations import blp as reservations_blp, company_blp
from fleet.vehicles import blp as vehicles_blp, damages_blp


def create_app():
    app = Flask(__name__)
    app.config.from_object(Config)
    api = Api(app)
    for blp in (locations_blp, vehicles_blp, damages_blp, reservations_blp, company_blp):
        api.register_blueprint(blp)

    if VARIANT == "rate_limit":
        window = {}

        @app.before_request
        def limit():
            second = int(time.time())
            if second not in window:
                window.clear()
            window[second] = window.get(second, 0) + 1
            if window[second] > 50:
                return jsonify(code=429, status="Too Many Requests"), 429, {"Retry-After": "1"}

    return app, api


def main():
    app, api = create_app()
    if len(sys.argv) == 3 and sys.argv[1] == "--openapi":
        with open(sys.argv[2], "w") as f:
            json.dump(api.spec.to_dict(), f, indent=2)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = int(os.environ.get("PORT", "0"))
    if VARIANT == "keepalive_off":  # werkzeug's own server closes every connection
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            def log_request(self, *args):
                pass

        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
    else:
        import logging

        from waitress import create_server

        logging.getLogger("waitress.queue").setLevel(logging.ERROR)

        server = create_server(app, host="127.0.0.1", port=port, threads=1)
        print(f"http://127.0.0.1:{server.effective_port}", flush=True)
        server.run()


if __name__ == "__main__":
    main()
