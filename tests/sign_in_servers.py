"""Real servers to sign in at, on loopback: each started when a test first wants it."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from oidc_provider_mock import User, app


class _Silent(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextmanager
def oidc_server() -> Iterator[str]:
    """Run oidc-provider-mock; yield its issuer. It signs in whoever is named."""
    provider = app(
        require_nonce=True,
        user_claims=[
            User(sub="ext-1", claims={"employeeid": "S-1", "hd": "school.example"}),
            User(sub="ada@school.example", claims={"email": "ada@school.example"}),
        ],
    )
    server = make_server("127.0.0.1", 0, provider, handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in_at_oidc(address: str, sub: str, action: str = "authorize") -> str:
    """Do what a person does there; return where the browser is sent back to."""
    answer = requests.post(
        address, data={"sub": sub, "action": action}, allow_redirects=False, timeout=20
    )
    return answer.headers["Location"]


def path_of(address: str) -> str:
    """Return path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of the first form of a page."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = [
        (re.search(r'name="([^"]*)"', one), re.search(r'value="([^"]*)"', one)) for one in found
    ]
    return {name[1]: value[1] if value else "" for name, value in pairs if name}


LDAP_BASE = "dc=school,dc=example"
LDAP_SEARCHER, LDAP_SECRET = f"cn=searcher,{LDAP_BASE}", "search-secret"
_SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile {folder}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
# What the worst of directories do: a name without a password binds, as nobody.
allow bind_anon_cred
database mdb
suffix "{base}"
rootdn "{searcher}"
rootpw {secret}
directory {folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{searcher}" read by * none
"""
_PEOPLE = """
dn: {base}
objectClass: dcObject
objectClass: organization
o: School

dn: ou=people,{base}
objectClass: organizationalUnit

dn: uid=ada,ou=people,{base}
objectClass: inetOrgPerson
cn: Ada
sn: Byron
employeeNumber: S-1
userPassword: Correct-horse-9

dn: uid=twice,ou=people,{base}
objectClass: inetOrgPerson
cn: Twice
sn: One
employeeNumber: S-2
employeeType: a
employeeType: b
userPassword: Correct-horse-9

dn: uid=nobody,ou=people,{base}
objectClass: inetOrgPerson
cn: Nobody
sn: Without
userPassword: Correct-horse-9
"""


@dataclass(frozen=True, slots=True)
class Directory:
    """A running slapd: its two addresses, and the certificate of its authority."""

    secure: str
    start_tls: str
    certificates: str


@contextmanager
def ldap_server(folder: Path) -> Iterator[Directory]:
    """Run Debian's slapd with three people, encrypted by a certificate of its own authority."""
    certificates = make_certificates(folder)
    (folder / "db").mkdir()
    words = {
        "folder": folder, "base": LDAP_BASE, "searcher": LDAP_SEARCHER, "secret": LDAP_SECRET,
    }  # fmt: skip
    (folder / "slapd.conf").write_text(_SLAPD.format(**words))
    (folder / "people.ldif").write_text(_PEOPLE.lstrip().format(**words))
    conf = ["-f", str(folder / "slapd.conf")]
    subprocess.run(
        ["/usr/sbin/slapadd", "-q", *conf, "-l", str(folder / "people.ldif")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    plain, secure = free_port(), free_port()
    process = subprocess.Popen(
        ["/usr/sbin/slapd", "-d", "0", *conf, "-h",
         f"ldap://localhost:{plain}/ ldaps://localhost:{secure}/"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with ended(process):
        wait_for(secure)
        yield Directory(f"ldaps://localhost:{secure}", f"ldap://localhost:{plain}", certificates)


def make_certificates(folder: Path) -> str:
    """Write ca.pem, server.pem and server.key for localhost; return the authority's."""
    now, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the tests")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])

    def certificate(
        subject: x509.Name, public: ec.EllipticCurvePublicKey, *, is_authority: bool
    ) -> bytes:
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(public), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=not is_authority, key_cert_sign=is_authority,
                    crl_sign=is_authority, content_commitment=False, key_encipherment=False,
                    data_encipherment=False, key_agreement=False, encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
            )
            .sign(authority_key, SHA256())
        )  # fmt: skip
        return built.public_bytes(serialization.Encoding.PEM)

    root = certificate(authority, authority_key.public_key(), is_authority=True)
    (folder / "ca.pem").write_bytes(root)
    (folder / "server.pem").write_bytes(certificate(name, key.public_key(), is_authority=False))
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return root.decode()


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens at a port."""
    for _try in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens at {port}")


@contextmanager
def ended(process: subprocess.Popen[Any]) -> Iterator[None]:
    """End a process that was started here."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
