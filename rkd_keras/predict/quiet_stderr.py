"""Hold back what native libraries write to standard error."""

import contextlib
import os
import sys
import tempfile


@contextlib.contextmanager
def quiet_stderr():
    """Drop what the block writes to standard error, unless it fails.

    TensorFlow's converter and the runtimes report their progress there from
    native code, whatever the log level is.
    """
    from rkd_keras.errors import InputError

    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except InputError:
            raise
        except BaseException:
            sys.stderr.flush()
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
