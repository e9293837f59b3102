"""Wording of triples and its inverse: triples → sentences, and sentences → triples."""
