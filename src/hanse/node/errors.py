"""Named errors of the node."""

from __future__ import annotations

from hanse.core.errors import (
    AuthenticationError,
    AuthorizationError,
    ConflictError,
    InputError,
    NotFoundError,
    RateLimitError,
    UnavailableError,
    VerificationError,
)


class BadSettings(InputError):
    """The settings file or the environment holds a value that cannot be used."""

    code = "node.bad_settings"
    help = "Correct hanse.toml in the node's home, or the HANSE_* variable named."


class BadValidator(InputError):
    """The file does not describe a validator."""

    code = "node.bad_validator"
    help = "Use the file that `hanse node validator --output` wrote at that organisation."


class NoEngine(ConflictError):
    """This node was not prepared to take part in ordering."""

    code = "node.no_engine"
    help = "Run `hanse node validator --home HOME --port PORT` before, or follow another node."


class OneOrderer(ConflictError):
    """The network this home belongs to is ordered by its operator's node alone."""

    code = "node.one_orderer"
    help = "Members order together only where the operator ran `hanse node validator` first."


class HomeExists(ConflictError):
    """The directory holds a node already."""

    code = "node.home_exists"
    help = "Choose an empty directory, or use the node that is there."


class NotAHome(NotFoundError):
    """The directory holds no node."""

    code = "node.not_a_home"
    help = "Run `hanse node init --home DIR` first."


class HomeInUse(ConflictError):
    """Another process has this home open."""

    code = "node.home_in_use"
    help = "Stop the process named, or use another home."


class NoPassphrase(AuthenticationError):
    """The keystore's passphrase is neither in the environment nor in its file."""

    code = "node.no_passphrase"
    help = "Set HANSE_PASSPHRASE or put the passphrase in secrets/passphrase (mode 0600)."


class UnsafeFileMode(AuthenticationError):
    """A secret file can be read by others."""

    code = "node.unsafe_file_mode"
    help = "Run chmod 600 on the file named."


class NetworkExists(ConflictError):
    """The home belongs to a network already."""

    code = "node.network_exists"
    help = "One home is one node of one network; make another home."


class NoNetwork(ConflictError):
    """The home belongs to no network yet."""

    code = "node.no_network"
    help = "Run `hanse network create` (operator) or `hanse node join` (member) first."


class NotOperator(AuthorizationError):
    """Only the operator's node can do this."""

    code = "node.not_operator"
    help = "Ask the operator of the network."


class AlienGenesis(VerificationError):
    """A peer's genesis differs from ours."""

    code = "node.alien_genesis"
    help = "Compare the genesis files; the nodes belong to different networks."


class BodyTooLarge(InputError):
    """The request body exceeds the limit."""

    code = "node.body_too_large"
    status = 413
    help = "Send less, or have the administrator raise http.max_body_bytes."


class NoSuchRoute(NotFoundError):
    """No operation stands under this path and method."""

    code = "node.no_such_route"
    help = "Look at /openapi.json for the operations of this node."


class TooManyRequests(RateLimitError):
    """The caller used up its calls of this time window."""

    code = "node.too_many_requests"


class NotLoggedIn(AuthenticationError):
    """The request carries no valid session or token."""

    code = "node.not_logged_in"
    help = "Log in (POST /v1/session) and send the token as Authorization: Bearer."


class WrongPassword(AuthenticationError):
    """User name and password do not match."""

    code = "node.wrong_password"
    help = "Check both; after several failures the account is locked for a while."


class AccountLocked(RateLimitError):
    """Too many failed logins."""

    code = "node.account_locked"
    help = "Wait until the lock ends, or have an administrator reset the password."


class PasswordChangeRequired(AuthorizationError):
    """The password was set by somebody else and must be changed first."""

    code = "node.password_change_required"
    help = "Change the password (PUT /v1/users/{name}/password), then go on."


class WeakPassword(InputError):
    """The password does not meet the rules."""

    code = "node.weak_password"
    help = "Use 10 to 256 characters, not the user name, not a common password."


class BadUserName(InputError):
    """The user name is malformed."""

    code = "node.bad_user_name"
    help = "Use 1 to 64 letters, digits, '.', '@', '_' or '-'."


class NoSuchUser(NotFoundError):
    """No user by that name."""

    code = "node.no_such_user"


