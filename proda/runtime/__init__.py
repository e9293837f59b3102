"""The machine and the model under torch: device, precision, memory, processes, and the parts of a causal language model."""
