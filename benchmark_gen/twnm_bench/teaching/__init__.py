"""Training text from scenes: open question-answer pairs and reasoned answers."""
