"""Outcomes → diagnoses → patches → verdicts → audit: finds out why an item failed, and writes the repair as a commit."""
