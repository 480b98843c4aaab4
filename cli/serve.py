"""``polyathlon serve``: an agent behind a port, for evaluations anywhere."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import ssl
from pathlib import Path
from typing import Any

import click

from ..agents.remote.opening import adapter_digest, require_packages
from ..agents.remote.setting import is_address, read_token
from ..core.errors import BadArgument, PolyathlonError
from ..core.manifest import AgentRecord
from ..core.memory import keep_freed_memory
from ..core.protocols import Agent
from .number import RealRange
from .player import dismiss, load_player


@click.command("serve")
@click.argument("agent_name", metavar="AGENT")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--max-batch", type=click.IntRange(1, 4096), default=32, show_default=True,
    help="Observations of a call of the agent.",
)  # fmt: skip
@click.option(
    "--max-wait", type=RealRange(0, 10), default=0.002, show_default=True,
    help="For other clients to fill a batch [s].",
)  # fmt: skip
@click.option("--max-clients", type=click.IntRange(1, 10_000), default=64, show_default=True)
@click.option("--max-episodes", type=click.IntRange(1, 100_000), default=1024, show_default=True)
@click.option(
    "--keep", type=RealRange(0, 86400), default=30.0, show_default=True,
    help="Episodes of a connection that was cut are kept so long [s].",
)  # fmt: skip
@click.option(
    "--token-file", type=click.Path(path_type=Path),
    help="Holds the token clients must show [POLYATHLON_REMOTE_TOKEN].",
)  # fmt: skip
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate, with its chain.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its key.")
def serve_command(
    agent_name: str, token_file: Path | None, tls_cert: Path | None, tls_key: Path | None,
    **terms: Any,
) -> int:  # fmt: skip
    """Serve an agent (a name, module:Class, or a trained one's folder) to evaluations.

    Play it with: polyathlon eval TASKS --agent ws://127.0.0.1:8765. An address other than
    loopback needs a token. Ends on SIGTERM and Ctrl-C once what is asked is answered. The same
    port has /health and /metrics.
    """
    require_packages("websockets", "prometheus_client")
    keep_freed_memory()
    token = read_token(token_file)
    _demand_token(terms["host"], token)
    tls = _tls(tls_cert, tls_key)
    if is_address(agent_name):
        raise BadArgument(f"'{agent_name}' is served already; name an agent that runs here")
    record, agent = load_player(agent_name)
    if agent is None:
        raise BadArgument("the oracle looks into the world and plays beside it: it is not served")
    logging.basicConfig(format="polyathlon: %(message)s")
    try:
        asyncio.run(_serve(agent, record, terms, token, tls))
    except OSError as error:
        raise BadArgument(
            f"cannot listen at {terms['host']}:{terms['port']}: {error.strerror or error}"
        ) from None
    finally:
        dismiss(agent)
    return 0


async def _serve(
    agent: Agent,
    record: AgentRecord,
    terms: dict[str, Any],
    token: str,
    tls: ssl.SSLContext | None,
) -> None:
    from ..agents.remote.server import PolicyServer, Terms

    server = PolicyServer(agent, record, Terms(**terms), token, tls, adapter_digest(record.dialect))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready(port: int) -> None:
        scheme, host = ("wss" if tls else "ws"), terms["host"]
        host = f"[{host}]" if ":" in host else host
        click.echo(f"serving {record.name} ({record.path}) at {scheme}://{host}:{port}")
        if not is_loopback(terms["host"]) and tls is None:
            click.echo("without --tls-cert the token and all else can be read on the way", err=True)

    await server.run(stop, ready)
    click.echo("stopped")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _demand_token(host: str, token: str) -> None:
    if not token and not is_loopback(host):
        raise BadArgument(
            f"--host {host} can be reached by others: give a token with --token-file or in "
            "POLYATHLON_REMOTE_TOKEN"
        )


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadArgument("--tls-cert and --tls-key go together")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, PolyathlonError) as error:  # ssl.SSLError is an OSError.
        raise BadArgument(
            f"{certificate} and {key} are no certificate and its key: {error.strerror or error}"
            if isinstance(error, OSError)
            else str(error)
        ) from None
    return context


def _no_password() -> str:
    raise BadArgument("the key of --tls-key is locked by a password; give one that is not")
