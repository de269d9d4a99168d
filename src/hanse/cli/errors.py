"""Errors of the command line itself."""

from __future__ import annotations

from hanse.core.errors import AuthenticationError, InputError


class BadUsage(InputError):
    """The command line does not parse."""

    code = "cli.bad_usage"
    help = "Add --help to the command to see its arguments and examples."


class NoNodeChosen(InputError):
    """No address is known."""

    code = "cli.no_node_chosen"
    help = "Say which node: hanse login URL, or --url, or HANSE_URL."


class NotLoggedIn(AuthenticationError):
    """No token is known for this node."""

    code = "cli.not_logged_in"
    help = "Log in: hanse login URL --user NAME; programs set HANSE_TOKEN."


class ConfirmationNeeded(InputError):
    """A destructive command was called without a terminal to ask at."""

    code = "cli.confirmation_needed"
    help = "Add --yes if you mean it."


class Declined(InputError):
    """The question was answered with no."""

    code = "cli.declined"
    help = "Nothing was done."


class BadProfileFile(InputError):
    """The profile file cannot be used."""

    code = "cli.bad_profile_file"
    help = "Correct or delete the file and log in again: hanse login URL."


class ProfileFileExposed(InputError):
    """Others on this machine could read the tokens in the profile file."""

    code = "cli.profile_file_exposed"
    help = "Run chmod 600 on the file; tokens in it may have been read, so log in again."


class BadOption(InputError):
    """The value of an option has the wrong form."""

    code = "cli.bad_option"
    help = "Correct the option named; --help shows its form."
