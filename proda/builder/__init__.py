"""The builder: knowledge → plan → samples."""
