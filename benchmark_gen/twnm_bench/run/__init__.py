"""Put a model through a question set: what it hears, what it is asked, who answers, and the file of its predictions.

`run.run_questions` is the story from top to bottom. `audio` reads what a question sounds like and `controls` takes
something away from it; `wording` asks it; `heard.Answers` is what answers: an endpoint (`endpoint`), a Python function
(`functions`), or a baseline (`baselines`, and the classical `listener`); `ledger` keeps the predictions.
"""
