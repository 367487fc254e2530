"""Web push as the browser's maker may carry it and not read it: RFC 8291 (content), RFC 8292 (who sends: VAPID).

Written on `cryptography` and checked by the vector of RFC 8291, appendix A, and by a real Chromium. The usual package
for it needs one that has no wheel, and two more HTTP clients beside ours, without a guard against private addresses.
"""

from __future__ import annotations

import base64
import os
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

# Push services must take 4,096 bytes (RFC 8030, section 7.2): header 86, padding mark 1, tag 16.
MOST_BYTES = 4096 - 86 - 1 - 16
RECORD_SIZE = 4096
CURVE = ec.SECP256R1()
VAPID_LIFE = timedelta(hours=12)  # RFC 8292: at most 24 hours


def new_keys() -> tuple[str, str]:
    """A workspace's own pair: the public key as browsers take it, the private one as PEM."""
    private = ec.generate_private_key(CURVE)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return encode(_point(private.public_key())), pem.decode()


def encrypt(
    text: bytes,
    *,
    p256dh: str,
    auth: str,
    salt: bytes | None = None,
    own: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push (aes128gcm, one record). `p256dh` and `auth` are the subscription's keys, base64url.

    `salt` and `own` are drawn afresh for each message; only a test gives them. Raises ValueError for keys that are none
    and for a text beyond MOST_BYTES.
    """
    if len(text) > MOST_BYTES:
        raise ValueError(f"a push holds {MOST_BYTES} bytes, not {len(text)}")
    salt, own = salt or os.urandom(16), own or ec.generate_private_key(CURVE)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decode(p256dh))
    ours, theirs_point = _point(own.public_key()), _point(theirs)
    info = b"WebPush: info\x00" + theirs_point + ours
    shared = _derive(own.exchange(ec.ECDH(), theirs), salt=decode(auth), info=info, length=32)
    key = _derive(shared, salt=salt, info=b"Content-Encoding: aes128gcm\x00", length=16)
    nonce = _derive(shared, salt=salt, info=b"Content-Encoding: nonce\x00", length=12)
    sealed = AESGCM(key).encrypt(nonce, text + b"\x02", None)
    return salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(ours)]) + ours + sealed


def vapid_header(*, endpoint: str, public_key: str, private_key: str, contact: str, now: datetime) -> str:
    """The Authorization of a push: who sends, signed for this push service alone."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + VAPID_LIFE).timestamp()),
        "sub": contact,
    }
    token = jwt.encode(claims, private_key, algorithm="ES256", headers={"typ": "JWT"})
    return f"vapid t={token}, k={public_key}"


def check_keys(*, p256dh: str, auth: str) -> None:
    """Raises ValueError when these are not the keys of a subscription."""
    if len(decode(auth)) != 16:
        raise ValueError("auth has 16 bytes")
    ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decode(p256dh))


def public_key_of(private_pem: str) -> str:
    """The public half of a private key, as browsers take it."""
    key = load_pem_private_key(private_pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return encode(_point(key.public_key()))


def encode(data: bytes) -> str:
    """base64url without its padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Bytes of base64url, padded or not. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=salt, info=info).derive(secret)
