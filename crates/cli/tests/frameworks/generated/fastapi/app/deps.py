import uuid
from typing import Annotated

import jwt
from fastapi import Depends, HTTPException, Query, status
from fastapi.security import OAuth2PasswordBearer

from app.config import ALGORITHM, API_V1_STR, SECRET_KEY, VARIANT
from app.db import store

reusable_oauth2 = OAuth2PasswordBearer(tokenUrl=f"{API_V1_STR}/login/access-token")
TokenDep = Annotated[str, Depends(reusable_oauth2)]


async def get_current_user(token: TokenDep) -> dict:
    credentials_exception = HTTPException(
        status_code=status.HTTP_403_FORBIDDEN if VARIANT == "bad_token_403" else status.HTTP_401_UNAUTHORIZED,
        detail="Could not validate credentials",
        headers={"WWW-Authenticate": "Bearer"},
    )
    try:
        payload = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
        user = store.users.get(uuid.UUID(payload["sub"]))
    except (jwt.InvalidTokenError, KeyError, ValueError):
        raise credentials_exception
    if user is None:
        raise credentials_exception
    if not user["is_active"]:
        raise HTTPException(status_code=400, detail="Inactive user")
    return user


CurrentUser = Annotated[dict, Depends(get_current_user)]


async def get_current_active_superuser(current_user: CurrentUser) -> dict:
    if not current_user["is_superuser"]:
        raise HTTPException(status_code=403, detail="The user doesn't have enough privileges")
    return current_user


Superuser = Depends(get_current_active_superuser)
OptionalToken = Depends(OAuth2PasswordBearer(tokenUrl=f"{API_V1_STR}/login/access-token", auto_error=False))

if VARIANT == "clamp_limit":
    LimitParam = Annotated[int, Query(ge=1, description="Page size; at most 100 rows are returned")]
else:
    LimitParam = Annotated[int, Query(ge=1, le=100)]
SkipParam = Annotated[int, Query(ge=0)]


def paginate(rows: list, skip: int, limit: int) -> list:
    from app.config import DEFECT
    limit = min(limit, 100)
    if DEFECT == "skip_off_by_one" and skip:
        skip += 1
    return rows[skip:skip + limit]


def total(rows: list, page: list) -> int:
    from app.config import DEFECT
    return len(page) if DEFECT == "count_is_page_size" else len(rows)
