import time

import pytest
from fastapi.testclient import TestClient
from station_helpers import picture

from rkd_keras.errors import InputError
from rkd_keras.station.app import create_app
from rkd_keras.station.security import Accounts, LoginLimiter, TooManyLoginsError
from rkd_keras.station.security.account import ENGINEER, OPERATOR
from rkd_keras.station.security.accounts import SESSION_S

PASSWORD = "a long password"


@pytest.fixture
def accounts(store, tmp_path):
    accounts = Accounts(store, tmp_path / "secret.key")
    accounts.put_user("ada", PASSWORD, ENGINEER)
    return accounts


def test_passwords_are_hashed_with_argon2(accounts, store):
    with store.read() as connection:
        stored = connection.exec_driver_sql("SELECT password_hash FROM users").scalar()
    assert stored.startswith("$argon2id$") and PASSWORD not in stored


def test_the_signing_key_is_for_its_owner_only(accounts, tmp_path):
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


def test_a_session_names_its_user_until_the_password_changes(accounts):
    cookie = accounts.log_in("ada", PASSWORD, "here")
    assert accounts.from_session(cookie).role == ENGINEER
    assert accounts.from_session(cookie + "x") is None
    assert accounts.from_session("") is None
    accounts.put_user("ada", PASSWORD + "2", ENGINEER)
    assert accounts.from_session(cookie) is None


def test_a_session_of_another_station_is_worth_nothing(accounts, store, tmp_path):
    other = Accounts(store, tmp_path / "other.key")
    assert other.from_session(accounts.log_in("ada", PASSWORD, "here")) is None


def test_sessions_end(accounts, monkeypatch):
    cookie = accounts.log_in("ada", PASSWORD, "here")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + SESSION_S + 5)
    assert accounts.from_session(cookie) is None


def test_a_removed_user_is_out_at_once(accounts):
    cookie = accounts.log_in("ada", PASSWORD, "here")
    accounts.from_session(cookie)
    assert accounts.remove_user("ada")
    assert accounts.from_session(cookie) is None


def test_wrong_passwords_are_counted(store, tmp_path):
    clock = [0.0]
    limiter = LoginLimiter(per_name=3, window_s=60, clock=lambda: clock[0])
    accounts = Accounts(store, tmp_path / "s", limiter)
    accounts.put_user("ada", PASSWORD, OPERATOR)
    for _ in range(3):
        assert accounts.log_in("ada", "wrong", "10.0.0.9") is None
    with pytest.raises(TooManyLoginsError):
        accounts.log_in("ada", PASSWORD, "10.0.0.9")
    assert accounts.log_in("ada", PASSWORD, "10.0.0.7")
    clock[0] = 61
    assert accounts.log_in("ada", PASSWORD, "10.0.0.9")


def test_one_address_cannot_try_many_names():
    limiter = LoginLimiter(per_name=5, per_address=10, clock=lambda: 0.0)
    for number in range(10):
        limiter.failed("10.0.0.9", f"user{number}")
    assert limiter.wait_s("10.0.0.9", "another") > 0
    assert limiter.wait_s("10.0.0.8", "another") == 0


def test_the_limiter_forgets_before_it_fills_the_memory():
    limiter = LoginLimiter(clock=lambda: 0.0)
    limiter.MAX_KEYS = 100
    for number in range(1000):
        limiter.failed(f"address {number}", "x")
    assert len(limiter._failures) <= 100


def test_a_token_is_stored_as_a_digest_only(accounts, store):
    token_id, token = accounts.create_token("press", OPERATOR)
    assert accounts.from_token(token).name == "press"
    assert accounts.from_token("rkd_wrong") is None
    with store.read() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM tokens").all())
    assert token not in rows
    assert accounts.remove_token(token_id)
    assert accounts.from_token(token) is None


