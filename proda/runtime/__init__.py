"""The machine under torch: device and precision, processes, and the parts of a causal language model."""
