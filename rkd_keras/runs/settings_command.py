"""Settings as the command that trains with them."""

import json
import shlex

# What a command tells whatever its value, and what is no part of a training.
ASKED = {"data", "out", "model"}
LEFT_OUT = {"resume", "overwrite", "strict", "quiet", "model_options"}


def command_of(settings, data=None, only_distill=()):
    """Write the command that trains with some settings.

    Args:
        settings: a `Settings`.
        data: what to write for the data set. Defaults to `None`: its path.
        only_distill: names of the settings that `train` does not have.

    Returns:
        Text, options at their defaults left out.
    """
    name = "distill" if settings.teacher else "train"
    words = ["rkd-keras", name]
    plain = type(settings)(data="", out="")
    skipped = LEFT_OUT if settings.teacher else LEFT_OUT | set(only_distill)
    values = {**settings.to_config(), **({"data": data} if data else {})}
    for name in (*sorted(ASKED), *(n for n in values if n not in ASKED)):
        value = values[name]
        if name in skipped or value is None:
            continue
        if name not in ASKED and value == getattr(plain, name):
            continue
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{flag[2:]}")
        else:
            words += [flag, str(value)]
    for name, value in settings.model_options.items():
        if name in ("width", "stem_stride"):
            words += [f"--{name.replace('_', '-')}", str(value)]
        else:
            value = json.dumps(value) if isinstance(value, list) else value
            words += ["--model-option", f"{name}={value}".replace(" ", "")]
    return shlex.join(words)
