"""The private key, in the one form that dbt and the connector both take: base64 of unencrypted or encrypted DER."""

import base64
from collections.abc import Callable
from functools import cache

from runner.outcome import RunnerError


@cache  # opening a key takes long, because it is checked to be a good one
def private_key(text: str, passphrase: str) -> bytes:
    """The key as unencrypted PKCS #8 DER; never leaves memory.

    Takes PEM, also with its line breaks written as backslash n (as JSON editors do), or base64 of DER.

    Raises:
        RunnerError: it is no RSA key, or the passphrase does not open it. The message never quotes the key.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - takes half a second
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415

    text = text.strip().replace("\\n", "\n")
    try:
        if text.startswith("-----"):
            key = _opened(serialization.load_pem_private_key, text.encode(), passphrase)
        else:
            key = _opened(serialization.load_der_private_key, base64.b64decode(text), passphrase)
    except (ValueError, TypeError) as error:
        encrypted = "password" in str(error).lower() or "decrypt" in str(error).lower()
        what = "The passphrase does not fit the private key" if encrypted else "SNOWFLAKE_PRIVATE_KEY is no private key"
        raise RunnerError.about(f"{what}.") from None
    if not isinstance(key, RSAPrivateKey):
        raise RunnerError.about("SNOWFLAKE_PRIVATE_KEY is no RSA key; Snowflake takes no other.")
    return key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _opened(load: Callable[[bytes, bytes | None], object], data: bytes, passphrase: str) -> object:
    try:
        return load(data, passphrase.encode() or None)
    except TypeError:
        if not passphrase:
            raise
        return load(data, None)  # the passphrase of a former key may still be there
