"""Results as MQTT messages, for those who have a broker."""

import json
import logging
from urllib.parse import unquote, urlsplit

from rkd_keras.errors import InputError
from rkd_keras.station.device_view import public_address

_LOG = logging.getLogger(__name__)

MAX_WAITING = 10_000


class MqttPublisher:
    """Publishes each stored frame under `<prefix>/<device>/verdict`, QoS 1.

    The connection is kept by a thread of the client library, which reconnects by
    itself; while the broker is away up to 10,000 messages wait, then new ones are
    dropped. The store stays the record of truth.

    Args:
        url: `mqtt://[user:password@]host[:port][/prefix]`, or `mqtts://`. What
            divides an address is written in a password as `%2F` for `/`, `%40` for `@`
            and so on. The prefix defaults to `rkd-keras`.

    Raises:
        InputError: when the address cannot be read, or paho-mqtt is not installed.
    """

    def __init__(self, url):
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts = None
        if not parts or parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise InputError(
                "the MQTT address must be mqtt://host[:port][/prefix]. "
                f"Received: {public_address(url)!r:.80}"
            )
        # The rest of a password would be published as a part of every topic.
        if "@" in f"{parts.path}{parts.query}{parts.fragment}":
            raise InputError(
                "the MQTT address has an @ behind its host; in a password write / as "
                f"%2F, ? as %3F, # as %23 and @ as %40. Received: "
                f"{public_address(url)!r:.80}"
            )
        try:
            from paho.mqtt import client as mqtt
        except ImportError as error:
            raise InputError(
                'MQTT messages need paho-mqtt: pip install "rkd-keras[mqtt]"'
            ) from error
        self.prefix = parts.path.strip("/") or "rkd-keras"
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.max_queued_messages_set(MAX_WAITING)
        if parts.username:
            password = None if parts.password is None else unquote(parts.password)
            self._client.username_pw_set(unquote(parts.username), password)
        if parts.scheme == "mqtts":
            self._client.tls_set()
        port = port or (8883 if parts.scheme == "mqtts" else 1883)
        self._client.connect_async(parts.hostname, port)
        self._client.loop_start()

    def publish(self, device_id, message):
        """Publish a result without waiting.

        Args:
            device_id: the device.
            message: dict that JSON can hold.
        """
        topic = f"{self.prefix}/{device_id}/verdict"
        try:
            self._client.publish(topic, json.dumps(message), qos=1)
        except (ValueError, RuntimeError) as error:
            _LOG.warning("a result was not published: %s", error)

    def close(self):
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()
