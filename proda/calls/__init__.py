"""Questions to an OpenAI-compatible endpoint: asked concurrently, validated, stored, paid for once.

    run = ask_all(questions, settings, root)      # ask.py; blocks until each question has a result
    run.results["physics/heat-pumps#3"]           # Answered(value=Statements(...), input_tokens=812, ...) or Unanswered(reason="truncated")
    run.tally.cost                                # of this run, in the currency of the prices

| module | what it holds |
|---|---|
| records.py | question, answer, totals |
| ask.py | the entrance: look up, estimate, ask what is missing, report |
| asking.py | one run: workers, retries, re-asks |
| forms.py | what a question is, how it is asked and how its reply is read: one JSON object |
| scoring_forms.py | the same for scores: log-probabilities of a text, letters |
| modes.py | how the endpoint is asked for JSON, found by a probe |
| rendering.py | a question as a request, and as the key of its reply |
| parsing.py | the body of a reply as a validated object, or the reason why not |
| wire.py | one HTTP request |
| throttle.py | how many requests may be in flight |
| spending.py | the spend cap, and the record of what was spent |
| reply_store.py | build/replies/ |

The requests are built and the replies validated here, not by instructor. Measured in one run (tests/performance/bench_calls.py), instructor
needs several times the processor time. It also renders each message as a Jinja template when validators get a context, so a `{{` in a
document would change the text, or stop the call.
"""
