"""The one exception that a user is meant to read."""


class UserError(Exception):
    """Bad input or a missing outside part. The message is one sentence that names the thing and the fix.

    Command lines print it and exit with code 2, without a traceback.
    """
