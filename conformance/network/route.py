"""The way to a target: which certificates secure it, and which proxy it goes through. Reads files and the environment, sends nothing."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from conformance.errors import TargetError
from conformance.target import DIRECT, Target, Tls

PASSPHRASE: Final = "CONFORMANCE_CLIENT_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
"""Environment variable with the passphrase of the client key; there is no other way to give it."""


def check(target: Target) -> None:
    """Raise `TargetError` where the certificates or the proxy that the user named cannot be used."""
    if target.tls.ca_file is not None:
        trusting(target.tls.ca_file)
    identify(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), target.tls)
    proxy(target)


def trusting(authorities: Path) -> ssl.SSLContext:
    """What a connection is secured with that trusts these authorities and no others."""
    try:
        return ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise _unusable("file of authorities", authorities, error, "ca_file") from None


def identify(context: ssl.SSLContext, tls: Tls) -> None:
    """Let connections show the client's certificate, if there is one."""
    if tls.certificate is None:
        return
    key = tls.key or tls.certificate
    for path, option in ((tls.certificate, "client_certificate"), (key, "client_key")):
        if not path.is_file():
            raise TargetError(f"There is no file {path}.", hint="Name a file in PEM.", options=(option,))
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: _passphrase(key))
    except OSError as error:
        raise _unusable("client certificate or key", tls.certificate, error, "client_certificate", "client_key") from None


def proxy(target: Target) -> str | None:
    """URL of the proxy that the target is asked through; None for the direct way.

    One that the user named is used for every target. Without one the environment decides (`HTTPS_PROXY`, `NO_PROXY`, …), and a target
    on this machine is asked directly.
    """
    if target.proxy == DIRECT:
        return None
    if target.proxy:
        return _checked(target.proxy)
    if target.is_loopback or proxy_bypass(target.host):
        return None
    proxies = getproxies()
    url = proxies.get(target.base_url.partition(":")[0]) or proxies.get("all")
    return url if url is None or "://" in url else f"http://{url}"


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and parts.path in ("", "/")
    except ValueError:
        usable = False
    if not usable:
        # Without repeating it: there may be a password in it.
        hint = f"Write it as http://HOST:PORT, or {DIRECT!r} to use none."
        raise TargetError("The URL of the proxy cannot be used.", hint=hint, options=("proxy",))
    return url


def check_argument(url: str) -> None:
    """Raise `TargetError` for a proxy with a password in it: everybody on this machine can read the arguments of a process."""
    if url != DIRECT and urlsplit(_checked(url)).password:
        hint = "Leave it to HTTPS_PROXY, or to a target file that refers to a variable: http://user:$PASSWORD@host:3128."
        raise TargetError("There is a password in --proxy.", hint=hint, options=("proxy",))


def _passphrase(key: Path) -> str:
    """Without this, OpenSSL would ask whoever sits at the terminal."""
    if passphrase := os.environ.get(PASSPHRASE, ""):
        return passphrase
    raise TargetError(f"The client key {key} needs a passphrase.", hint=f"Put it into ${PASSPHRASE}.", options=("client_key",))


def _unusable(what: str, path: Path, error: OSError, *options: str) -> TargetError:
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "it is not PEM").lower().replace("_", " ")
        hint = f"It takes a file in PEM; a key has to be the one of its certificate, and its passphrase the one in ${PASSPHRASE}."
    else:
        reason, hint = error.strerror or "no reason was given", "Name a file that is there and may be read."
    return TargetError(f"The {what} {path} cannot be used: {reason}.", hint=hint, options=options)
