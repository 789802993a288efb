from datetime import timedelta
from typing import Annotated, Any

import jwt
from fastapi import APIRouter, Depends, HTTPException
from fastapi.security import OAuth2PasswordRequestForm

from app.config import ACCESS_TOKEN_EXPIRE_MINUTES, ALGORITHM, DEFECT, SECRET_KEY, VARIANT
from app.db import hash_password, now, store
from app.deps import CurrentUser
from app.models import Message, Token, UserPublic, UserRegister, UserUpdateMe

login = APIRouter(tags=["login"])
router = APIRouter(prefix="/users", tags=["users"])


def get_user_by_email(email: str) -> dict | None:
    return next((u for u in store.users.values() if u["email"].lower() == email.lower()), None)


def normalize(email: str) -> str:
    return email.lower() if VARIANT == "lowercase_email" else email


@login.post("/login/access-token")
async def login_access_token(form_data: Annotated[OAuth2PasswordRequestForm, Depends()]) -> Token:
    """OAuth2 compatible token login, get an access token for future requests"""
    user = get_user_by_email(form_data.username)
    if not user or user["hashed_password"] != hash_password(form_data.password):
        raise HTTPException(status_code=400, detail="Incorrect email or password")
    claims = {"sub": str(user["id"]), "exp": now() + timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES)}
    return Token(access_token=jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM))


@router.post("/signup", response_model=UserPublic, status_code=201,
             responses={409: {"model": Message, "description": "A user with this email already exists"}})
async def register_user(user_in: UserRegister) -> Any:
    """Create new user without the need to be logged in."""
    if get_user_by_email(user_in.email) and DEFECT != "duplicate_email":
        raise HTTPException(status_code=409, detail="The user with this email already exists in the system")
    return store.add(store.users, email=normalize(user_in.email), full_name=user_in.full_name,
                     hashed_password=hash_password(user_in.password), is_active=True, is_superuser=False)


@router.get("/me", response_model=UserPublic)
async def read_user_me(current_user: CurrentUser) -> Any:
    """Get current user."""
    return current_user


@router.patch("/me", response_model=UserPublic, responses={409: {"model": Message}})
async def update_user_me(user_in: UserUpdateMe, current_user: CurrentUser) -> Any:
    """Update own user."""
    data = user_in.model_dump(exclude_unset=True)
    if data.get("email"):
        other = get_user_by_email(data["email"])
        if other and other["id"] != current_user["id"]:
            raise HTTPException(status_code=409, detail="User with this email already exists")
        data["email"] = normalize(data["email"])
    elif "email" in data:
        del data["email"]
    current_user.update(data)
    return current_user
