"""The stages of dvc.yaml, one script each: read the parameters, call proda, write the results, print one summary line."""
