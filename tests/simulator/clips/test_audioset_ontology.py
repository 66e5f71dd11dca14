"""The table of AudioSet's classes: whole, and true where it can be checked from elsewhere."""

from twnm_sim.clips.audioset_ontology import ancestor_ids, load_ontology, say_class, split_leaves


def name_ancestors(mid: str) -> set[str]:
    return {say_class(ancestor) for ancestor in ancestor_ids(mid)}


def test_it_has_the_632_classes_of_the_paper_and_no_parent_is_unknown() -> None:
    ontology = load_ontology()
    assert len(ontology) == 632  # Gemmeke et al. 2017, abstract
    assert all(parent in ontology for entry in ontology.values() for parent in entry.parents)
    assert len({entry.name for entry in ontology.values()}) == 632


def test_its_roots_are_the_seven_families_of_the_paper() -> None:
    roots = {entry.name for entry in load_ontology().values() if not entry.parents}
    assert roots == {
        "Human sounds",
        "Animal",
        "Music",
        "Natural sounds",
        "Sounds of things",
        "Source-ambiguous sounds",
        "Channel, environment and background",
    }


def test_no_class_is_its_own_ancestor() -> None:
    assert all(mid not in ancestor_ids(mid) for mid in load_ontology())


def test_ancestors_come_by_every_path() -> None:
    assert name_ancestors("/m/07pggtn") == {  # a chirp is a bird's, and a brief tone
        "bird vocalization, bird call, bird song",
        "bird",
        "wild animals",
        "animal",
        "brief tone",
        "onomatopoeia",
        "source-ambiguous sounds",
    }
    assert name_ancestors("/m/0dgw9r") == set()
    assert ancestor_ids("/m/nothing") == frozenset()


def test_leaves_are_what_is_broader_than_nothing_else_in_the_order_given() -> None:
    dog, bark, rain, animal = "/m/0bt9lr", "/m/05tny_", "/m/06mb1", "/m/0jbk"
    assert split_leaves([animal, rain, dog, bark, bark]) == ((rain, bark), (animal, dog))
    assert split_leaves([dog]) == ((dog,), ())
