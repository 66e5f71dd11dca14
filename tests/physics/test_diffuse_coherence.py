"""The two ears of a diffuse tail are as coherent as in a diffuse field around the same head."""

import numpy as np
from diffuse_coherence import LISTENER, ROOM, diffuse_field_coherence, pooled_coherence
from physics_cases import draw_sources

from twnm_sim import render_brirs


def test_pooled_over_many_tails_it_is_the_diffuse_fields(hrtf):
    found, wanted = pooled_coherence(hrtf, tails=120), diffuse_field_coherence(hrtf)
    assert wanted[0] > 0.9  # at 100 Hz the ears hear the same
    assert np.abs(found - wanted).max() < 0.1, np.round(found - wanted, 3)


def test_each_tail_is_its_own(kemar):
    """Another source or another seed, another noise: pooling over tails is pooling over independent ones."""
    sources = draw_sources(ROOM, LISTENER, 2, np.random.default_rng(1))

    def tail(seed):
        responses = render_brirs(ROOM, LISTENER, sources, kemar, duration_s=0.5, tail="diffuse", seed=seed)
        return responses[:, 0, 6000:].astype(float)

    (first, second), (reseeded, _) = tail(0), tail(1)
    for other in (second, reseeded):
        assert abs(np.sum(first * other)) < 0.1 * np.linalg.norm(first) * np.linalg.norm(other)
