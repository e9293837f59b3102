"""Small tools for people and CI; `python -m scripts.<name>`."""
