"""Where all rows come from."""

from .. import sources
from ..tables import table
from . import query


@query
def sources_table(results):
    """List every raw file, or pattern of them, with all that is known of it."""
    found = {}
    for name in sources.raw_files(results):
        source = sources.source_of(results, name)
        found.setdefault(source.file, source)
    lines = [
        [
            f"`{file}`",
            source.protocol,
            source.split,
            source.seeds,
            source.machine or "not recorded",
            source.commit or "not recorded",
            f"`{source.command}`" if source.command else "not recorded",
        ]
        for file, source in sorted(found.items())
    ]
    titles = ["rows", "protocol", "split", "seeds", "machine", "commit", "command"]
    return table(titles, lines)
