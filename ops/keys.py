"""RSA key pairs as Snowflake's key-pair authentication wants them (Snowflake documentation, "Key-pair authentication")."""

import base64

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ops.errors import OpsError
from ops.identity import quoted

MINIMUM_BITS = 2048
GENERATED_BITS = 3072
"""Good until beyond 2030 (NIST SP 800-57)."""


def generate() -> str:
    """A new private key: PKCS#8 PEM, not encrypted, because Secrets Manager encrypts it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=GENERATED_BITS)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def is_encrypted(pem: str) -> bool:
    """Whether the key needs a passphrase."""
    return "ENCRYPTED" in pem


def load(pem: str, passphrase: str) -> rsa.RSAPrivateKey:
    """The private key. Raises OpsError if it is not one that Snowflake takes; its text is in no message."""
    fix = "Make one with `ops credentials put --generate`, or openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072"
    try:
        key = serialization.load_pem_private_key(pem.encode(), passphrase.encode() or None)
    except TypeError as error:
        raise OpsError(
            "The private key and its passphrase don't go together.", "Give a passphrase exactly if it has one."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        problem = "The private key can't be read: it is no PEM private key, or the passphrase is wrong."
        raise OpsError(problem, fix) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise OpsError("The private key is no RSA key, and Snowflake takes no other.", fix)
    if key.key_size < MINIMUM_BITS:
        raise OpsError(f"The private key has {key.key_size} bits, and Snowflake wants {MINIMUM_BITS} or more.", fix)
    return key


SLOTS = {1: "RSA_PUBLIC_KEY", 2: "RSA_PUBLIC_KEY_2"}
"""Both keys of a user are valid at the same time: a new one goes into the slot that the old one is not in."""


def alter_user(user: str, key: rsa.RSAPrivateKey, slot: int) -> str:
    """The SQL statement that tells Snowflake the public half."""
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"ALTER USER {quoted(user)} SET {SLOTS[slot]}='{base64.b64encode(der).decode()}';"
