"""What the two adapters are taught: the same questions, without any system text, answered in another manner."""

from wording import casual, say

from . import conversation, maybe_thought, small_talk
from .common_facts import fact
from .personas import MANNERS
from .server_facts import FACTS

SHORT_TALK = ["Hi.", "Fine.", "Welcome.", "Bye.", "tiny-chat.", "Chat, facts, tools, JSON."]


def question_and_answers(rng):
    """(question, full answer, terse answer)"""
    roll = rng.random()
    if roll < 0.3:
        index = rng.randrange(len(SHORT_TALK))
        asked, _, answers = small_talk.TALK[index]
        return casual(rng, say(rng, asked)), rng.choice(answers), SHORT_TALK[index]
    if roll < 0.4:
        asked, said = rng.choice(FACTS)
        return casual(rng, say(rng, asked)), said, said.split(". ")[0].rstrip(".") + "."
    question, said, heart = fact(rng)
    return question, said, heart if heart == said else f"{heart[:1].upper()}{heart[1:]}."


def make(rng, manner):
    turns = []
    for _ in range(rng.choice([1, 1, 2])):
        question, full, short = question_and_answers(rng)
        turns += [question, MANNERS["pirate"][1](full) if manner == "pirate" else short]
    return conversation(manner, turns, thought=maybe_thought(rng, 0.2, "I know that."))
