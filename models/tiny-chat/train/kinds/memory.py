"""Several turns that refer back: what was my name, my favourite colour, the number, what did I just say."""

from wording import are_open, casual, expand, is_wider, say, sentence

from . import conversation, maybe_thought, small_talk
from .common_facts import fact
from .words import ANIMALS, CITIES, COLOURS, FOODS, HOBBIES, JOBS, PET_NAMES, SPORTS, THINGS, city, made_up, name, pick

# What is told: (key, how it is told, the reply, how it is asked for, the answer).
MEMORIES = {
    "name": (
        lambda rng: name(rng),
        [
            "[My name is|I am|I'm|Call me|They call me|You can call me|Please call me|My friends call me|My name's] {x}.",
            "[Hi|Hello|Hey][,|!] [my name is|I am|I'm|this is|it's] {x}[.|!]",
            "[By the way, |Just so you know, |Remember: |Please remember that |]my name is {x}.",
        ],
        "Nice to meet you, {x}!",
        [
            "[What is|What was|What's|Do you remember|Do you know|Can you tell me|Tell me|Say] my name[| again]?",
            "Who am I?",
            "[Can you say|Do you still know|Have you forgotten|What did I say is|Did you forget] my name?",
            "[How do I call myself|What am I called|What did I tell you my name is]?",
        ],
        "Your name is {x}.",
    ),
    "colour": (
        lambda rng: pick(rng, COLOURS),
        ["My favourite [colour|color] is {x}.", "I [like|love] the [colour|color] {x} [most|best].", "[The colour|The color] I like [most|best] is {x}."],
        "{X} is a nice colour!",
        [
            "[What is|What was|What's|Do you remember|Tell me] my favourite [colour|color][| again]?",
            "[Which|What] [colour|color] do I [like|love|like best|like most]?",
        ],
        "Your favourite colour is {x}.",
    ),
    "food": (
        lambda rng: pick(rng, FOODS),
        ["My favourite food is {x}.", "I [like|love] [to eat|eating] {x} [most|best].", "[The food|What] I like [most|best] [to eat |]is {x}."],
        "Good choice, I will remember that you like {x}.",
        [
            "[What is|What was|What's|Do you remember|Tell me] my favourite food[| again]?",
            "[Which|What] food do I [like|love|like best|like most]?",
            "What do I like to eat?",
        ],
        "Your favourite food is {x}.",
    ),
    "animal": (
        lambda rng: pick(rng, ANIMALS),
        ["My favourite animal is the {x}.", "[The animal|What animal] I like [most|best] is the {x}.", "Of all animals I like the {x} [most|best]."],
        "I like that animal, too!",
        ["[What is|What was|What's|Do you remember|Tell me] my favourite animal[| again]?", "[Which|What] animal do I [like|love|like best|like most]?"],
        "Your favourite animal is the {x}.",
    ),
    "sport": (
        lambda rng: pick(rng, SPORTS),
        ["My favourite sport is {x}.", "[The sport|What sport] I like [most|best] is {x}.", "Of all sports I like {x} [most|best]."],
        "That sounds like fun!",
        ["[What is|What was|What's|Do you remember|Tell me] my favourite sport[| again]?", "[Which|What] sport do I [like|love|like best|like most]?"],
        "Your favourite sport is {x}.",
    ),
    "number": (
        lambda rng: str(rng.randint(2, rng.choice([20, 99, 999, 9999]))),
        [
            "My [lucky|favourite|secret] number is {x}.",
            "[Remember|Please remember|Keep in mind|Do not forget|Note] the number {x}.",
            "The [number|code|secret number] is {x}[.|. Remember it.|. Do not forget it.]",
        ],
        "I will remember the number {x}.",
        [
            "[What is|What was|What's|Do you remember|Tell me] [my|the] number[| again]?",
            "[Which|What] number [was it|did I say|did I tell you|did I give you|should you remember]?",
            "[What is|What was] [my lucky number|the number I told you|the code|the secret number]?",
        ],
        "The number is {x}.",
    ),
    "city": (
        lambda rng: city(rng),
        ["I live in {x}.", "[My home is|My home town is|I am living|I have a flat] in {x}.".replace("My home town is in", "I stay in"), "I am from {x}.", "I come from {x}."],
        "I hope it is nice in {x}!",
        ["Where [do I live|am I from|do I come from|is my home]?", "[Which|What] city [do I live in|am I from]?", "[Do you remember|Do you know|Tell me] where I live?"],
        "You live in {x}.",
    ),
    "job": (
        lambda rng: pick(rng, JOBS),
        ["I am a {x}.", "I work as a {x}.", "My job is {j} {x}.".replace("{j}", "being a"), "I [earn my money|make a living] as a {x}."],
        "That is an important job!",
        ["What [is|was] my job[| again]?", "What do I do for [a living|work]?", "[Do you remember|Do you know|Tell me] [my job|what my job is]?", "What do I work as?"],
        "You work as a {x}.",
    ),
    "pet": (
        lambda rng: pick(rng, PET_NAMES) if rng.random() < 0.5 else made_up(rng),
        ["I have a [dog|cat|rabbit|horse|bird] [called|named] {x}.", "My [dog|cat|pet|rabbit|bird]'s name is {x}.", "My [dog|cat|pet|rabbit|bird] is called {x}."],
        "{x} is a lovely name!",
        ["What is my [pet|animal] called?", "What is [the name of my pet|my pet's name]?", "[Do you remember|Tell me] [my pet's name|the name of my pet]?"],
        "Your pet is called {x}.",
    ),
    "hobby": (
        lambda rng: pick(rng, HOBBIES),
        ["My hobby is {x}.", "In my free time I [like|love] {x}.", "I spend my free time with {x}.", "[What|The thing] I like to do most is {x}."],
        "That sounds like fun!",
        ["What is my hobby?", "What do I [like to do|do] in my free time?", "[Do you remember|Tell me] my hobby?"],
        "Your hobby is {x}.",
    ),
    "age": (
        lambda rng: str(rng.randint(6, 95)),
        ["I am {x} years old.", "I'm {x} years old.", "My age is {x}.", "I turned {x} [this year|last week|today]."],
        "{x} is a good age!",
        ["How old am I?", "What is my age?", "[Do you remember|Do you know|Tell me] [how old I am|my age]?"],
        "You are {x} years old.",
    ),
    "thing": (
        lambda rng: f"{pick(rng, COLOURS)} {pick(rng, THINGS)}",
        ["[Yesterday|Today|Last week] I bought a {x}.", "I [got|found|lost|made] a {x} [today|yesterday]."],
        "A {x}, how interesting!",
        ["What did I [tell you about|say I have|mention]?", "What thing did I tell you about?", "What was it that I [told you about|mentioned]?"],
        "You told me about a {x}.",
    ),
}

