"""Directives that list all public names and all commands, each with its first line."""

import importlib
import inspect

from sphinx.util.docutils import SphinxDirective

ROOMS = (
    ("rkd_keras.data", "reading, splitting, augmenting"),
    ("rkd_keras.data.synthetic", "drawn strips"),
    ("rkd_keras.layers", "layers, in keras.ops"),
    ("rkd_keras.models", "networks"),
    ("rkd_keras.losses", "losses"),
    ("rkd_keras.metrics", "metrics"),
    ("rkd_keras.trainers", "training"),
    ("rkd_keras.evaluate", "scores, figures, reports"),
    ("rkd_keras.explain", "where a network looks"),
    ("rkd_keras.measure", "segmentation, shape, grades"),
    ("rkd_keras.export", "files for the line"),
    ("rkd_keras.export.timing", "how fast they are"),
    ("rkd_keras.predict", "running these files"),
    ("rkd_keras.rating", "verdict, measurement and grade"),
    ("rkd_keras.runs", "a training, its folder, its report"),
    ("rkd_keras.studies", "comparisons"),
    ("rkd_keras.studies.migrate", "samples from one line to another"),
    ("rkd_keras.station", "the rating station"),
)


class AllNames(SphinxDirective):
    """Write a table for each room: its public names and what each is."""

    def run(self):
        lines = []
        for module, purpose in ROOMS:
            room = importlib.import_module(module)
            lines += [f"### `{module}`", "", f"{purpose.capitalize()}.", ""]
            lines += ["| name | what it is |", "|---|---|"]
            for name in sorted(room.__all__, key=str.lower):
                lines.append(f"| {_link(room, name)} | {_summary(room, name)} |")
            lines.append("")
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


class AllCommands(SphinxDirective):
    """Write one table of the commands and what each does."""

    def run(self):
        import typer
        from typer.main import get_command

        from rkd_keras.cli.app import app

        context = typer.Context(get_command(app), info_name="rkd-keras")
        lines = ["| command | what it does |", "|---|---|"]
        lines += [f"| `{path}` | {text} |" for path, text in _commands(context)]
        return self.parse_text_to_nodes("\n".join(lines))


def _commands(context):
    for name in context.command.list_commands(context):
        command = context.command.commands[name]
        inner = type(context)(command, parent=context, info_name=name)
        if hasattr(command, "commands"):
            yield from _commands(inner)
        else:
            text = (command.help or "").partition("\n\n")[0]
            yield inner.command_path, " ".join(text.split())


def _link(room, name):
    if not callable(getattr(room, name)):
        return f"`{name}`"
    role = "class" if inspect.isclass(getattr(room, name)) else "func"
    return f"{{py:{role}}}`{name} <{room.__name__}.{name}>`"


def _summary(room, name):
    thing = getattr(room, name)
    if not callable(thing) and not inspect.ismodule(thing):
        shown = ", ".join(f"`{key}`" for key in thing)
        return shown if len(shown) < 400 else "a table"
    text = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    return text.replace("|", r"\|")


def setup(app):
    app.add_directive("all-names", AllNames)
    app.add_directive("all-commands", AllCommands)
    return {"version": "1", "parallel_read_safe": True}
