"""About a hundred and fifty common facts, sums and differences up to 20 among them."""

from wording import are_open, casual, say, sentence

from . import conversation, maybe_thought
from .fact_table import BABIES, CAPITALS, COLOURS, DAYS, LEGS, MONTHS, NUMBER_WORDS, OPPOSITES, SINGLES, SOUNDS

LEAD = "[||||Please tell me: |Tell me, |Quick question: |Do you know: |I wonder: |Question: |Hey, |Hi! |Say, |A question: ]"

CAPITAL_ASKED = [
    "What is the capital of {x}?",
    "What's the capital of {x}?",
    "[Which|What] city is the capital of {x}?",
    "[Tell me|Name|Give me|Say] the capital of {x}.",
    "[Do you know|Can you tell me|Could you tell me|I want to know|Please tell me] [the|what the] capital of {x}[ is|]?",
    "The capital of {x}?",
    "{x}'s capital [city |]is [what|which]?",
    "What is {x}'s capital[| city]?",
    "[capital of {x}|{x} capital]",
    "[In which city does|Where does] the government of {x} [sit|meet]?",
    "What do you call the capital [city |]of {x}?",
]
CAPITAL_OF_ASKED = ["{y} is the capital of [which|what] country?", "Which country has {y} as its capital?", "[What|Which] country is {y} the capital of?"]
COLOUR_ASKED = [
    "[What|Which] [colour|color] is {x}?",
    "What is the [colour|color] of {x}?",
    "[Tell me|Name|Give me] the [colour|color] of {x}.",
    "[What|Which] [colour|color] does {x} have?",
    "[Do you know|Can you tell me] [what|which] [colour|color] {x} [is|has]?",
]
AFTER_ASKED = [
    "[What|Which] {unit} comes [right |]after {x}?",
    "[What|Which] {unit} follows {x}?",
    "What comes [right |]after {x}?",
    "[What|Which] is the {unit} after {x}?",
    "[Name|Tell me] the {unit} after {x}.",
    "After {x} comes [what|which {unit}]?",
    "What is the next {unit} after {x}?",
]
BEFORE_ASKED = [
    "[What|Which] {unit} comes [right |]before {x}?",
    "What comes [right |]before {x}?",
    "[What|Which] is the {unit} before {x}?",
    "[Name|Tell me] the {unit} before {x}.",
    "Before {x} comes [what|which {unit}]?",
]
PLACE_ASKED = ["[What|Which] is the {n} month[| of the year]?", "Which month is the {n}[| one| of the year]?", "[Name|Tell me] the {n} month."]
OPPOSITE_ASKED = [
    "What is the opposite of {x}?",
    "[Tell me|Name|Give me|Say] the opposite of {x}.",
    "The opposite of {x}?",
    "[What|Which word] means the opposite of {x}?",
    "[What|Which word] is opposite to {x}?",
    "If it is not {x}, what is it?",
    "{x}: [what is the|which is its|the] opposite?",
    "[The|An|Which] opposite [word|term] [of|to|for] {x}[?| is what?| is wanted.]",
    "Not {x} but [what|the opposite]?",
    "{x} and its opposite[?|, please.]",
    "I [need|want|look for] [the|a word that is the] opposite of {x}.",
]
SOUND_ASKED = [
    "[What|Which] [sound|noise] does {a} {x} make?",
    "What does {a} {x} say?",
    "[Tell me|Name] the [sound|noise] of {a} {x}.",
    "How does {a} {x} sound?",
    "What do you hear from {a} {x}?",
]
BABY_ASKED = [
    "What is a baby {x} called?",
    "What do you call a [baby|young] {x}?",
    "What is the [name|word] for a [baby|young] {x}?",
    "What is {a} {x}'s baby called?",
    "A [baby|young] {x} is called what?",
]
LEGS_ASKED = ["How many legs does {a} {x} have?", "How many legs has {a} {x}[ got|]?", "{a} {x} has how many legs?", "[What is the|Tell me the] number of legs of {a} {x}[.|?]"]
SUM_ASKED = [
    "What is {a} [+|plus] {b}?",
    "What's {a} [+|plus] {b}?",
    "[How much|What] is {a} [+|plus|and] {b}?",
    "{a} [+|plus] {b}",
    "{a} [+|plus] {b} [=|equals|is] [what|]?",
    "[Add|Please add|Can you add] {a} and {b}[.|]",
    "[What do you get|What do I get] [if|when] [you|I] add {a} and {b}?",
    "[Calculate|Compute|Work out] {a} [+|plus] {b}[.|]",
    "[What is the|Tell me the|Give me the] sum of {a} and {b}[?|.]",
    "[I have|She has|He has] {a} [apples|pears|books|balls] and [get|gets] {b} more. How many [are there|in all]?",
]
MINUS_ASKED = [
    "What is {a} [-|minus] {b}?",
    "[How much|What] is {a} [-|minus] {b}?",
    "{a} [-|minus] {b}",
    "{a} [-|minus] {b} [=|equals|is] [what|]?",
    "[Take|Subtract] {b} from {a}[.|]",
    "[Calculate|Compute|Work out] {a} [-|minus] {b}[.|]",
    "What is left if you take {b} [away |]from {a}?",
]
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()