@pytest.mark.parametrize(
    "name, password, role",
    [
        ("", PASSWORD, OPERATOR),
        ("a\nb", PASSWORD, OPERATOR),
        ("a" * 90, PASSWORD, OPERATOR),
        ("ada", "short", OPERATOR),
        ("ada", PASSWORD, "root"),
    ],
)
def test_accounts_that_cannot_be_are_refused(accounts, name, password, role):
    with pytest.raises(InputError):
        accounts.put_user(name, password, role)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A station that asks for a password, with one user of each role."""
    from station_fakes import make_fake_analyzer

    from rkd_keras.station import StationConfig
    from rkd_keras.station.station import Station

    folder = tmp_path_factory.mktemp("guarded")
    config = StationConfig(
        folder, host="0.0.0.0", min_free_bytes=0, max_upload_bytes=200_000
    )
    station = Station(config, make_fake_analyzer)
    station.accounts.put_user("ada", PASSWORD, ENGINEER)
    station.accounts.put_user("bob", PASSWORD, OPERATOR)
    station.devices.create("Line 1", {"kind": "posted"})
    app = create_app(station, pages=False)
    with TestClient(app, base_url="http://station.plant:8080") as client:
        client.station = station
        station.devices.start(station.devices.get("line-1"))
        yield client


@pytest.fixture
def anyone(guarded):
    guarded.cookies.clear()
    guarded.headers.pop("authorization", None)
    return guarded


def log_in(client, name="ada", password=PASSWORD, **options):
    form = {"name": name, "password": password, "next": "/history"}
    return client.post("/login", data=form, follow_redirects=False, **options)


def test_nobody_gets_in_without_a_password(anyone):
    for path in ("/api/v1/status", "/metrics", "/openapi.json", "/api/v1/frames"):
        answer = anyone.get(path)
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = anyone.post("/api/v1/devices/line-1/frames", content=picture())
    assert answer.status_code == 401
    answer = anyone.get("/docs", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/docs"
    assert anyone.get("/api/v1/health").status_code == 200
    assert anyone.get("/login").status_code == 200


def test_a_login_gives_a_strict_cookie_and_leads_on(anyone):
    answer = log_in(anyone)
    assert answer.status_code == 303 and answer.headers["location"] == "/history"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert anyone.get("/api/v1/status").json()["account"]["name"] == "ada"
    anyone.post("/logout", follow_redirects=False)
    anyone.cookies.clear()
    assert anyone.get("/api/v1/status").status_code == 401


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil", "x", "/a\r\nb"]
)
def test_a_login_leads_nowhere_else(anyone, target):
    form = {"name": "ada", "password": PASSWORD, "next": target}
    answer = anyone.post("/login", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/"
    shown = anyone.get("/login", params={"next": target})
    assert "evil" not in shown.text


def test_the_login_page_escapes_what_it_is_given(anyone):
    answer = anyone.get("/login", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>" not in answer.text


def test_wrong_logins_end_in_429(anyone):
    codes = [log_in(anyone, "eve", "wrong").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert int(log_in(anyone, "eve", PASSWORD).headers["retry-after"]) > 0


def test_roles_are_kept_apart(anyone):
    token = anyone.station.accounts.create_token("line", OPERATOR)[1]
    headers = {"authorization": f"Bearer {token}"}
    frame = anyone.post(
        "/api/v1/devices/line-1/frames", content=picture(), headers=headers
    )
    assert frame.status_code == 201
    for method, path, body in (
        ("POST", "/api/v1/devices", {"name": "x"}),
        ("DELETE", "/api/v1/devices/line-1", None),
        ("PUT", "/api/v1/rules/warnings", {"text": "rules: []"}),
        ("GET", "/api/v1/users", None),
        ("POST", "/api/v1/tokens", {"name": "x"}),
    ):
        answer = anyone.request(method, path, json=body, headers=headers)
        assert answer.status_code == 403, path


def test_an_engineer_manages_accounts(anyone):
    log_in(anyone)
    body = {"name": "cy", "password": PASSWORD, "role": "operator"}
    assert anyone.post("/api/v1/users", json=body).status_code == 204
    names = [user["name"] for user in anyone.get("/api/v1/users").json()]
    assert names == ["ada", "bob", "cy"]
    assert "hash" not in anyone.get("/api/v1/users").text
    assert anyone.delete("/api/v1/users/cy").status_code == 204
    assert anyone.delete("/api/v1/users/ada").status_code == 409
    assert anyone.delete("/api/v1/users/nobody").status_code == 404
    made = anyone.post("/api/v1/tokens", json={"name": "p", "role": "engineer"}).json()
    headers = {"authorization": f"Bearer {made['token']}"}
    anyone.cookies.clear()
    assert anyone.get("/api/v1/users", headers=headers).status_code == 200
    answer = anyone.delete(f"/api/v1/tokens/{made['id']}", headers=headers)
    assert answer.status_code == 204
    assert anyone.get("/api/v1/users", headers=headers).status_code == 401


def test_another_site_cannot_post(anyone):
    log_in(anyone)
    for origin in (
        "http://evil.example",
        "null",
        "http://[bad",
        "http://station.plant",
    ):
        answer = anyone.post(
            "/api/v1/shifts", json={"name": "x"}, headers={"origin": origin}
        )
        assert answer.status_code == 403, origin
    own = {"origin": "http://station.plant:8080"}
    answer = anyone.post("/api/v1/shifts", json={"name": "x"}, headers=own)
    assert answer.status_code == 201


def test_bodies_beyond_the_limit_are_refused(anyone):
    log_in(anyone)
    path = "/api/v1/devices/line-1/frames"
    assert anyone.post(path, content=bytes(300_000)).status_code == 413

    def chunks():
        for _ in range(30):
            yield bytes(10_000)

    assert anyone.post(path, content=chunks()).status_code == 413
    big = {"name": "x" * 2_000_000}
    assert anyone.post("/api/v1/shifts", json=big).status_code == 413


def test_every_answer_carries_the_security_headers(anyone):
    for path in ("/login", "/api/v1/health", "/api/v1/status", "/static/station.css"):
        headers = anyone.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'self'" in headers["content-security-policy"]
    assert anyone.get("/api/v1/health").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2fapp.py",
        "/api/v1/reports/..%2f..%2fsecret.key",
        "/api/v1/frames/..%2f1/image",
    ],
)
def test_no_path_leads_out(anyone, path):
    log_in(anyone)
    assert anyone.get(path).status_code in (404, 422)


def test_the_network_needs_a_user(make_station):
    with pytest.raises(InputError, match="needs a password"):
        make_station(host="0.0.0.0")


def test_a_local_station_serves_its_own_names_only(client):
    for host, code in (
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:8080", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
        ("[bad", 421),
    ):
        answer = client.get("/api/v1/status", headers={"host": host})
        assert answer.status_code == code, host


def test_a_local_station_with_users_asks_for_the_password(make_station):
    station = make_station(start=False)
    assert not station.asks_for_password
    station.accounts.put_user("ada", PASSWORD, ENGINEER)
    assert station.asks_for_password
    station.store.close()
