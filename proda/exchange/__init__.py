"""Data of other tools → proposals, sources and suites; samples and items → the formats of other tools.

    export   sample_rows, item_rows      one record → one row of a format, with its provenance
             row_files, export_folder    rows → JSONL or Parquet files in a folder that appears as a whole
             dataset_card, lm_eval       the files that stand beside the rows
    import   text_lines, json_rows       a file of any size → lines and rows, each with its place
             training_rows, mcq_csv      rows of other tools → questions and answers, suite items, faults
             harness_tasks               tasks of lm-evaluation-harness → suite items, faults
             public_core                 the knowledge of the paper's public implementation → findings, faults
             obo, skos, turtle, terms    an ontology → terms → a source text, concepts and statements
             proposing                   what was found → the proposals that people review

Nothing here reads a ProDa repository or writes into it: proda/workflows does.
"""
