"""Fill the paragraphs of a page anew, once numbers have taken the place of queries."""

import re
import textwrap

WIDTH = 92
# Tables, headings, pictures, comments, directives: as they are.
KEPT = re.compile(r"[|#]|!\[|<!--|:::|\$\$|    ")
ITEM = re.compile(r"- |\d+\. ")
BEGINNING = re.compile(r"(?<=\S) (?:[-+*#|]|\d+[.)]) ")
CODE = re.compile(r"`[^`]+`")
BOUND = "\0"


def filled(text):
    """Return Markdown whose paragraphs and items have lines of one width."""
    done, block, fenced = [], [], False
    for line in [*text.split("\n"), ""]:
        fence = line.lstrip().startswith("```")
        if not (fence or fenced or not line.strip() or KEPT.match(line)):
            if ITEM.match(line):
                done += _filled(block)
                block = []
            block.append(line)
            continue
        done += _filled(block)
        block = []
        done.append(line)
        fenced ^= fence
    return "\n".join(done[:-1])


def _filled(lines):
    if not lines:
        return []
    item = ITEM.match(lines[0])
    indent = " " * len(item.group()) if item else ""
    text = " ".join(line.strip() for line in lines)
    # What begins a list, a heading or a table must not come to begin a line.
    text = BEGINNING.sub(lambda found: found.group().replace(" ", BOUND), text)
    text = CODE.sub(lambda found: found.group().replace(" ", BOUND), text)
    filled = textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(BOUND, " ") for line in filled]
