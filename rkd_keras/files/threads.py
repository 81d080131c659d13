"""Do a thing to many files by a few threads, in memory that does not grow with them."""

from concurrent.futures import ThreadPoolExecutor

# Calls that wait at a time: a waiting call takes about a kilobyte.
AT_ONCE = 1024


def in_threads(function, *several):
    """Call a function for each of many things, by two threads.

    Args:
        function: what is called; reading and decoding let the other thread go on.
        *several: sequences of one length, whose items it is given.

    Yields:
        What it returns, in order.

    Example:
        >>> list(in_threads(pow, [2, 3], [3, 2]))
        [8, 9]
    """
    with ThreadPoolExecutor(2) as pool:
        for begin in range(0, len(several[0]), AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            yield from pool.map(function, *(each[part] for each in several))
