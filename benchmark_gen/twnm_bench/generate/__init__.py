"""Making a question set: slots, scenes, questions, files."""