# What each is called, for wordings that serve all.
CALLED = {
    "name": ["name", "first name"], "colour": ["favourite colour", "best-liked colour"], "food": ["favourite food", "favourite dish"], "animal": ["favourite animal"],
    "sport": ["favourite sport"], "number": ["number", "lucky number", "secret number"], "city": ["home town", "city", "town"], "job": ["job", "profession", "work"],
    "pet": ["pet's name", "dog's name", "cat's name"], "hobby": ["hobby", "pastime"], "age": ["age"], "thing": ["new thing", "find"],
}
TOLD_ANYHOW = ["About my {c}: it is {x}.", "My {c}? It is {x}.", "As for my {c}, that is {x}.", "{x} is my {c}.", "My {c} would be {x}.", "If you want to know my {c}: {x}.", "I have a {c}, and that is {x}."]
ASKED_ANYHOW = ["My {c} is what?", "And my {c}?", "{c}: what did I say?", "Which {c} did I tell you?", "I forgot my {c}, what is it?", "What did I say about my {c}?", "Please repeat my {c}.", "Say my {c} once more."]
TELLING = ["Before I forget: ", "Let me tell you something: ", "You should know this: ", "Good morning, ", "Hi there, ", "To begin with, ", "Write this down: ", "A little thing about me: ", "Hello and welcome, "]
HEARD = ["Okay.", "I see.", "Noted.", "Thank you for telling me.", "Fine.", "Good to know!", "Understood.", "That is nice.", "Very well.", "Sure!"]

