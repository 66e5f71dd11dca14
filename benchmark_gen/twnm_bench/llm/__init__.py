"""Talking to a language model: it may word what is true and never decides it.

This room knows nothing of scenes. `ports` holds what goes in and comes out (`Ask`, `Reply`, `LanguageModel`);
`asking.ask_all` asks many at once, from the cache where it can; `endpoint.Endpoint` is any OpenAI-compatible server,
`scripted.ScriptedModel` one that says what it is told to; `meter.Meter` counts and stops at a cost; `templates` renders
the prompts under prompts/. Start reading at `asking`.
"""
