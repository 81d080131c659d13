"""The plan of an archive's rating: what it was begun with, so that it can go on."""

import json

from rkd_keras.errors import InputError

PLAN = "plan.json"
SUMMARY = "summary.json"
# Their digests are what counts.
_HIDDEN = ("rules", "rules_source", "model")


def begin(out, settings, units, resume, overwrite):
    """Write the plan, or compare with the one that is there.

    Args:
        out: folder of the scores.
        settings: dict, see `UnitRater`, with the digests of model and rules.
        units: list of `Unit`.
        resume: whether to go on with what is there.
        overwrite: whether to replace it.

    Raises:
        InputError: when there is nothing to go on with, something that may not be
            replaced, or another plan.
    """
    from rkd_keras.files.results import check_targets, make_folder
    from rkd_keras.rating.archive.table import clear_parts

    path = out / PLAN
    plan = {
        "settings": {k: v for k, v in settings.items() if k not in _HIDDEN},
        "model": settings["model"],
        "units": [[unit.images, unit.digest] for unit in units],
    }
    if not path.exists():
        if resume:
            raise InputError(f"{out} holds no scores to continue; leave out --resume")
        check_targets([path, out / SUMMARY], [], overwrite)
    elif resume:
        _compare(path, plan)
        clear_parts(out, unfinished_only=True)
        return
    elif not overwrite:
        raise InputError(
            f"{out} holds scores already; continue them with --resume or replace "
            "them with --overwrite"
        )
    make_folder(out)
    clear_parts(out, unfinished_only=False)
    (out / SUMMARY).unlink(missing_ok=True)
    write_json(path, plan)


def _compare(path, plan):
    try:
        earlier = json.loads(path.read_text(encoding="utf-8"))
        before, now = earlier["settings"], plan["settings"]
        same_units = earlier["units"] == plan["units"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged; begin again with --overwrite") from error
    other = [name for name in now if before.get(name) != now[name]]
    if other:
        raise InputError(
            f"the scores in {path.parent} were begun with another "
            f"{', '.join(other)}; give the same, or begin again with --overwrite"
        )
    if not same_units:
        raise InputError(
            f"the archive is not the one that the scores in {path.parent} were begun "
            "with; begin again with --overwrite"
        )


def write_json(path, content):
    """Write a dict as JSON, whole or not at all."""
    from rkd_keras.files.replacing import replacing

    with replacing(path) as temporary:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