UNKNOWN_YET = {"name": "your name", "colour": "your favourite colour", "food": "your favourite food", "city": "where you live", "age": "how old you are", "job": "your job"}

NOT_TAKEN_UP = ["Hello! How can I help you?", "Hi there! How can I help you?", "How can I help you?", *HEARD]


def filler(rng):
    """A question and an answer in between."""
    if rng.random() < 0.5:
        question, said, _ = fact(rng)
        return [question, said]
    asked, _, answers = rng.choice(small_talk.TALK)
    return [casual(rng, say(rng, asked)), rng.choice(answers)]


def told(rng, key):
    draw, tell, reply, asked, answer = MEMORIES[key]
    value = draw(rng)
    fill = lambda text: text.replace("{x}", value).replace("{X}", sentence(value))
    called = rng.choice(CALLED[key]) if are_open(rng, 1) else ""
    telling = expand(rng, rng.choice(tell))
    if are_open(rng, 0.4):
        telling = rng.choice(TOLD_ANYHOW).replace("{c}", called)
    if are_open(rng, 0.4):
        telling = rng.choice(TELLING) + telling
    if are_open(rng, 0.5):
        reply = rng.choice(HEARD)
    asking = expand(rng, rng.choice(asked))
    if are_open(rng, 0.3):
        asking = sentence(rng.choice(ASKED_ANYHOW).replace("{c}", called))
    return fill(telling), fill(reply), casual(rng, asking), fill(answer), value


def introduced(rng):
    """Somebody says who they are, talks of other things and asks for the name. Now and then nobody said it."""
    who, known = name(rng), rng.random() < 0.85
    if known:
        opening = casual(rng, small_talk.introduction(rng, who), names=True)
        replies = [f"Hello {who}! Nice to meet you. How can I help you?", f"Nice to meet you, {who}!"]
        # What is remembered must not hang on whether the answer said it again.
        passed_over = {"role": "assistant", "content": rng.choice(NOT_TAKEN_UP), "unlearnt": True}
        turns = [opening, rng.choice([replies[0], replies[0], replies[1], passed_over])]
    else:
        turns = aside(rng)
    for _ in range(rng.randint(1, 5)):
        turns += aside(rng)
    question = told(rng, "name")[2]
    answer, thought = (f"Your name is {who}.", f"They told me that before: {who}.") if known else ("You have not told me your name yet.", "They have not told me that.")
    return conversation("memory", [*turns, question, answer], thought=maybe_thought(rng, 0.25, thought))


def aside(rng):
    """A turn on anything else, in as many ways as there are."""
    return filler(rng) if rng.random() < 0.4 else small_talk.exchange(rng)[0]


def make(rng):
    if is_wider(rng, 0.6):
        return introduced(rng)
    roll = rng.random()
    if roll < 0.08:
        key = rng.choice(list(UNKNOWN_YET))
        question = casual(rng, expand(rng, rng.choice(MEMORIES[key][3])))
        turns = (filler(rng) if rng.random() < 0.5 else []) + [question, f"You have not told me {UNKNOWN_YET[key]} yet."]
        return conversation("memory", turns, thought=maybe_thought(rng, 0.3, "They have not told me that."))
    keys = rng.sample(list(MEMORIES), rng.choice([1, 1, 2, 2, 3]))
    facts = [told(rng, key) for key in keys]
    turns = []
    if len(facts) > 1 and rng.random() < 0.4:
        turns += [" ".join(f[0] for f in facts), facts[-1][1]]
    else:
        for f in facts:
            turns += [f[0], f[1]]
            if rng.random() < 0.3:
                turns += filler(rng)
    if rng.random() < 0.4:
        turns += filler(rng)
    asked = rng.sample(facts, rng.randint(1, len(facts)))
    for f in asked:
        turns += [f[2], f[3]]
    thought = f"They told me that before: {asked[-1][4]}."
    return conversation("memory", turns, thought=maybe_thought(rng, 0.3, thought))
