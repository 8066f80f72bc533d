"""The permission matrix is complete and reads like the table in the documentation."""

from aidecamp.actor import RANK
from aidecamp.identity.rights import LOWEST, Right


def test_every_right_has_a_lowest_role() -> None:
    assert set(LOWEST) == set(Right)


def test_the_matrix_is_ordered_by_role() -> None:
    ranks = [RANK[role] for role in LOWEST.values()]
    assert ranks == sorted(ranks)
