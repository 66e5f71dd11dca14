"""Dry clips: catalogs of recordings from many datasets, scanned, judged, split and decoded.

Start with `scan` (from specs to a catalog), then `listing` (what an adapter says of a clip) and one file of `adapters`.
`splits` decides who may be heard where, `catalog` keeps the result, `audio` decodes, `synthesis` makes the sounds that
come with the package.
"""
