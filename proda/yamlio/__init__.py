"""Safe YAML: one strict reading of a file, the same on every machine, and one canonical way to write one.

    load_yaml(Path("knowledge/physics/optics.yaml"))     # {"discipline": "physics", …}
    load_yaml_text("switch: no\\nday: 2024-01-01\\nn: 12")   # {"switch": "no", "day": "2024-01-01", "n": 12}
    locate(data, ("chains", "snell", "steps", 0))         # 17, the line
    dump_yaml({"term": "no", "spans": [1, 2]})            # "term: 'no'\\nspans:\\n  - 1\\n  - 2\\n"

The policy (one document, no tags, no aliases, no duplicate keys, text stays text) is in `policy`; `reference` holds the
reader that defines what a document means, `fast` one that is several times quicker and gives way to the reference
whenever a document could mean something else to it.
"""

from proda.yamlio.load import load_list, load_yaml, load_yaml_bytes, load_yaml_text, locate, read_bytes
from proda.yamlio.write import dump_yaml

__all__ = ["dump_yaml", "load_list", "load_yaml", "load_yaml_bytes", "load_yaml_text", "locate", "read_bytes"]
