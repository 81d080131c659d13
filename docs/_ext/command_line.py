"""A directive that documents every command from the Typer application itself."""

from pathlib import Path

from sphinx.util.docutils import SphinxDirective


class CommandLine(SphinxDirective):
    """Write a section for each command: what it does, its arguments and options."""

    def run(self):
        import typer
        from typer.main import get_command

        from rkd_keras.cli.app import app

        context = typer.Context(get_command(app), info_name="rkd-keras")
        text = "\n".join(_describe(context))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _describe(context):
    for name in context.command.list_commands(context):
        command = context.command.commands[name]
        inner = type(context)(command, parent=context, info_name=name)
        if hasattr(command, "commands"):
            yield from _describe(inner)
            continue
        yield f"## {inner.command_path}"
        yield ""
        yield from _help(command)
        yield "```"
        yield " ".join([inner.command_path, *command.collect_usage_pieces(inner)])
        yield "```"
        yield ""
        for parameter in command.params:
            yield from _parameter(parameter)


def _help(command):
    body, _, example = (command.help or "").partition("Example:")
    yield body.strip()
    yield ""
    if example:
        yield "```"
        yield " ".join(example.split())
        yield "```"
        yield ""


def _parameter(parameter):
    names = [*parameter.opts, *parameter.secondary_opts]
    is_argument = parameter.param_type_name == "argument"
    text, default = parameter.help or "", parameter.default
    if not is_argument and parameter.required:
        text += " Required."
    elif isinstance(default, str | int | float | Path) and default not in (False, ""):
        text += f" Defaults to `{default}`."
    yield f"`{', '.join(n.upper() if is_argument else n for n in names)}`"
    yield f": {text or '(no help)'}"
    yield ""


def setup(app):
    app.add_directive("command-line", CommandLine)
    return {"version": "1", "parallel_read_safe": True}
