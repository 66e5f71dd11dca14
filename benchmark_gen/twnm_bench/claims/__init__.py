"""Whether an English text is true of a scene: every sound, side, distance, number, count and room that it claims.

`check.check_text` is the way in. `lexicon` knows the names of sounds, `terms` finds what a text says, `binding` finds
of which sound it is said, `truths` judges it; `rewording` compares two wordings of one question. What is said of a
sound and cannot be understood is refused with the name of a reason: nothing passes because it was not read.
"""
