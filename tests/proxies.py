"""Real reverse proxies before the application, with the files of `deploy/` and a certificate of this test's own."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DEPLOY = Path(__file__).parents[1] / "deploy"
LOOPBACK = "127.0.0.1"
NAME = "localhost"
_EXAMPLE = "patt.example.org"
_BACKEND = "127.0.0.1:8000"
_LONGEST_START_S = 20


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


PROGRAMS = {name: _program(name) for name in ("nginx", "caddy")}

_NGINX = """\
daemon off;
{user}
pid {folder}/pid;
error_log {folder}/start.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/patt.conf;
}}
"""
_CADDY = """\
{{
	admin off
	skip_install_trust
	default_bind 127.0.0.1
	http_port {http}
	https_port {https}
	storage file_system {folder}/storage
	log {{"""


@dataclass(frozen=True)
class Proxy:
    """A running proxy: where it answers, whom to trust, and what it wrote."""

    base_url: str
    plain_url: str
    trust: ssl.SSLContext
    folder: Path

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])

    def logs(self) -> str:
        """Return all that it has written."""
        return "".join(file.read_text(encoding="utf-8") for file in sorted(self.folder.glob("*.log")))


@dataclass(frozen=True)
class Ports:
    """Where a proxy will answer; known before, because the application's own address is the proxy's."""

    http: int
    https: int

    @property
    def base_url(self) -> str:
        return f"https://{NAME}:{self.https}"


def free_ports() -> Ports:
    with socket.create_server((LOOPBACK, 0)) as one, socket.create_server((LOOPBACK, 0)) as two:
        return Ports(one.getsockname()[1], two.getsockname()[1])


@contextlib.contextmanager
def proxying(name: str, ports: Ports, backend: str, changes: dict[str, str] | None = None) -> Iterator[Proxy]:
    """Run the proxy of that name with its file of `deploy/`, in which only places differ, and these further words."""
    made = Path(tempfile.mkdtemp(prefix="patt-proxy-"))
    certificate, key = _certificate(made)
    written = _of_nginx if name == "nginx" else _of_caddy
    arguments = written(made, ports, backend.removeprefix("http://"), (certificate, key), changes or {})
    program = PROGRAMS[name]
    assert program is not None
    told = (made / "told.log").open("wb")
    running = subprocess.Popen(  # noqa: S603 -- a program of this machine
        [program, *arguments], stdout=told, stderr=told, env={**os.environ, "HOME": str(made)}
    )
    trust = ssl.create_default_context(cafile=str(certificate))
    proxy = Proxy(ports.base_url, f"http://{NAME}:{ports.http}", trust, made)
    try:
        _wait_for(ports, running, proxy)
        yield proxy
    finally:
        running.terminate()
        running.wait(_LONGEST_START_S)
        told.close()
        shutil.rmtree(made)


def _changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"“{old}” is not in the file any more"
        text = text.replace(old, new)
    return text


def _of_nginx(
    folder: Path, ports: Ports, backend: str, certificate: tuple[Path, Path], changes: dict[str, str]
) -> list[str]:
    text = _changed((DEPLOY / "nginx.conf").read_text(encoding="utf-8"), changes)
    text = re.sub(r"(?m)^\s*listen \[::\].*\n", "", text)
    places = {
        f"/etc/letsencrypt/live/{_EXAMPLE}/fullchain.pem": str(certificate[0]),
        f"/etc/letsencrypt/live/{_EXAMPLE}/privkey.pem": str(certificate[1]),
        "listen 80;": f"listen {LOOPBACK}:{ports.http};",
        "listen 443 ": f"listen {LOOPBACK}:{ports.https} ",
        "/var/log/nginx/": f"{folder}/",
        _BACKEND: backend,
        _EXAMPLE: NAME,
    }
    (folder / "patt.conf").write_text(_changed(text, places), encoding="utf-8")
    user = "user root;" if os.getuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, user=user), encoding="utf-8")
    return ["-p", str(folder), "-e", str(folder / "start.log"), "-c", str(config)]


def _of_caddy(
    folder: Path, ports: Ports, backend: str, certificate: tuple[Path, Path], changes: dict[str, str]
) -> list[str]:
    text = _changed((DEPLOY / "Caddyfile").read_text(encoding="utf-8"), changes)
    places = {
        f"\n{_EXAMPLE} {{": f"\n{NAME} {{\n\ttls {certificate[0]} {certificate[1]}",
        "/var/log/caddy/": f"{folder}/",
        _BACKEND: backend,
    }
    places["\n{\n\tlog {"] = "\n" + _CADDY.format(folder=folder, http=ports.http, https=ports.https)
    config = folder / "Caddyfile"
    config.write_text(_changed(text, places), encoding="utf-8")
    return ["run", "--config", str(config), "--adapter", "caddyfile"]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for this computer alone, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return files


def _wait_for(ports: Ports, running: subprocess.Popen[bytes], proxy: Proxy) -> None:
    deadline = time.monotonic() + _LONGEST_START_S
    for port in (ports.http, ports.https):
        while True:
            try:
                socket.create_connection((LOOPBACK, port), timeout=1).close()
            except OSError:
                if running.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(proxy.logs()) from None
                time.sleep(0.05)
            else:
                break
