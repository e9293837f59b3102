"""Clones of one git repository that share a DVC remote, and DVC run in them as a person with a key pair would.

ada = Clone(root, server, bucket)
ada.dvc("push", "--run-cache")
ben = ada.clone(folder)
ben.dvc("pull", "--run-cache")
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tests.remote.servers import REGION, Server

ROOT = Path(__file__).resolve().parents[2]
TEXTS = 12  # files in the tracked folder
TEXT_BYTES = 40_000


@dataclass(frozen=True)
class Done:
    """What a command left: its exit status, and both of its streams."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Clone:
    """A clone, the server of its remote, and the bucket."""

    root: Path
    server: Server
    bucket: str

    def dvc(self, *arguments: str, ok: bool | None = True, **env: str | None) -> Done:
        """Run `dvc` as proda.workflows.dvc_command, with the key pair in the environment; a variable given as None is not set."""
        done = self._run([sys.executable, "-P", "-m", "proda.workflows.dvc_command", *arguments], env)
        assert ok is None or (done.status == 0) is ok, f"dvc {arguments} gave {done.status}\n{done.out}\n{done.err}"
        assert "Traceback" not in done.out + done.err
        return done

    def git(self, *arguments: str) -> str:
        """Run git; it must succeed."""
        done = self._run(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments], {})
        assert done.status == 0, f"git {arguments}\n{done.err}"
        return done.out

    def proda(self, *arguments: str) -> str:
        """Run proda with the code of the clone; it must succeed."""
        done = self._run([sys.executable, "-m", "proda.cli.main", *arguments], {"PYTHONPATH": None})
        assert done.status == 0, f"proda {arguments}\n{done.out}\n{done.err}"
        return done.out + done.err

    def clone(self, root: Path) -> Clone:
        """A fresh clone, as a teammate makes it."""
        subprocess.run(["git", "clone", "-q", str(self.root), str(root)], check=True)
        return replace(self, root=root)

    def connect(self, port: int) -> None:
        """Go through another port than the server's, by .dvc/config.local."""
        self.dvc("remote", "modify", "--local", "team", "endpointurl", f"http://127.0.0.1:{port}")

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def cached(self) -> dict[str, str]:
        """Files in DVC's cache: their names, and the MD5 of their contents, which equals the name of a whole file."""
        folder = self.root / ".dvc/cache/files/md5"
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.parent.name + path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in files}

    def stored(self) -> dict[str, str]:
        """The same for the objects of the bucket."""
        client, found = self.server.client(), {}
        for key in self.server.keys(self.bucket):
            if "/files/md5/" in key:
                first, name = key.split("/")[-2:]
                found[first + name] = hashlib.md5(client.get_object(Bucket=self.bucket, Key=key)["Body"].read()).hexdigest()
        return found

    def start_dvc(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `dvc` and return the process, which the caller ends."""
        command = [sys.executable, "-P", "-m", "proda.workflows.dvc_command", *arguments]
        return subprocess.Popen(command, cwd=self.root, env=self._env({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _run(self, command: list[str], env: dict[str, str | None]) -> Done:
        done = subprocess.run(command, cwd=self.root, env=self._env(env), capture_output=True, text=True, check=False, timeout=600)
        return Done(done.returncode, done.stdout, done.stderr)

    def _env(self, env: dict[str, str | None]) -> dict[str, str]:
        merged: dict[str, str | None] = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GIT_", "DVC_"))},
            **{"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "DVC_NO_ANALYTICS": "1"},
            **{"AWS_ACCESS_KEY_ID": self.server.key, "AWS_SECRET_ACCESS_KEY": self.server.secret, "AWS_DEFAULT_REGION": REGION},
            # No file of the person who runs the tests is read, no cloud asked for credentials, and a failure shows soon.
            **{name: str(self.root / ".dvc/no-such-file") for name in ("AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG")},
            **{"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"},
            **env,
        }
        return {name: value for name, value in merged.items() if value is not None}


def connected(root: Path, server: Server, bucket: str) -> Clone:
    """Make a bucket, set it as the default remote of a DVC repository as docs/how-to/remote.md says, and commit that."""
    server.client().create_bucket(Bucket=bucket)
    made = Clone(root, server, bucket)
    made.dvc("remote", "add", "--default", "team", f"s3://{bucket}/proda")
    made.dvc("remote", "modify", "team", "endpointurl", server.url)
    made.commit("A remote for the team")
    return made


def texts_repository(root: Path, server: Server) -> Path:
    """Create a repository whose only data is a folder of texts that DVC tracks. It has no remote."""
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    (root / ".dvc").mkdir()
    (root / ".dvc/config").write_bytes((ROOT / ".dvc/config").read_bytes())
    (root / ".dvc/.gitignore").write_text("/config.local\n/tmp\n/cache\n")
    (root / ".gitignore").write_text("/texts\n")
    write_texts(Clone(root, server, ""), 0)
    return root


def write_texts(clone: Clone, version: int) -> None:
    """Write new texts, have DVC track them, and commit."""
    folder = clone.root / "texts"
    folder.mkdir(exist_ok=True)
    for number in range(TEXTS):
        (folder / f"{number}.txt").write_bytes(random.Random(f"{version} {number}").randbytes(TEXT_BYTES))
    clone.dvc("add", "texts")
    clone.commit(f"Texts {version}")
