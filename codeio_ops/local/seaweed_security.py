"""What SeaweedFS's inner ports ask for: keys of its servers, and a certificate they share.

Beside S3 a server has a master, a volume server, a filer and an admin, which by default do what
anyone who reaches them says: whoever has an account on the machine could replace a release.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from codeio_ops.local.home import write_private
from codeio_ops.local.state import Secrets

FILE = "security.toml"
CERTIFICATE, PRIVATE_KEY = "s3_certificate.pem", "s3_private_key.pem"

_SIGNED = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
_SERVERS = ("admin", "client", "filer", "master", "s3", "volume", "worker")
_FIRST_DAY, _LAST_DAY = datetime(2020, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def protect(directory: Path, secrets: Secrets) -> None:
    """Write what `weed` looks for in its working directory; a certificate that exists is kept."""
    if not (directory / PRIVATE_KEY).exists():
        for name, text in new_certificate().items():
            write_private(directory / name, text)
    write_private(directory / FILE, configuration(secrets, directory))


def configuration(secrets: Secrets, directory: Path) -> str:
    """Return SeaweedFS's `security.toml`: a key for each kind of call, and mutual TLS.

    Args:
        secrets: Of the stack; the keys are derived from those of S3.
        directory: Where the server finds `CERTIFICATE` and `PRIVATE_KEY`.
    """
    keys = [f'[{name}]\nkey = "{_derived(secrets, name)}"\n' for name in _SIGNED]
    pair = f'cert = "{directory / CERTIFICATE}"\nkey = "{directory / PRIVATE_KEY}"\n'
    servers = [f"[grpc.{name}]\n{pair}" for name in _SERVERS]
    return "\n".join([*keys, f'[grpc]\nca = "{directory / CERTIFICATE}"\n', *servers])


def new_certificate() -> Mapping[str, str]:
    """Return a certificate that signs itself, and its key, by the names of their files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "codeio")])
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FIRST_DAY)
        .not_valid_after(_LAST_DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    return {CERTIFICATE: certificate.public_bytes(pem).decode(), PRIVATE_KEY: secret.decode()}


def _derived(secrets: Secrets, name: str) -> str:
    return hmac.digest(secrets.s3_secret_key.encode(), name.encode(), "sha256").hex()
