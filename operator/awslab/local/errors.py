"""The one error of the local world: a sentence that says what is wrong and what to do."""


class LocalWorldError(Exception):
    """Something a person has to act on; its text is shown as it is, without a traceback."""


class UnavailableError(LocalWorldError):
    """One source of binaries has nothing for us; the next one is asked."""
