"""`evaluate.endpoint` of params.yaml, for one model, as the settings of calls.

ScoringSettings(endpoint="http://127.0.0.1:8000/v1", model="physics-0").named("endpoint")       "evaluate.endpoint.url"
"""

from __future__ import annotations

from proda.document_settings import LlmSettings

FIELDS = {"endpoint": "url", "model": "base_model and tuned_model"}  # names in params.yaml that differ from those of LlmSettings


class ScoringSettings(LlmSettings, frozen=True):
    """`evaluate.endpoint` for one model, as the settings of calls."""

    key_variable: str = ""

    def file(self) -> str:
        """Return the file that holds these settings, for messages."""
        return "params.yaml"

    def named(self, field: str) -> str:
        """Return the name of a field in that file, for messages."""
        return f"evaluate.endpoint.{FIELDS.get(field, field)}"

    def key_variables(self) -> tuple[str, ...]:
        """Return the environment variables that may hold the key, the first choice first."""
        return (self.key_variable,) if self.key_variable else super().key_variables()
