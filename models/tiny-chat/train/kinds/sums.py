"""Sums and differences up to 20, several in a row: they have to be known by heart."""

from wording import casual

from . import conversation
from .common_facts import fact, sums


def make(rng):
    turns = []
    for _ in range(rng.randint(3, 7)):
        question, said, _ = fact(rng, sums) if rng.random() < 0.4 else sums(rng)
        turns += [casual(rng, question), said]
    return conversation("sums", turns)
