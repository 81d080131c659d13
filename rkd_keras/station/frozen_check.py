"""A frozen camera sends the picture before once more."""

from rkd_keras.measure.grade import INVALID
from rkd_keras.rating.quality import FROZEN

# No two pictures of a camera are alike in every pixel; files are, when they are played
# again, and people may load a picture twice.
KINDS = ("posted", "camera", "stream")


class FrozenCheck:
    """Knows each device's last picture.

    Example:
        >>> from types import SimpleNamespace
        >>> device = SimpleNamespace(id="line-1", source={"kind": "posted"})
        >>> reply = {"decision": "accept", "fault": None, "picture": b"1"}
        >>> check = FrozenCheck()
        >>> check(device, reply)["decision"], check(device, reply)["decision"]
        ('accept', 'invalid')
    """

    def __init__(self):
        self._last = {}

    def __call__(self, device, reply, frame_key=None):
        """Return the reply, or what it becomes when the picture is the one before.

        Args:
            device: a `Device`.
            reply: what `FrameAnalyzer` returned; without the digest `picture` nothing
                is looked for.
            frame_key: the client's own name for the frame; under the same name it is
                the same frame, posted again.

        Returns:
            The reply; of a frozen picture one that is invalid and has no defects.
        """
        picture = reply.get("picture")
        if picture is None or device.source["kind"] not in KINDS:
            return reply
        before, key = self._last.get(device.id, (None, None))
        self._last[device.id] = picture, frame_key
        again = frame_key is not None and frame_key == key
        if picture != before or again or reply["fault"] is not None:
            return reply
        return {**reply, "decision": INVALID, "fault": FROZEN, "defects": []}

    def forget(self, device):
        """Forget a device's last picture, which was not stored."""
        self._last.pop(device.id, None)
