"""What is said of one image that came in, as a line for another program."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rkd_keras.files.names import printable
from rkd_keras.predict.verdict import Verdict


@dataclass(frozen=True)
class Answer:
    """What is said of one image that came in: a verdict, or why there is none.

    Attributes:
        file: path of the image, or `None` for one that was sent as bytes.
        verdict: a `Verdict`, or `None`.
        error: one sentence, or `None`.
        about: dict of what else the line says: `request`, the number of a request;
            `bytes` and `modified_ns`, the size and time of a file that arrived.

    Example:
        >>> answer = Answer(Path("strip.png"), error="strip.png cannot be decoded")
        >>> print(answer.to_json())
        {"file": "strip.png", "error": "strip.png cannot be decoded"}
    """

    file: Path | None
    verdict: Verdict | None = None
    error: str | None = None
    about: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write the answer as one line of JSON, in ASCII and without line break.

        Returns:
            An object with `file`, what `about` holds, and either `error` or the
            attributes of the `Verdict`.
        """
        file = None if self.file is None else printable(self.file)
        line = {"file": file, **self.about}
        if self.verdict is None:
            line["error"] = printable(self.error)
        else:
            line |= asdict(self.verdict)
        return json.dumps(line)
