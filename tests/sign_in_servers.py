"""Real servers to sign in at, on loopback: each started when a test first wants it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

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


class _Threading(ThreadingMixIn, WSGIServer):
    """A browser opens connections that it does not use yet: nobody waits for those."""

    daemon_threads = True


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
    server = make_server("127.0.0.1", 0, provider, _Threading, _Silent)
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


PASSWORD = "Correct-horse-9"
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


def program(name: str) -> str:
    """Return where a program is."""
    found = shutil.which(name)
    assert found, f"{name} is missing; tools/test installs it"
    return found


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


_SIMPLESAML = """<?php
$config = [
    'baseurlpath' => '{address}/',
    'certdir' => '{folder}/', 'loggingdir' => '{folder}/', 'datadir' => '{folder}/',
    'tempdir' => '{folder}/', 'metadatadir' => '{folder}/metadata/',
    'technicalcontact_email' => 'na@example.org', 'secretsalt' => 'salt-of-the-tests',
    'auth.adminpassword' => 'admin-of-the-tests', 'timezone' => 'UTC',
    'logging.handler' => 'file', 'logging.level' => 3, 'showerrors' => true,
    'errorreporting' => false, 'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.phpsession.savepath' => '{folder}/', 'session.phpsession.httponly' => true,
    'session.cookie.secure' => false, 'session.cookie.samesite' => null,
    'store.type' => 'phpsession', 'language.default' => 'en', 'theme.use' => 'default',
    'metadata.sources' => [['type' => 'flatfile']],
];
"""
_AUTHSOURCES = """<?php
$config = ['people' => [
    'exampleauth:UserPass',
    'ada:Correct-horse-9' => ['uid' => ['ada'], 'employeeNumber' => ['S-1']],
    'stranger:Correct-horse-9' => ['uid' => ['stranger'], 'employeeNumber' => ['S-9']],
    'nobody:Correct-horse-9' => ['uid' => ['nobody']],
]];
"""
_HOSTED = """<?php
$metadata['{address}/idp'] = [
    'host' => '__DEFAULT__', 'auth' => 'people',
    'privatekey' => 'idp.key', 'certificate' => 'idp.pem',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
];
"""
_REMOTE = """<?php
$metadata['{entity}'] = [
    'AssertionConsumerService' => '{back}',
    'simplesaml.attributes' => true, 'saml20.sign.assertion' => true,
];
"""


@dataclass(frozen=True, slots=True)
class Campus:
    """A running simplesamlphp: its address and metadata."""

    address: str
    metadata: str

    def response_to(self, asked: str, name: str, password: str = PASSWORD) -> str:
        """Do what a person does there; return the response that the browser is to post to us."""
        with requests.Session() as browser:
            form = browser.get(asked, timeout=30)
            words = fields_of(form.text) | {"username": name, "password": password}
            page = browser.post(form.url, words, timeout=30)
        return unescape(fields_of(page.text).get("SAMLResponse", ""))


@contextmanager
def saml_server(folder: Path, entity: str, back: str) -> Iterator[Campus]:
    """Run Debian's simplesamlphp in PHP's own server, for the one service provider."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    (folder / "metadata").mkdir()
    files = {
        "config.php": _SIMPLESAML, "authsources.php": _AUTHSOURCES,
        "metadata/saml20-idp-hosted.php": _HOSTED, "metadata/saml20-sp-remote.php": _REMOTE,
    }  # fmt: skip
    words = {"address": address, "folder": str(folder), "entity": entity, "back": back}
    for name, text in files.items():
        filled = re.sub(r"\{(\w+)\}", lambda found: words[found[1]], text)
        (folder / name).write_text(filled)
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         "/CN=campus", "-keyout", str(folder / "idp.key"), "-out", str(folder / "idp.pem")],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    process = subprocess.Popen(
        [program("php"), "-d", "display_errors=0", "-S", f"127.0.0.1:{port}", "-t",
         "/usr/share/simplesamlphp/www"],
        env={"SIMPLESAMLPHP_CONFIG_DIR": str(folder), "PATH": os.environ["PATH"]},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with ended(process):
        wait_for(port)
        found = requests.get(f"{address}/saml2/idp/metadata.php?output=xml", timeout=30)
        yield Campus(address, found.text)


ROOT = Path(__file__).parent.parent


@contextmanager
def cas_server(folder: Path) -> Iterator[str]:
    """Run django-cas-server in its own environment; yield its address."""
    subprocess.run([str(ROOT / "tools/cas-server")], check=True, timeout=300)
    python, site = ROOT / "var/cas-server/bin/python", ROOT / "tests/cas_server_site.py"
    process = subprocess.Popen(
        [str(python), str(site), str(folder)],
        env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    with ended(process):
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        process.stdout.close()
        yield f"http://127.0.0.1:{port}/cas"


def sign_in_at_cas(asked: str, name: str = "ada", password: str = PASSWORD) -> str:
    """Do what a person does there; return where the browser is sent back to, "" if refused."""
    with requests.Session() as browser:
        form = browser.get(asked, timeout=30)
        words = fields_of(form.text) | {"username": name, "password": password}
        answer = browser.post(
            form.url, {n: unescape(v) for n, v in words.items()},
            allow_redirects=False, timeout=30,
        )  # fmt: skip
        return answer.headers.get("Location", "")
