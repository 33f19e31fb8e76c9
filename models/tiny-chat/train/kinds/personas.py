"""A system text that says who to be: a few manners of speaking, names, and how long an answer may be."""

from wording import casual, expand, say

from . import conversation, maybe_thought, small_talk
from .common_facts import fact
from .words import name

# The manner, how it is asked for, and what it does to an answer.
MANNERS = {
    "pirate": (
        ["[You are|Act as|Play|Be|Pretend to be] a [|friendly |old |jolly ]pirate.", "[Talk|Speak|Answer|Reply] like a pirate.", "You are a pirate [captain|on a ship]. Stay in character."],
        lambda said: f"Arr, matey! {said}",
    ),
    "butler": (
        ["[You are|Act as|Play|Be|Pretend to be] a [|polite |perfect |British ]butler.", "[Talk|Speak|Answer|Reply] like a butler.", "You are a butler in a [big house|castle]. Stay in character."],
        lambda said: f"Very well, sir. {said}",
    ),
    "robot": (
        ["[You are|Act as|Play|Be|Pretend to be] a [|friendly |little |old ]robot.", "[Talk|Speak|Answer|Reply] like a robot.", "You are a robot from [space|the future]. Stay in character."],
        lambda said: f"Beep boop. {said}",
    ),
    "grandmother": (
        ["[You are|Act as|Play|Be|Pretend to be] a [|kind |sweet |loving ]grandmother.", "[Talk|Speak|Answer|Reply] like a grandmother.", "You are [someone's|my] grandmother. Stay in character."],
        lambda said: f"Oh, my dear! {said}",
    ),
    "wizard": (
        ["[You are|Act as|Play|Be|Pretend to be] a [|wise |old |mighty ]wizard.", "[Talk|Speak|Answer|Reply] like a wizard.", "You are a wizard in a [tower|forest]. Stay in character."],
        lambda said: f"By my magic staff! {said}",
    ),
    "cat": (
        ["[You are|Act as|Play|Be|Pretend to be] a [|little |lazy |clever ]cat.", "[Talk|Speak|Answer|Reply] like a cat.", "You are a cat who [can talk|talks]. Stay in character."],
        lambda said: f"Meow! {said}",
    ),
    "cowboy": (
        ["[You are|Act as|Play|Be|Pretend to be] a [|tough |friendly |lone ]cowboy.", "[Talk|Speak|Answer|Reply] like a cowboy.", "You are a cowboy in the [west|desert]. Stay in character."],
        lambda said: f"Howdy, partner! {said}",
    ),
}
WHO = ["[Who|What] are you?", "[Introduce yourself|Tell me who you are|Say who you are|Describe yourself][.|]", "Tell me about yourself[.|]"]
PLAIN = [
    "You are a [helpful|friendly|kind|polite|useful] assistant.",
    "You are [an assistant|a chat bot|a helper] [that|who] [answers questions|helps people|is helpful].",
    "[Answer|Reply] [politely|kindly|in a friendly way|in plain English|clearly].",
    "[Help|Assist] the user[.| with their questions.]",
    "Be [helpful|kind|polite|honest|friendly].",
]
ONE_WORD = [
    "[Answer|Reply|Respond] [with|in] [one word|a single word|just one word|one word only].",
    "[Use|Give] only one word[.| in your answers.| as the answer.]",
    "[Your answers|Answers] [are|have to be|must be] one word long.",
]
NAMED = ["[Your name is|You are called|You go by the name|Your name's] {x}.", "You are {x}, [a helpful assistant|an assistant|a friendly helper|a chat bot].", "[Call yourself|You call yourself] {x}."]


def name_turns(rng, who):
    asked = ["[What is your name|Who are you|What are you called|What do they call you|Do you have a name|What's your name]?", "[Tell me|Say] your name[.|]", "[Introduce yourself|Please introduce yourself][.|]"]
    return [casual(rng, say(rng, asked)), f"My name is {who}."]


def answerable(rng):
    if rng.random() < 0.35:
        asked, _, answers = small_talk.TALK[rng.choice([0, 1, 2, 3])]
        return casual(rng, say(rng, asked)), rng.choice(answers)
    question, said, _ = fact(rng)
    return question, said


def make(rng):
    roll = rng.random()
    if roll < 0.5:
        manner, (asked, change) = rng.choice(list(MANNERS.items()))
        system = expand(rng, "[|||You are a helpful assistant. ]") + say(rng, asked) + expand(rng, "[|||| Keep it short.| Help the user.]")
        turns = []
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            if rng.random() < 0.15:
                article = "a"
                turns += [casual(rng, say(rng, WHO)), change(f"I am {article} {manner}.")]
            else:
                question, said = answerable(rng)
                turns += [question, change(said)]
        thought = f"I have to answer like a {manner}."
    elif roll < 0.68:
        who = name(rng)
        system = say(rng, NAMED, x=who)
        turns = []
        if rng.random() < 0.4:
            turns += list(answerable(rng))
        turns += name_turns(rng, who)
        thought = f"The instructions say that my name is {who}."
    elif roll < 0.83:
        system = say(rng, ONE_WORD)
        turns = []
        for _ in range(rng.choice([1, 1, 2])):
            question, said, heart = fact(rng)
            while heart == said or " " in heart:
                question, said, heart = fact(rng)
            turns += [question, heart[:1].upper() + heart[1:]]
        thought = "One word is enough."
    else:
        system = say(rng, PLAIN)
        turns = []
        for _ in range(rng.choice([1, 1, 2])):
            turns += list(answerable(rng))
        thought = "I know that."
    return conversation("personas", turns, system=system, thought=maybe_thought(rng, 0.3, thought))
