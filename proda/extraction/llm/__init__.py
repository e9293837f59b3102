"""The LLM backend: kept chunks → what an endpoint finds in them, checked word by word against the source.

    reading = read_documents(documents, relations, settings, root)
    reading.found["physics/heat-pumps"][0].statements[0].text

| module | what it holds |
|---|---|
| read.py | the entrance: chains, then statements, then concepts |
| prompt_files.py | extraction/prompts/*.md and their worked examples |
| marked_text.py | text of a document as data in a message |
| checks.py | what a quote, a term and a text must fulfil |
| replies.py | the models of the replies |
| questions.py | what is asked |
| caller.py | answers from the store or the endpoint, failed ones remembered too |
| chain_stage.py, statement_stage.py, concept_stage.py | one stage each |
| joined.py | answers → FoundInChunk |
"""
