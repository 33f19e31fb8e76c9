"""Many turns of different kinds in one conversation, so that the model keeps its feet far from the beginning."""

from wording import say

from . import common_facts, conversation, maybe_thought, server_facts, small_talk, stories, unknown
from .memory import filler, told, MEMORIES


def make(rng, turns_max=10):
    remembered = [told(rng, key) for key in rng.sample(list(MEMORIES), rng.randint(1, 3))]
    turns = []
    for fact in remembered:
        turns += [fact[0], fact[1]]
    while len(turns) < 2 * rng.randint(4, turns_max):
        module = rng.choice([None, None, common_facts, server_facts, small_talk, stories, unknown])
        if module is None:
            turns += filler(rng)
        else:
            turns += [turn["content"] for turn in module.make(rng)["turns"]]
    thought = "I know that."
    if rng.random() < 0.8:
        fact = rng.choice(remembered)
        turns += [fact[2], fact[3]]
        thought = f"They told me that before: {fact[4]}."
    return conversation("long_chats", turns, thought=maybe_thought(rng, 0.25, thought))
