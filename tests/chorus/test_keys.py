"""The signing keys of our own issuer, as files."""

from pathlib import Path

from chorus import keys


def test_a_directory_gets_its_keys_once(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    keys.ensure(directory)
    first, nonce = keys.signing_key(directory), keys.nonce_key(directory)
    keys.ensure(directory)
    assert keys.signing_key(directory) == first
    assert keys.nonce_key(directory) == nonce
    assert len(nonce) == 32


def test_nobody_else_may_read_them_and_the_public_file_holds_no_secret(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    keys.ensure(directory)
    assert directory.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in directory.iterdir())
    published = keys.jwks(directory)["keys"]
    assert [key["kid"] for key in published] == [keys.signing_key(directory).kid]
    assert published[0].keys() == {"kty", "crv", "x", "kid", "alg", "use"}


def test_rotation_signs_anew_keeps_the_old_public_key_and_forgets_the_oldest(
    tmp_path: Path,
) -> None:
    keys.ensure(tmp_path)
    kids = [keys.signing_key(tmp_path).kid]
    kids += [keys.rotate(tmp_path) for _ in range(3)]
    assert keys.signing_key(tmp_path).kid == kids[-1]
    assert [key["kid"] for key in keys.jwks(tmp_path)["keys"]] == kids[:0:-1]
    assert {path.stem for path in tmp_path.glob("*.pem")} == set(kids[1:])


def test_a_directory_without_keys_publishes_none(tmp_path: Path) -> None:
    assert keys.jwks(tmp_path) == {"keys": []}
