"""Write the pages of results from the rows under docs/results.

    python docs/make_results.py            # what is no longer true is written anew
    python docs/make_results.py --check    # it is named, and the command fails

How to add a table is told in docs/contributing.md.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from _pages.render import Pages  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    args = parser.parse_args()
    pages = Pages()
    found = pages.stale() if args.check else pages.write()
    for name in found:
        print(f"{name} {'differs from its rows' if args.check else 'written'}")
    if args.check and found:
        raise SystemExit("run: make results")


if __name__ == "__main__":
    main()
