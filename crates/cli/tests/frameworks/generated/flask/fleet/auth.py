from functools import wraps
from hmac import compare_digest

from flask import g, request
from flask_smorest import abort

from .config import DEFECT
from .models import users


def authenticate():
    """before_request of every blueprint: HTTP basic"""
    if DEFECT == "damage_no_auth" and request.endpoint == "damages.Damages" and request.method == "POST" and not request.authorization:
        g.user = users["clerk"]
        return
    auth = request.authorization
    user = users.get(auth.username) if auth and auth.type == "basic" else None
    if user is None or not compare_digest((auth.password or "").encode(), user.password.encode()):
        abort(401, message="Authentication required", headers={"WWW-Authenticate": 'Basic realm="fleet"'})
    g.user = user


def managers_only(view):
    @wraps(view)
    def wrapper(*args, **kwargs):
        if g.user.role != "manager":
            abort(403, message="Managers only")
        return view(*args, **kwargs)

    return wrapper
