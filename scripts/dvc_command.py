"""The `dvc` command of environments that were installed before version 0.1.0 imports this module; `make` replaces that command."""

from proda.workflows.dvc_command import main

__all__ = ["main"]
