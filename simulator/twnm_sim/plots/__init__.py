"""Drawings of responses and libraries, with matplotlib's object-oriented Agg API: no window, no global state.

`position.draw_position` draws one position the way `twnm-sim plot` and the report show it; `panels` holds its parts,
`library` the pictures of whole libraries, `canvas` how figures are made and saved, `page` one position as a page.
"""
