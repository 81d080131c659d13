"""`rkd-keras serve`: the rating station, a web page for the plant's network."""

from rkd_keras.cli.command import command
from rkd_keras.station.serving import serve


def show(made):
    """Print which accounts were added; a served station has said all itself.

    Args:
        made: a `MadeAccounts`, or `None`.
    """
    if made is None:
        return
    if made.user:
        print(f"User {made.user} with the role {made.role} may log in.")
    if made.token:
        print(
            f"API token {made.token} with the role {made.role}; it is not shown again:"
        )
        print(made.secret)


serve = command(serve, show, "rkd-keras serve --source path/to/strips")
