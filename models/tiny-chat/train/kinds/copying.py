"""Saying again what was said: nothing else teaches as densely to copy what has never been seen."""

from wording import casual, expand, sentence

from . import conversation, english
from .words import are_open, city, name, open_word, phrase, topic

SINGLE = [
    "[Repeat|Say|Write|Repeat after me|Please repeat|Please say|Say after me|Echo|Copy]: {x}",
    "[Repeat|Say|Write|Copy] the [word|words|text|line] {x}",
    "[Repeat|Say|Write] [this|the following] [word for word|exactly|again|once more]: {x}",
]
LISTS = ["[Remember|Keep in mind|Note|Do not forget] [these|the] words: {x}.", "[Here are|I have] some words: {x}."]
ASKED = ["[Which|What] [words|were the words|words were they|words did I give you]?", "[Tell me|Repeat|Say|List] [the|my] words[| again][.|, please.]"]


def numbers(rng):
    return " ".join(str(rng.randint(0, rng.choice([9, 99, 9999]))) for _ in range(rng.randint(1, 4)))


def snake(rng):
    """As names of functions and keys are written."""
    return rng.choice("_-").join(english.word(rng).lower() for _ in range(rng.randint(2, 4)))


TEXTS = [
    lambda rng: phrase(rng, 6), lambda rng: sentence(phrase(rng, 6)) + ".", topic, topic, lambda rng: f"{name(rng)} {city(rng)}", numbers, snake,
    lambda rng: " ".join(english.word(rng) for _ in range(rng.randint(1, 6))), lambda rng: english.phrase(rng, city), english.title,
]


def make(rng):
    if rng.random() < 0.25:
        words = ", ".join(rng.choice([open_word, english.word, english.noun, lambda r: phrase(r, 1)])(rng) for _ in range(rng.randint(2, 5)))
        turns = [expand(rng, rng.choice(LISTS), x=words), "I will remember them.", casual(rng, expand(rng, rng.choice(ASKED))), f"The words are {words}."]
        return conversation("copying", turns)
    turns = []
    while not turns or are_open(rng, 0.5):
        text = rng.choice(TEXTS)(rng)
        turns += [expand(rng, rng.choice(SINGLE), x=text), text]
    return conversation("copying", turns)
