"""Training text from scenes: open question-answer pairs (SFT 1.0) and reasoned answers to choices (SFT 2.0).

`run` is the story of both: `sources` finds train scenes and keeps off benchmarks (`avoiding`), `qa` and `items` make
the texts (`kinds_of_places`, `kinds_of_amounts`, `rationale` word them by rule; `llm_wording` asks a language model),
`packing` writes shards, `chat` the lines that trainers read. Every text is held against its scene by `claims`.
"""
