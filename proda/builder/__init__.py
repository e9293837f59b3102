"""Builds training samples from compiled knowledge: knowledge → plans → samples."""
