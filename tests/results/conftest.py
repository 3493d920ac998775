"""A bucket of artifacts behind https on this machine, with a certificate that only its tests trust."""

import datetime
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from workers.results.artifacts import Source

BUCKET = "kubernetes-ci-logs"


@dataclass
class Bucket:
    """Objects by their path in the bucket; redirects and other answers by the path of an address."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"https://{self.host}/{BUCKET}"

    def source(self, *more: str) -> Source:
        return Source((self.host, *more), self.address)

    def put(self, folder: str, files: dict[str, bytes]) -> None:
        self.objects.update({f"{folder}/{name}": content for name, content in files.items()})

    def listed(self, prefix: str) -> bytes:
        """Answer as the JSON API of Google Cloud Storage does, two objects a page."""
        found = [name for name in sorted(self.objects) if name.startswith(prefix) and "/" not in name[len(prefix) :]]
        return json.dumps({"items": [{"name": name, "size": str(len(self.objects[name]))} for name in found]}).encode()


def certificate(folder: Path) -> Path:
    """Write a key and a certificate for 127.0.0.1 into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a bucket of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def bucket(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    served = Bucket()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path = unquote(parts.path)
            served.seen.append((self.path, dict(self.headers)))
            if path in served.redirects:
                self.answer(302, b"", {"Location": served.redirects[path]})
            elif path == f"/storage/v1/b/{BUCKET}/o":
                self.answer(200, served.listed(parse_qs(parts.query)["prefix"][0]), {})
            elif (name := path.removeprefix(f"/{BUCKET}/")) in served.objects:
                self.answer(200, served.objects[name], served.headers.get(name, {}))
            else:
                self.answer(404, b"", {})

        def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                return  # whoever asked has seen enough

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that breaks off is part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    served.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
