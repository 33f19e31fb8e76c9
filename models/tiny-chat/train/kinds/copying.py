"""Saying again what was said: nothing else teaches as densely to copy what has never been seen."""

from wording import casual, expand, sentence

from . import conversation
from .words import city, name, open_word, phrase, topic

SINGLE = [
    "[Repeat|Say|Write|Repeat after me|Please repeat|Please say|Say after me|Echo|Copy]: {x}",
    "[Repeat|Say|Write|Copy] the [word|words|text|line] {x}",
    "[Repeat|Say|Write] [this|the following] [word for word|exactly|again|once more]: {x}",
]
LISTS = ["[Remember|Keep in mind|Note|Do not forget] [these|the] words: {x}.", "[Here are|I have] some words: {x}."]
ASKED = ["[Which|What] [words|were the words|words were they|words did I give you]?", "[Tell me|Repeat|Say|List] [the|my] words[| again][.|, please.]"]


def numbers(rng):
    return " ".join(str(rng.randint(0, rng.choice([9, 99, 9999]))) for _ in range(rng.randint(1, 4)))


def make(rng):
    if rng.random() < 0.25:
        words = ", ".join(open_word(rng) if rng.random() < 0.6 else phrase(rng, 1) for _ in range(rng.randint(2, 5)))
        turns = [expand(rng, rng.choice(LISTS), x=words), "I will remember them.", casual(rng, expand(rng, rng.choice(ASKED))), f"The words are {words}."]
        return conversation("copying", turns)
    text = rng.choice([lambda: phrase(rng, 6), lambda: sentence(phrase(rng, 6)) + ".", lambda: topic(rng), lambda: f"{name(rng)} {city(rng)}", lambda: numbers(rng)])()
    return conversation("copying", [expand(rng, rng.choice(SINGLE), x=text), text])
