"""Render the templates into pages, and write or compare them."""

import functools
import json
import re
from pathlib import Path

import jinja2

from rkd_keras.files.replacing import replacing

from . import figures, numbers, sources, tables
from .prose import filled
from .queries import load_queries
from .rows import Results

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "docs" / "templates"
PART = re.compile(
    r"(<!-- rows: ([\w/]+) -->\n)(.*?)(<!-- end of rows -->)", re.MULTILINE | re.DOTALL
)
HEAD = '<!-- Written by "make results" from docs/templates/{}: edit that file. -->\n'
# What templates may call besides the queries.
TOOLS = (
    *(numbers.mean_sd, numbers.mean, numbers.percent, numbers.interval),
    *(numbers.wilson, numbers.difference, numbers.spoken, numbers.geometric_recall),
    *(tables.table, tables.best),
)


def claim(condition):
    """Fail where what a page says in words is no longer what the rows say."""
    if not condition:
        raise ValueError(
            "a claim of this page is no longer true; change the words that follow it"
        )
    return ""


class Pages:
    """All that is written from rows.

    Args:
        root: folder of the repository that is written to and compared.
        results: folder of the raw files. Defaults to that of the root.
    """

    def __init__(self, root=ROOT, results=None):
        self.root = Path(root)
        self.results = Results(results or self.root / "docs" / "results")
        self._environment = self._make_environment()

    def _make_environment(self):
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            undefined=jinja2.StrictUndefined,
            extensions=["jinja2.ext.do"],
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {tool.__name__: tool for tool in TOOLS}
        environment.globals |= {
            name: functools.partial(query, self.results)
            for name, query in load_queries().items()
        }
        environment.globals |= {
            "claim": claim,
            "rows": self.results.read,
            "exists": self.results.exists,
            "source": self._source,
            "sources": lambda: sources.catalogue(self.results),
        }
        return environment

    def rendered(self):
        """Return a dict from the path of each page to its text."""
        pages = {}
        for file in sorted((TEMPLATES / "pages").rglob("*.md.j2")):
            name = file.relative_to(TEMPLATES)
            path = self.root / "docs" / file.relative_to(TEMPLATES / "pages")
            path = path.with_name(path.name.removesuffix(".j2"))
            pages[path] = HEAD.format(name) + self._render(str(name))
        for file in sorted((self.root / "docs" / "model_cards").glob("*.json")):
            card = json.loads(file.read_text(encoding="utf-8"))
            text = self._render("model_card.md.j2", card=card)
            pages[file.with_suffix(".md")] = HEAD.format("model_card.md.j2") + text
        for file in self._written_by_hand(pages):
            text = file.read_text(encoding="utf-8")
            if PART.search(text):
                pages[file] = PART.sub(self._part, text)
        return pages

    def _render(self, name, **values):
        return filled(self._environment.get_template(name).render(**values))

    def _written_by_hand(self, written):
        docs = self.root / "docs"
        found = [*docs.glob("*.md"), *docs.glob("guides/*.md")]
        return [self.root / "README.md", *sorted(set(found) - set(written))]

    def _part(self, match):
        begin, name, _, end = match.groups()
        return f"{begin}\n{self._render(f'parts/{name}.md.j2').strip()}\n\n{end}"

    def _source(self, *names, links="results/"):
        """Write what made the rows of a table, to stand under it."""
        told = []
        for name in names:
            source = sources.source_of(self.results, name)
            words = [f"[{name}]({links}{name})"]
            if source.split:
                words.append(f"split {source.split}")
            if source.seeds:
                words.append(f"seeds {source.seeds}")
            words.append(source.machine or "machine not recorded")
            words.append(f"commit {source.commit or 'not recorded'}")
            if source.note:
                words.append(source.note)
            told.append("; ".join(words))
        return f"*Rows: {'. '.join(told)}.*"

    def stale(self):
        """Return the names of pages and figures that are not what the rows say."""
        found = [
            str(path.relative_to(self.root))
            for path, text in self.rendered().items()
            if not path.is_file() or path.read_text(encoding="utf-8") != text
        ]
        for path in self._figures():
            if figures.recorded(self.results.root / path) != figures.digest(
                self.results, path
            ):
                found.append(f"docs/results/{path}")
        return found

    def write(self):
        """Write what is stale; return the names."""
        stale = self.stale()
        for path, text in self.rendered().items():
            if str(path.relative_to(self.root)) in stale:
                path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(path) as temporary:
                    temporary.write_text(text, encoding="utf-8")
        for path in self._figures():
            if f"docs/results/{path}" in stale:
                figures.write(self.results.root, path)
        return stale

    def _figures(self):
        return [
            path for path in figures.FIGURES if figures.drawable(self.results, path)
        ]
