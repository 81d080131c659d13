import json
import socket
import struct
import threading

import pytest
from station_helpers import wait_until

from rkd_keras.errors import InputError

pytest.importorskip("paho.mqtt", reason="needs rkd-keras[mqtt]")

from rkd_keras.station.mqtt_publisher import MqttPublisher  # noqa: E402


class Broker:
    """As much of MQTT 3.1.1 as a publisher of QoS 1 needs."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.messages = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        connection, _ = self.server.accept()
        self.server.close()
        with connection, connection.makefile("rb") as stream:
            while head := stream.read(1):
                body = stream.read(self._length(stream))
                kind = head[0] >> 4
                if kind == 1:
                    connection.sendall(b"\x20\x02\x00\x00")
                elif kind == 3:
                    size = struct.unpack(">H", body[:2])[0]
                    topic = body[2 : 2 + size].decode()
                    number = body[2 + size : 4 + size]
                    qos = head[0] >> 1 & 3
                    self.messages.append((topic, qos, json.loads(body[4 + size :])))
                    connection.sendall(b"\x40\x02" + number)
                elif kind == 12:
                    connection.sendall(b"\xd0\x00")
                elif kind == 14:
                    return

    @staticmethod
    def _length(stream):
        total, shift = 0, 0
        while True:
            byte = stream.read(1)[0]
            total |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return total


def test_results_arrive_at_a_broker():
    broker = Broker()
    publisher = MqttPublisher(f"mqtt://127.0.0.1:{broker.port}/plant/steel")
    publisher.publish("line-1", {"id": 7, "label": "scratches"})
    wait_until(lambda: broker.messages)
    publisher.close()
    assert broker.messages == [
        ("plant/steel/line-1/verdict", 1, {"id": 7, "label": "scratches"})
    ]


def test_a_broker_that_is_away_stops_nothing():
    publisher = MqttPublisher("mqtt://127.0.0.1:9/x")
    for number in range(100):
        publisher.publish("line-1", {"id": number})
    publisher.close()


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "nonsense"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(InputError, match="mqtt://host"):
        MqttPublisher(url)
