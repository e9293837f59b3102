"""ProDa as it is installed: the built wheel, a folder with its packages, and commands that run with these alone.

wheel = build_wheel(folder)
site = install(wheel, folder)
run_installed(site, root, "dvc", "repro", "guard")
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGED = ("proda", "pipelines", "scripts", "pyproject.toml", "README.md", "LICENSE", "LICENSE-DATA")
DATA_STAGES = {"check", "benchmark", "synthesize", "curriculum", "guard"}
# A model that is as small as can be: what is tested is that the stages run, not what they learn.
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


def build_wheel(source: Path, out: Path) -> Path:
    """Build the wheel offline, from a copy in `source`, since a build writes into the folder that it is built from."""
    for name in PACKAGED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out), str(source))
    (built,) = out.glob("*.whl")
    return built


def install(wheel: Path, site: Path) -> Path:
    """Install a wheel's packages into the folder `site`, and nothing else of this project."""
    _pip("install", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    return site


def smaller_model(root: Path) -> None:
    """Make the model of a new repository as small as can be."""
    params = (root / "params.yaml").read_text()
    for old, new in SMALL.items():
        assert old in params, old
        params = params.replace(old, new, 1)
    (root / "params.yaml").write_text(params)


def run_installed(site: Path, cwd: Path, program: str, *arguments: str, ok: bool | None = True) -> str:
    """Run proda, dvc or python with the packages in `site`, and return what it prints on both streams."""
    module = {"proda": ["-P", "-m", "proda.cli.main"], "dvc": ["-P", "-m", "dvc"], "python": []}[program]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MLFLOW_"))}
    env |= {"PYTHONPATH": str(site), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
    env |= {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env |= {"HF_HUB_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run([sys.executable, *module, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert ok is None or (done.returncode == 0) is ok, f"{arguments} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def commit_all(root: Path, message: str) -> None:
    """Commit everything in a repository."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", *identity, "commit", "-q", "-m", message], cwd=root, check=True)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
