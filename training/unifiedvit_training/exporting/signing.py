"""The key that signs a repository's index (Ed25519)."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.service.store.repository_index import SIGNATURE, check_signature

from ..errors import TrainingError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def public_key(private: Ed25519PrivateKey) -> str:
    """The public key that readers add a repository with, of a private one."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return base64.b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode("ascii")


def read_key(file: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file.

    Raises:
        TrainingError: there is none, it is of another kind, or the package that reads it is missing.
    """
    _need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(file.read_bytes(), None)
    except OSError as error:
        raise TrainingError(f"The key {file} cannot be read ({error.strerror or error}).") from error
    except (ValueError, TypeError) as error:  # TypeError: with a password
        raise TrainingError(f"{file} is no private key in a PEM file without a password.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise TrainingError(f"{file} is a key of another kind than Ed25519. Make one with `unifiedvit-train publish "
                            "--key NEW_FILE`.")
    return private


def signing_key(file: Path | None, index: dict[str, Any], folder: Path) -> Ed25519PrivateKey | None:
    """The private key that signs a repository's index; None for a repository without.

    Args:
        file: PEM file; made if it is not there and the repository is not signed yet. None: no key is given.
        index: what the repository's index holds now.
        folder: of the repository, for messages.

    Raises:
        TrainingError: the repository is signed with another key, there is no key to be read, or it would be published.
    """
    if file is None:
        if SIGNATURE in index:
            raise TrainingError(f"The repository {folder} is signed: its readers take nothing unsigned. Give its "
                                "private key with --key.")
        return None
    if file.resolve().is_relative_to(folder.resolve()):
        raise TrainingError(f"The private key {file} would lie in the repository, for everybody to read. Keep it "
                            "elsewhere.")
    if not file.exists() and SIGNATURE not in index:
        _make_key(file)
    private = read_key(file)
    if SIGNATURE in index:
        try:
            check_signature(index, public_key(private), folder)
        except UnifiedViTError as error:
            raise TrainingError(f"The repository {folder} is signed with another key than {file}, or its index was "
                                "changed by hand. Its readers would take nothing any more.") from error
    return private


def _make_key(file: Path) -> None:
    _need_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        output.write(content)


def _need_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise TrainingError("To sign a repository, the package cryptography is needed: pip install "
                            "'unifiedvit-training[signature]'.") from error
