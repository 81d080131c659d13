"""No request, valid or not by the OpenAPI schema, may be answered with a 5xx."""

import contextlib
import threading

import pytest
from station_helpers import wait_until

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")

# They start child processes for every call and are tested by themselves.
_LONG = r"^/api/v1/(reports|reviews/export|evaluations|frames/\{frame_id\}/views.*)$"


@pytest.fixture
def url(client, monkeypatch):
    """The address of a real server on a station that starts no cameras."""
    import uvicorn

    monkeypatch.setattr(type(client.station.devices), "_run", lambda *_: None)
    config = uvicorn.Config(client.app, port=0, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_api_never_fails(url):
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    failed, codes = {}, {}
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 30
    for operation in schema.exclude(path_regex=_LONG).get_all_operations():
        operation = operation.ok()

        def send(case):
            answer = case.call()
            codes[answer.status_code] = codes.get(answer.status_code, 0) + 1
            if answer.status_code >= 500:
                failed[case.operation.label] = case.as_curl_command()

        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            few = settings(
                max_examples=8,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            )
            # What takes no parameters cannot be called wrongly.
            with contextlib.suppress(Unsatisfiable):
                few(given(case=operation.as_strategy(mode))(send))()
    assert failed == {}
    assert codes.get(422) and (codes.get(200) or codes.get(201))
