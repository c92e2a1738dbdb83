"""The errors that checks of 2014 to 2018 may catch: `from libtaskotron.exceptions import TaskotronError`."""


class TaskotronError(Exception):
    """Raised when anything of this package fails; all others are of this kind."""


class TaskotronValueError(TaskotronError, ValueError):
    """Raised when a value given to this package cannot be."""