class UserExists(ConflictError):
    """The user name is taken."""

    code = "node.user_exists"
    help = "Choose another name."


class LastAdmin(ConflictError):
    """The action would leave the node without an active administrator."""

    code = "node.last_admin"
    help = "Make another user administrator first."


class BadRole(InputError):
    """No such role."""

    code = "node.bad_role"
    help = "Roles are admin, steward, analyst and auditor."


class NoSuchToken(NotFoundError):
    """No token by that id belongs to the caller."""

    code = "node.no_such_token"


class NotPermitted(AuthorizationError):
    """The caller's roles do not include this operation."""

    code = "node.not_permitted"
    help = "An administrator can give you a role that includes the operation."


class NotPeer(AuthenticationError):
    """The caller did not prove to be a member's node."""

    code = "node.not_peer"
    help = "Prove control of the DID (POST /v1/challenges) and send the token received."


class AuditUnavailable(UnavailableError):
    """The audit log cannot be written, so nothing may be done."""

    code = "node.audit_unavailable"
    help = "Free disk space or repair the database; the node refuses actions it cannot log."


class AuditBroken(VerificationError):
    """The audit log was altered."""

    code = "node.audit_broken"
    help = "Restore the database from a backup and compare with the heads on the ledger."

    def __init__(self, message: str = "", *, index: int = 0, debug: str = "") -> None:
        super().__init__(message, debug=debug)
        self.index = index


class DatabaseUnavailable(UnavailableError):
    """The node's database refused an operation."""

    code = "node.database_unavailable"


class DatabaseVersion(ConflictError):
    """The database was written by another version of the software."""

    code = "node.database_version"
    help = "Use the version of Hanse that wrote it, or rebuild the views."


class PeerUnreachable(UnavailableError):
    """Another node does not answer."""

    code = "node.peer_unreachable"


class NoEndpoint(NotFoundError):
    """The DID document names no endpoint for this service."""

    code = "node.no_endpoint"
    help = "The member must publish a service endpoint in its DID document."


class UnknownMessageType(InputError):
    """No part of this node handles messages of that type."""

    code = "node.unknown_message_type"
    help = "Compare the versions of the two nodes."


class NoSuchApplication(NotFoundError):
    """No application by that id."""

    code = "node.no_such_application"


class ApplicationDecided(ConflictError):
    """The application was decided already."""

    code = "node.application_decided"


class ApplicationRejected(AuthorizationError):
    """The operator rejected the application."""

    code = "node.application_rejected"
    help = "Ask the operator for the reason."


class BadApplication(InputError):
    """The application is incomplete or its proof does not hold."""

    code = "node.bad_application"
    help = "Apply again from the node that holds the keys (`hanse node join`)."


class NoSuchCredential(NotFoundError):
    """No credential by that id."""

    code = "node.no_such_credential"


class TermsDiffer(VerificationError):
    """The owner agreed to other terms than were asked."""

    code = "node.terms_differ"
    help = "Look at the grant; accept the terms yourself or terminate it."


class ViewsBehind(UnavailableError):
    """The views have not reached the height asked for yet."""

    code = "node.views_behind"


class NoValidatorKeys(ConflictError):
    """The node runs no engine and so has no keys to register."""

    code = "node.no_validator_keys"
    help = "Only nodes that run the engine of a BFT network have validator keys."


class KeyChangeUnderWay(ConflictError):
    """New keys are on the ledger and do not vote yet."""

    code = "node.key_change_under_way"
    help = "Wait until two more blocks are made; then the keys may be exchanged again."


class NothingFound(NotFoundError):
    """The views hold nothing under that identifier."""

    code = "node.nothing_found"


class FileNotServed(AuthorizationError):
    """The path lies outside the directories the node may read for imports."""

    code = "node.file_not_served"
    help = "Put the file in the node's import directory, or upload it."


class NotAdmittedYet(UnavailableError):
    """The node has applied for membership and waits for the operator's decision."""

    code = "node.not_admitted_yet"
    help = "Ask the operator to admit the organisation; the node goes on by itself then."


class StillStarting(UnavailableError):
    """The node has not finished starting."""

    code = "node.still_starting"


class AnswerNotUnderstood(UnavailableError):
    """A peer answered something that is no answer of a node."""

    code = "node.answer_not_understood"
    help = "Check the peer's address; a proxy may be in between."
