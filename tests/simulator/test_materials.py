import pytest

from twnm_schemas import SpecError
from twnm_sim.materials import material_absorption, material_names


def test_every_material_has_seven_octave_bands_of_valid_absorption():
    assert len(material_names()) > 80
    for name in material_names():
        alphas = material_absorption(name)
        assert len(alphas) == 7
        assert all(0.0 <= alpha <= 1.0 for alpha in alphas), name


def test_the_published_values_come_through():
    assert material_absorption("hard_surface") == (0.02, 0.02, 0.03, 0.03, 0.04, 0.05, 0.05)
    assert material_absorption("rough_lime_wash") == (0.02, 0.03, 0.04, 0.05, 0.04, 0.03, 0.02)


def test_a_curve_that_ends_at_4_khz_is_held():
    assert material_absorption("lead_glazing") == (0.3, 0.2, 0.14, 0.1, 0.05, 0.05, 0.05)
    assert material_absorption("anechoic") == (1.0,) * 7


def test_an_unknown_name_is_refused_with_the_closest_ones():
    with pytest.raises(SpecError, match=r"no material named 'brikwork'.*brickwork"):
        material_absorption("brikwork")
    with pytest.raises(SpecError, match=r"no material named 'xq'"):
        material_absorption("xq")
