"""The stages of dvc.yaml, one script each: read parameters, one call into proda, write, one summary line."""
