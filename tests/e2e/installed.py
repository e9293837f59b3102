"""ProDa as it is installed: sdist and wheel as a release builds them, an environment with the wheel, and commands that run in it.

built = build(folder, out)                  # out/proda-0.1.0.tar.gz, out/proda-0.1.0-py3-none-any.whl
env = install(built.wheel, folder)          # a virtual environment
run_installed(env, root, "dvc", "repro", "guard")
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DATA_STAGES = {"check", "benchmark", "synthesize", "curriculum", "guard"}
# A model that is as small as possible: what is tested is that the stages run, not what they learn.
SMALL = {
    "hidden_size: 128": "hidden_size: 32",
    "layers: 3": "layers: 1\n  heads: 2",
    "vocabulary: 16384": "vocabulary: 512",
    "epochs: 3": "epochs: 1",
    "chains: 20": "chains: 12",
    "suite_items: 400": "suite_items: 40",
    "samples_per_statement: 12": "samples_per_statement: 2",
    "suite_samples_per_statement: 64": "suite_samples_per_statement: 2",
    "seeds: [0, 1, 2]": "seeds: [0, 1]",
}


class Built(NamedTuple):
    """What a release publishes."""

    sdist: Path
    wheel: Path


def build(source: Path, out: Path) -> Built:
    """Build the sdist, and the wheel from it, offline and in a copy of the tracked files, since a build writes into its folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    _python("build", "--no-isolation", "--outdir", str(out), str(source))
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return Built(sdist, wheel)


def install(wheel: Path, env: Path) -> Path:
    """Make a virtual environment with the wheel."""
    return environment(env, str(wheel))


def environment(env: Path, *installed: str) -> Path:
    """Make a virtual environment with what pip is told to install. Dependencies, and not ProDa, are those of the running environment.

    A folder that a .pth file names is searched last, and the .pth files in it, such as that of an editable install, are not read.
    """
    _python("venv", "--without-pip", str(env))
    borrowed = dict.fromkeys(sysconfig.get_paths()[kind] for kind in ("purelib", "platlib"))
    (packages(env) / "borrowed.pth").write_text("".join(f"{folder}\n" for folder in borrowed))
    _python("pip", "--python", str(env / "bin/python"), "install", "--no-deps", "--no-index", "--quiet", *installed)
    command = env / "bin/dvc"
    command.write_text(f"#!{env}/bin/python\nimport sys\nfrom dvc.cli import main\nsys.exit(main())\n")
    command.chmod(0o755)
    return env


def packages(env: Path) -> Path:
    """The site-packages folder of an environment."""
    (found,) = env.glob("lib/python*/site-packages")
    return found


def smaller_model(root: Path) -> None:
    """Make the model of a new repository as small as possible."""
    params = (root / "params.yaml").read_text()
    for old, new in SMALL.items():
        assert old in params, old
        params = params.replace(old, new, 1)
    (root / "params.yaml").write_text(params)


def run_installed(env: Path, cwd: Path, program: str, *arguments: str, ok: bool | None = True) -> str:
    """Run proda, dvc, python or make in an environment as if it were activated, and return what it prints on both streams."""
    variables = {n: v for n, v in os.environ.items() if not n.startswith(("GIT_", "MLFLOW_")) and n not in ("PYTHONPATH", "VIRTUAL_ENV")}
    found = [str(env / "bin"), *(part for part in os.environ["PATH"].split(os.pathsep) if part != str(Path(sys.executable).parent))]
    variables |= {"PATH": os.pathsep.join(found), "VIRTUAL_ENV": str(env), "DVC_NO_ANALYTICS": "1"}
    variables |= {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    variables |= {"HF_HUB_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    path = program if program == "make" else str(env / "bin" / program)
    done = subprocess.run([path, *arguments], cwd=cwd, env=variables, capture_output=True, text=True, check=False)
    assert ok is None or (done.returncode == 0) is ok, f"{arguments} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def commit_all(root: Path, message: str) -> None:
    """Commit everything in a repository."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", *identity, "commit", "-q", "-m", message], cwd=root, check=True)


def _python(module: str, *arguments: str) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", "-m", module, *arguments]
    done = subprocess.run(command, env=variables | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
