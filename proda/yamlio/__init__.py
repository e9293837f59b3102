"""Safe YAML: one strict way to read a file, the same on every machine, and one canonical way to write one.

    load_yaml(Path("knowledge/physics/optics.yaml"))     # {"discipline": "physics", …}
    load_yaml_text("switch: no\\nday: 2024-01-01\\nn: 12")   # {"switch": "no", "day": "2024-01-01", "n": 12}
    load_as(Path("samples/allocation.yaml"), Allocation)  # a record, or every fault with its line
    locate(data, ("chains", "snell", "steps", 0))         # 17, the line
    dump_yaml({"term": "no", "spans": [1, 2]})            # "term: 'no'\\nspans:\\n  - 1\\n  - 2\\n"

`policy` holds the limits (one document, no tags, no aliases, no duplicate keys, text stays text), `reference` the reader, `schema` the
comparison with a type, `positions` the lines, `inside` the rule that no link leads out of the repository.
"""

from proda.yamlio.load import load_as, load_list, load_yaml, load_yaml_bytes, load_yaml_text, locate, read_bytes
from proda.yamlio.write import Flow, dump_yaml

__all__ = ["Flow", "dump_yaml", "load_as", "load_list", "load_yaml", "load_yaml_bytes", "load_yaml_text", "locate", "read_bytes"]
