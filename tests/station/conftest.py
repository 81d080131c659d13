import pytest

pytest.importorskip("fastapi", reason="needs rkd-keras[station]")
pytest.importorskip("nicegui", reason="needs rkd-keras[station]")

from fastapi.testclient import TestClient  # noqa: E402
from postgres_server import PostgresServer, find_binaries  # noqa: E402
from station_fakes import LocalPool, make_fake_analyzer, simulate  # noqa: E402

from rkd_keras.station import StationConfig  # noqa: E402
from rkd_keras.station.app import create_app  # noqa: E402
from rkd_keras.station.station import Station  # noqa: E402
from rkd_keras.station.store import Store, devices, now_ms  # noqa: E402


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of our own."""
    pytest.importorskip("psycopg", reason="needs rkd-keras[postgres]")
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("needs PostgreSQL's server: apt-get install postgresql")
    server = PostgresServer(binaries)
    yield server
    server.remove()


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/station.db")
    yield store
    store.close()


@pytest.fixture
def line_1(store):
    """A device in the store."""
    row = {
        "id": "line-1",
        "name": "Line 1",
        "station": "here",
        "source": {"kind": "posted"},
        "settings": {},
        "enabled": True,
        "created_ms": now_ms(),
    }
    store.write(lambda c: devices.insert(c, row))
    return "line-1"


@pytest.fixture
def make_station(tmp_path):
    """Make stations on the fake analyzer; each is closed at the end."""
    made = []

    def make(start=True, analyzer=make_fake_analyzer, simulate=simulate, **settings):
        settings.setdefault("min_free_bytes", 0)
        settings.setdefault("data_dir", tmp_path / "data")
        config = StationConfig(**settings)
        station = Station(config, analyzer, simulate=simulate)
        made.append(station)
        if start:
            station.start()
        return station

    yield make
    for station in made:
        station.close()


@pytest.fixture
def client(make_station, monkeypatch):
    """An API client on a local station with one posted device."""
    monkeypatch.setattr("rkd_keras.station.station.InferencePool", LocalPool)
    station = make_station(start=False)
    app = create_app(station, pages=False)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.station = station
        client.post("/api/v1/devices", json={"name": "Line 1"}).raise_for_status()
        yield client