def article(word):
    return "an" if word[0] in "aeiou" else "a"


def capital(rng):
    country, city = rng.choice(list(CAPITALS.items()))
    if rng.random() < 0.12:
        return say(rng, CAPITAL_OF_ASKED, y=city), f"{city} is the capital of {country}.", country
    return say(rng, CAPITAL_ASKED, x=country), f"The capital of {country} is {city}.", city


def colour(rng):
    thing, shade = rng.choice(list(COLOURS.items()))
    return say(rng, COLOUR_ASKED, x=thing), f"{sentence(thing)} is {shade}.", shade


def order(rng):
    unit, names = rng.choice([("day", DAYS), ("month", MONTHS)])
    index = rng.randrange(len(names))
    roll = rng.random()
    if unit == "month" and roll < 0.25:
        return say(rng, PLACE_ASKED, n=ORDINALS[index]), f"The {ORDINALS[index]} month is {names[index]}.", names[index]
    if roll < 0.7:
        other = names[(index + 1) % len(names)]
        return say(rng, AFTER_ASKED, x=names[index], unit=unit), f"After {names[index]} comes {other}.", other
    other = names[index - 1]
    return say(rng, BEFORE_ASKED, x=names[index], unit=unit), f"Before {names[index]} comes {other}.", other


def opposite(rng):
    pair = list(rng.choice(OPPOSITES))
    rng.shuffle(pair)
    return say(rng, OPPOSITE_ASKED, x=pair[0]), f"The opposite of {pair[0]} is {pair[1]}.", pair[1]


def sound(rng):
    animal, noise = rng.choice(list(SOUNDS.items()))
    return say(rng, SOUND_ASKED, x=animal, a=article(animal)), f"{sentence(article(animal))} {animal} says {noise}.", noise


def baby(rng):
    animal, young = rng.choice(list(BABIES.items()))
    return say(rng, BABY_ASKED, x=animal, a=article(animal)), f"A baby {animal} is called a {young}.", young


def legs(rng):
    animal, count = rng.choice(list(LEGS.items()))
    number = count if count else "no"
    return say(rng, LEGS_ASKED, x=animal, a=article(animal)), f"{sentence(article(animal))} {animal} has {number} legs.", str(count)


def sums(rng):
    if rng.random() < 0.65:
        a = rng.randint(0, 19)
        b = rng.randint(0, 19 - a)
        asked, said, result = SUM_ASKED, f"{a} plus {b} is {a + b}.", a + b
    else:
        a = rng.randint(0, 20)
        b = rng.randint(0, a)
        asked, said, result = MINUS_ASKED, f"{a} minus {b} is {a - b}.", a - b
    in_words = rng.random() < 0.15
    return say(rng, asked, a=NUMBER_WORDS[a] if in_words else a, b=NUMBER_WORDS[b] if in_words else b), said, str(result)


def single(rng):
    _, asked, said = rng.choice(SINGLES)
    return say(rng, asked), said, said


FAMILIES = [(capital, 5), (colour, 2), (order, 3), (opposite, 2.5), (sound, 1.5), (baby, 1.5), (legs, 1.2), (sums, 7), (single, 5)]


def fact(rng, only=None):
    """(question, answer as a sentence, the answer's heart)"""
    family = only or rng.choices([f for f, _ in FAMILIES], [w for _, w in FAMILIES])[0]
    question, said, heart = family(rng)
    if rng.random() < 0.3:
        question = say(rng, [LEAD]) + question
    return casual(rng, sentence(question)), said, heart


def thought_of(said, heart):
    return f"This is a fact I know. {said}" if heart != said else "This is a fact I know."


FOLLOW_UPS = ["And [of |]{x}?", "And {x}?", "What about {x}?", "[And|Also] for {x}?", "How about {x}?", "Now {x}[.|?]", "{x}?"]


def make(rng):
    if rng.random() < 0.12:
        countries = rng.sample(list(CAPITALS), rng.randint(2, 3))
        turns = [casual(rng, say(rng, CAPITAL_ASKED[:6], x=countries[0])), f"The capital of {countries[0]} is {CAPITALS[countries[0]]}."]
        for country in countries[1:]:
            turns += [casual(rng, say(rng, FOLLOW_UPS, x=country)), f"The capital of {country} is {CAPITALS[country]}."]
        thought = f"They want the capital of {countries[-1]}. It is {CAPITALS[countries[-1]]}."
        return conversation("common_facts", turns, thought=maybe_thought(rng, 0.3, thought))
    turns = []
    for _ in range(rng.choice([1, 2, 3, 4, 5] if are_open(rng, 1) else [1, 1, 1, 1, 2, 3])):
        question, said, heart = fact(rng)
        turns += [question, said]
    return conversation("common_facts", turns, thought=maybe_thought(rng, 0.3, thought_of(said, heart)))
