"""The virtual environment `.venv`, from the hash-locked requirements. Run by any Python >= 3.11, before there is one.

Packages are downloaded once into a folder beside pip's cache and installed from there, so that a second install needs
no network. uv, when there is one, does the installing because it is quicker; plain pip is enough.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}


def main(kind: str) -> None:
    if sys.version_info < (3, 11):
        sys.exit(
            f"Touchstone needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.11"
        )
    if stamp(kind).exists():
        return
    print(f"Installing {' and '.join(LOCKS[kind])} into .venv", flush=True)
    make_venv()
    wheels = wheel_folder()
    if not install(kind, wheels, quietly=True):
        download(kind, wheels)
        if not install(kind, wheels, quietly=False):
            sys.exit("Installing failed; the lines above say why.")
    for done in {kind, "run"}:
        stamp(done).touch()


def stamp(kind: str) -> Path:
    """A file that stands for "exactly these locks are installed"."""
    locks = b"".join((PROJECT / name).read_bytes() for name in LOCKS[kind])
    return VENV / f".installed-{kind}-{hashlib.sha256(locks).hexdigest()[:16]}"


def make_venv() -> None:
    if PYTHON.exists() and call([PYTHON, "-m", "pip", "--version"], quietly=True):
        return
    if call([sys.executable, "-m", "venv", "--clear", str(VENV)], quietly=True):
        return
    if shutil.which("uv") and call(
        ["uv", "venv", "--seed", "--python", sys.executable, str(VENV)], quietly=True
    ):
        return
    sys.exit("No virtual environment can be made here. On Debian or Ubuntu: apt install python3-venv")


def wheel_folder() -> Path:
    """Beside pip's own cache; in the checkout where pip has none."""
    found = subprocess.run([PYTHON, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=False)
    folder = Path(found.stdout.strip()) if found.returncode == 0 and found.stdout.strip() else VENV
    folder /= "touchstone-wheels"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = VENV / "touchstone-wheels"
        folder.mkdir(exist_ok=True)
    return folder


def download(kind: str, wheels: Path) -> None:
    if not call([PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--dest", str(wheels), *locked(kind)]):
        sys.exit("Downloading the packages failed; the lines above say why.")


def install(kind: str, wheels: Path, *, quietly: bool) -> bool:
    here = ["--no-index", "--find-links", str(wheels), "--no-deps", *locked(kind)]
    if shutil.which("uv") and call(
        ["uv", "pip", "install", "-q", "--python", str(PYTHON), *here], quietly=True
    ):
        return True
    return call([PYTHON, "-m", "pip", "install", "-q", *here], quietly=quietly)


def locked(kind: str) -> list[str]:
    return ["--require-hashes", *(part for name in LOCKS[kind] for part in ("-r", name))]


def call(command: list[str | Path], *, quietly: bool = False) -> bool:
    """Run it in the checkout; true when it succeeds."""
    silence = subprocess.DEVNULL if quietly else None
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return (
        subprocess.run(command, cwd=PROJECT, env=environment, stdout=silence, stderr=silence).returncode == 0
    )


if __name__ == "__main__":
    main(sys.argv[1])
