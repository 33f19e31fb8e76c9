"""One flat JSON object with the keys that were asked for, from a sentence or from a fact. The instructions paraphrase docs/prompting.md."""

import json

from wording import casual, expand, is_wider, say

from . import conversation, maybe_thought
from .fact_table import CAPITALS, COLOURS, DAYS, LEGS, OPPOSITES, SOUNDS
from .english import ADJECTIVES, NOUNS, noun, phrase
from .words import ANIMALS, FOODS, HOBBIES, JOBS, THINGS, are_open, city, name, open_word, pick, shade

TYPES = {str: "string", int: "integer", bool: "boolean", float: "number"}

# A field: the keys it may have, a draw, and a clause that says it of {n} (the subject), as alternatives.
FIELDS = {
    "age": (["age", "years", "age_years", "how_old"], lambda rng: rng.randint(5, 95), "is {v} years old"),
    "city": (["city", "home", "town", "place", "location", "lives_in"], city, "lives in {v}"),
    "job": (["job", "work", "profession", "occupation", "role"], lambda rng: pick(rng, JOBS), "[works as|is|has found work as] a {v}"),
    "hobby": (["hobby", "pastime", "likes", "interest"], lambda rng: pick(rng, HOBBIES), "[likes|loves|enjoys|is fond of] {v}"),
    "colour": (["colour", "color", "favourite_colour", "favorite_color"], shade, "[likes|loves] the [colour|color] {v}"),
    "food": (["food", "favourite_food", "favorite_food", "meal", "dish"], lambda rng: pick(rng, FOODS), "[likes|loves] to eat {v}"),
    "pet": (["pet", "animal", "pet_kind"], lambda rng: pick(rng, ANIMALS), "has a {v}"),
    "student": (["student", "is_student"], lambda rng: rng.random() < 0.5, "{is} a student"),
    "married": (["married", "is_married"], lambda rng: rng.random() < 0.5, "{is} married"),
    "country": (["country", "nation", "from", "origin"], city, "comes from {v}"),
    "company": (["company", "employer", "firm"], city, "[works for|is employed by] {v}"),
    "height": (["height", "height_cm", "size"], lambda rng: rng.randint(50, 210), "is {v} [cm|centimetres] tall"),
    "day": (["day", "weekday", "date"], lambda rng: rng.choice(DAYS), "[comes|arrives|is free|is away] on {v}"),
    "friend": (["friend", "best_friend", "partner", "knows"], name, "[is a friend of|knows|often visits] {v}"),
    "children": (["children", "kids", "child_count"], lambda rng: rng.randint(1, 6), "has {v} children"),
}
NAME_KEYS = ["name", "person", "who", "first_name", "full_name", "user"]

THING_FIELDS = {
    "price": (["price", "cost", "price_euros", "amount"], lambda rng: rng.randint(1, 900), "costs {v} [euros|dollars]"),
    "colour": (["colour", "color", "shade"], shade, "[is|comes in|was painted] {v}"),
    "weight": (["weight", "weight_kg", "kilos"], lambda rng: rng.randint(1, 90), "weighs {v} [kilos|kg|pounds]"),
    "material": (["material", "made_of", "stuff"], lambda rng: noun(rng), "is made of {v}"),
    "age": (["age", "years", "age_years"], lambda rng: rng.randint(1, 95), "is {v} years old"),
    "maker": (["maker", "brand", "made_by"], city, "was made by {v}"),
    "count": (["count", "quantity", "number", "stock"], lambda rng: rng.randint(2, 99), "is there {v} times"),
    "shop": (["shop", "city", "place", "sold_in", "location"], city, "is sold in {v}"),
    "new": (["new", "is_new"], lambda rng: rng.random() < 0.5, "{is} new"),
    "owner": (["owner", "belongs_to", "buyer"], name, "belongs to {v}"),
}
THING_KEYS = ["item", "product", "thing", "article", "object", "name"]


def open_field(rng):
    """A field like no other, named in the text as its key is."""
    key = rng.choice(NOUNS)
    if rng.random() < 0.5:
        return [key], lambda rng: rng.randint(1, rng.choice([9, 99, 2999])), "[has the|has a|got] " + key + " [of |]{v}"
    return [key], lambda rng: rng.choice([noun, name, city, lambda r: phrase(r, city)])(rng), "has [the|a] " + key + " {v}"


TAIL = "[ and nothing else| only| alone|, nothing else|]"
NO_MORE = "[||||: no other words, no code fence|. No other words, no code fence|, without other words|. Write no other text]"
PLAIN_ORDERS = [
    f"[Answer|Reply|Respond] with [one|a|a single] JSON object{TAIL}{NO_MORE}.",
    f"[Give|Write|Return|Output|Produce] [one|a|a single] JSON object{TAIL}{NO_MORE}.",
    f"[Your answer is|The answer must be|Your reply has to be] [one|a|a single] JSON object{TAIL}{NO_MORE}.",
    "[Answer|Reply|Respond] [in|as|with] JSON[| only].",
    "[Send|Let me have|I expect|I would like|We need|Say it with] [one|a|a single|just one] JSON object[, with no words around|, and no text beside it| as the whole answer|, no prose| and nothing besides|].",
    "[Say nothing but|Only|Nothing but] [one|a] JSON object[, please| will do| is allowed|].",
    "Answer with one JSON object and nothing else: no other words, no code fence.",
]
KEY_ORDERS = [
    "Its keys are {keys}.",
    "[Use|It has|It must have|It needs] the keys {keys}.",
    "[The keys are|Keys:] {keys}.",
    "[Put|Give|Fill in|Take] [the keys|only the keys|these keys]: {keys}.",
    "[Fields|Wanted|Properties|Needed keys]: {keys}.",
    "[I need|I would like|There have to be] the [keys|fields] {keys}[ in it| and no more|].",
    "[With the|It holds the|It consists of the] [keys|fields|properties] {keys}.",
    "[Its|The object's] [fields|properties|keys] are {keys}.",
]
SCHEMA_ORDERS = [
    "Answer with JSON that fits this JSON Schema and nothing else: no other words, no code fence.\n{schema}",
    f"[Answer|Reply|Respond] with [JSON|a JSON object|one JSON object] that [fits|follows|matches|is valid under] this [JSON Schema|schema]{TAIL}{NO_MORE}[.|:]\n{{schema}}",
    f"[Give|Write|Return|Output] [JSON|one JSON object] [according to|for|by|following] this [JSON Schema|schema]{TAIL}[.|:]\n{{schema}}",
]
SOURCES = ["{text}", "[Text|Sentence|Input|Here is the text|Data]: {text}", "[Extract the data|Read this|Turn this into JSON|Convert this]: {text}", "{text} [Extract the data.|Give me that as JSON.|Turn it into JSON.]"]


def clause(rng, pattern, value):
    is_ = "is" if value is True else "is not"
    return expand(rng, pattern, v=value, **{"is": is_})


def key_like(rng, key):
    """The key, or where words are open, now and then one that has it in it."""
    if not are_open(rng, 0.3):
        return key
    word = open_word(rng)
    return rng.choice([f"{key}_{word}", f"{word}_{key}", f"{key}{word.capitalize()}", f"the_{key}", f"{key}_{rng.randint(1, 9)}", key.upper(), key.capitalize()])


# How a sentence may lead to its subject, beside beginning with it: {s}, which then goes on, or {s}. with a new sentence.
LEADS = [
    "Meet {s}. {s}", "This is about {s}, who", "My friend {s}", "Do you know {s}? {s}", "Our neighbour {s}", "They say {s}", "I heard that {s}", "It seems that {s}",
    "Here comes {s}. {s}", "Somebody called {s}", "Listen: {s}", "Yesterday I met {s}. {s}", "I think that {s}", "In our office {s}", "News: {s}", "As everybody knows, {s}",
    "That is {s}. {s}", "Here lives {s}. {s}", "{s}! {s}", "Now {s}: {s}", "Let me tell you about {s}. {s}", "Look, {s}. {s}", "My {w} is called {s}. {s}", "The {w} {s}", "Somewhere there was {s}. {s}",
    "A {a} {w} named {s}", "Remember {s}? {s}", "We all like {s}. {s}", "Of all {w}s, {s}", "Everybody says that {s}", "Note that {s}", "It is true that {s}", "Who is {s}? {s}", "Next is {s}. {s}",
]
THING_LEADS = [
    "A {s} that", "My {s}", "That {s}", "Our {s}", "Look at this {s}: it", "I saw a {s} that", "One {s}", "Here is a {s}. It", "There was a {s} which", "Somebody sells a {s} that", "Your {s}", "His {s}",
    "For sale: a {s}. It", "{P}'s {s}", "The {s}, they say,", "Every {s} here", "We have one {s}, it", "{S}: it", "What a {s}! It", "I want the {s} that", "Somebody lost a {s}. That {s}", "In the shop the {s}",
]
# What stands between two clauses.
BETWEEN = [", ", ", ", " and ", ", {it} ", "; {it} ", ". {It} ", ". Also, {it} ", ", and {it} ", " - ", ", {s} ", ". {s} ", ". And {s} ", ", who "]


def led(rng, text, subject):
    """The text with its subject, which it begins with, not always at its beginning."""
    if not are_open(rng, 0.6):
        return text
    thing = subject.removeprefix("The ")
    lead = rng.choice(LEADS if thing == subject else THING_LEADS)
    text = fill(rng, lead, thing) + text.removeprefix(subject)
    return text.replace(" and ", ", ", 1) if rng.random() < 0.3 else text


def fill(rng, lead, thing):
    return lead.format(s=thing, S=thing.capitalize(), w=rng.choice(NOUNS), a=rng.choice(ADJECTIVES), P=name(rng))


def loosely(rng, subject, clauses):
    """The clauses about the subject, joined in any way, each perhaps with the subject again."""
    it = "it" if subject.startswith("The") else rng.choice(["he", "she", "they"])
    again = subject[:1].lower() + subject[1:] if it == "it" else subject
    text, between = f"{subject} {clauses[0]}", rng.choice(BETWEEN[:-1] if it == "it" else BETWEEN)
    for clause_ in clauses[1:]:
        joint = between if rng.random() < 0.7 else rng.choice(BETWEEN[:-1])
        text += joint.format(it=it, It=it.capitalize(), s=subject if joint.startswith(".") and not joint.startswith(". And") else again) + clause_
    return text + "."


def described(rng, subject, fields, count):
    """(sentences about the subject, [(key, value)])"""
    chosen = rng.sample(list(fields), count)
    clauses, pairs = [], []
    for field in chosen:
        keys, draw, pattern = open_field(rng) if are_open(rng, 0.12) else fields[field]
        value = draw(rng)
        clauses.append(clause(rng, pattern, value))
        pairs.append((key_like(rng, rng.choice(keys)), value))
    if are_open(rng, 0.5):
        text = loosely(rng, subject, clauses)
    elif count > 1 and rng.random() < 0.6:
        text = f"{subject} {', '.join(clauses[:-1])} and {clauses[-1]}."
    else:
        it = "It" if subject.startswith("The") else rng.choice(["He", "She"])
        text = f"{subject} {clauses[0]}." + "".join(f" {it} {c}." for c in clauses[1:])
    return led(rng, text, subject), pairs


def from_text(rng):
    if rng.random() < 0.65:
        who = name(rng)
        text, pairs = described(rng, who, FIELDS, rng.randint(1, 4))
        pairs.insert(0, (key_like(rng, rng.choice(NAME_KEYS)), who))
    else:
        thing = pick(rng, THINGS)
        text, pairs = described(rng, f"The {thing}", THING_FIELDS, rng.randint(1, 3))
        pairs.insert(0, (key_like(rng, rng.choice(THING_KEYS)), thing))
    if rng.random() < 0.25:
        pairs = rng.sample(pairs, rng.randint(1, len(pairs)))
    elif rng.random() < 0.4:
        rng.shuffle(pairs)
    if len({key for key, _ in pairs}) < len(pairs):
        return from_text(rng)
    return say(rng, SOURCES, text=text), pairs


def from_fact(rng):
    kind = rng.choice(["capital", "capital", "colour", "opposite", "sound", "legs", "sum"])
    if kind == "capital":
        country, city_ = rng.choice(list(CAPITALS.items()))
        return say(rng, ["What is the capital of {x}?", "[Tell me|Name] the capital of {x}.", "[What|Which] city is the capital of {x}?", "{x}'s capital?", "Capital of {x}?", "I [want|ask for|am after] {x}'s capital."], x=country), [(rng.choice(["country", "nation"]), country), (rng.choice(["capital", "city", "answer"]), city_)]
    if kind == "colour":
        thing, shade = rng.choice(list(COLOURS.items()))
        return say(rng, ["[What|Which] [colour|color] is {x}?"], x=thing), [(rng.choice(["colour", "color", "answer"]), shade)]
    if kind == "opposite":
        a, b = rng.choice(OPPOSITES)
        return say(rng, ["What is the opposite of {x}?"], x=a), [(rng.choice(["word", "input"]), a), (rng.choice(["opposite", "answer", "output"]), b)]
    if kind == "sound":
        animal, noise = rng.choice(list(SOUNDS.items()))
        return say(rng, ["What does a {x} say?", "What sound does a {x} make?"], x=animal), [("animal", animal), (rng.choice(["sound", "answer", "noise"]), noise)]
    if kind == "legs":
        animal, count = rng.choice(list(LEGS.items()))
        return say(rng, ["How many legs does a {x} have?"], x=animal), [("animal", animal), (rng.choice(["legs", "count", "answer"]), count)]
    a = rng.randint(0, 19)
    b = rng.randint(0, 19 - a)
    return say(rng, ["What is {a} + {b}?", "[Add|Sum up] {a} and {b}."], a=a, b=b), [(rng.choice(["sum", "result", "answer", "total"]), a + b)]


# What is made up where nothing is told. It is drawn anew each time: a value that were always the same would be said in place of those that a text tells.
MADE_UP = {
    "person": (NAME_KEYS, name, FIELDS),
    "thing": (THING_KEYS[:-1], lambda rng: pick(rng, THINGS), THING_FIELDS),
}
MADE_UP_WORDS = {
    "person": "[person|man|woman|user|customer|teacher|girl|boy|character|friend|neighbour|student|human|patient|player|worker|guest]",
    "thing": "[product|thing|article|object|item|good|piece of furniture|present|tool]",
}
MAKE_UP = [
    "[Describe|Invent|Make up|Create|Give me|Show me|Write|Generate|Produce|Imagine|Think of|Draw up|Give an example of|Let me see|Sketch|Suggest|I need|I want|We need|Come up with] [a|one|any|some|a new|an example of a|a made-up|a random] {w}",
    "[A|One|Any|Some] {w}[, please| would do| will do| is needed|, made up|]",
    "[What could|How might] a {w} [be|look like]?",
]


def made_up(rng):
    """(an order to make something up, [(key, value)]), as yet without its keys."""
    if rng.random() < 0.15:
        country, capital = rng.choice(list(CAPITALS.items()))
        pairs = [(rng.choice(["city", "capital", "town"]), capital), (rng.choice(["country", "nation"]), country), ("population", rng.randint(2, 90) * 100_000)]
        return expand(rng, MAKE_UP[0]).replace("{w}", expand(rng, "[city|place|town|country]")), rng.sample(pairs, rng.randint(1, 3))
    what = rng.choice(["person", "person", "thing"])
    names, subject, fields = MADE_UP[what]
    pairs = [(rng.choice(names), subject(rng))]
    for field in rng.sample(list(fields), rng.randint(0, 3)):
        keys, draw, _ = fields[field]
        pairs.append((rng.choice(keys), draw(rng)))
    if len({key for key, _ in pairs}) < len(pairs):
        return made_up(rng)
    return expand(rng, rng.choice(MAKE_UP)).replace("{w}", expand(rng, MADE_UP_WORDS[what])), pairs


def listed(rng, keys):
    quoted = [f'"{key}"' for key in keys] if rng.random() < 0.5 else keys
    return ", ".join(quoted) if rng.random() < 0.4 or len(keys) < 2 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


def of_nothing(rng):
    """JSON whose values nobody has told."""
    order, pairs = made_up(rng)
    keys = [key for key, _ in pairs]
    as_json = expand(rng, "[ as JSON| in JSON| as a JSON object|, in JSON|, as one JSON object]")
    with_keys = expand(rng, "[ with|, with| that has| which has] [the keys|keys|the fields|fields|its] {k}", k=listed(rng, keys))
    end, order = (order[-1:], order[:-1]) if order[-1:] == "?" else (rng.choice([".", "", "."]), order)
    roll = rng.random()
    answer = json.dumps(dict(pairs), ensure_ascii=False)
    thought = maybe_thought(rng, 0.2, f"I have to fill the {'key' if len(keys) == 1 else 'keys'} {', '.join(keys)}.")
    if roll < 0.3:
        return conversation("json", [casual(rng, order + as_json + with_keys + end, names=True), answer], thought=thought)
    if roll < 0.75:
        question = order + rng.choice(["", as_json, as_json + with_keys, with_keys]) + end
        server = say(rng, SCHEMA_ORDERS, schema=schema_of(rng, pairs)) if rng.random() < 0.4 else SCHEMA_ORDERS[0].replace("{schema}", schema_of(rng, pairs))
    else:
        question = order + rng.choice([as_json + with_keys, with_keys]) + end
        server = say(rng, PLAIN_ORDERS)
    system = expand(rng, "[|||You are a helpful assistant.\n\n]") + server
    return conversation("json", [casual(rng, question, names=True), answer], system=system, thought=thought)


def explained(rng, key, kind):
    """What a schema may say of a key, beside its type."""
    spoken = key.replace("_", " ")
    more = {}
    if rng.random() < 0.25:
        more["title"] = spoken.title()
    if rng.random() < 0.8:
        more["description"] = expand(rng, rng.choice(["[The|Its|Their|One] {k}[.|| of it.| of the person.| from the text.| as given.]", "[What|Which] {k}[ it is| is meant| is said|][.|]", "{K}[.|, a {t}.| as {t}| in words or numbers|]", "{W} {k}[.|]"]), k=spoken, K=spoken.capitalize(), t=kind, W=rng.choice(ADJECTIVES).capitalize())
    return more


def schema_of(rng, pairs):
    explains = are_open(rng, 0.4)
    properties = {}
    for key, value in pairs:
        kind = "number" if type(value) is int and rng.random() < 0.3 else TYPES[type(value)]
        properties[key] = {"type": kind}
        if explains and rng.random() < 0.8:
            more = explained(rng, key, kind)
            properties[key] = {**more, "type": kind} if rng.random() < 0.5 else {"type": kind, **more}
    schema = {"type": "object", "properties": properties}
    if rng.random() < 0.75:
        schema["required"] = [key for key, _ in pairs]
    if rng.random() < 0.5:
        schema["additionalProperties"] = False
    if explains and rng.random() < 0.3:
        schema = {"title": rng.choice(NOUNS).capitalize(), **schema} if rng.random() < 0.6 else {**schema, "description": f"{rng.choice(ADJECTIVES).capitalize()} {rng.choice(NOUNS)}."}
    compact = rng.random() < 0.7
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":") if compact else None)


RETRIES = [
    "That is not valid: {fault}. Answer with the JSON alone.",
    "[That is|This is] [not valid|invalid|wrong]: {fault}. [Answer|Reply|Try again] with [the JSON|JSON] [alone|only].",
    "[Not valid|Invalid]: {fault}. [Send|Give|Write] the JSON alone.",
]


def second_try(rng, answer, keys):
    """A wrong answer and the complaint about it."""
    faults = {
        "it is not JSON": expand(rng, "[Sure, I can do that!|Here is the answer.|Yes.|Let me see.]"),
        "the object does not end": answer[:-1],
        f'the key "{keys[-1]}" is missing': "{}",
        "there is text around the object": f"Here you are: {answer}",
    }
    fault = rng.choice(list(faults))
    return [{"role": "assistant", "content": faults[fault], "unlearnt": True}, {"role": "user", "content": say(rng, RETRIES, fault=fault)}]


def source(rng):
    if rng.random() < 0.72:
        return from_text(rng)
    question, pairs = from_fact(rng)
    return question, pairs[-1:] if are_open(rng, 0.35) else pairs


def more_of_it(rng, keys):
    """Another text with the same keys, as (question, pairs), or None where there is none."""
    subjects = NAME_KEYS + THING_KEYS
    subject = next((key for key in keys if key in subjects), None)
    rest = [key for key in keys if key != subject]
    fields = FIELDS if subject in NAME_KEYS and all(any(key in f[0] for f in FIELDS.values()) for key in rest) else THING_FIELDS
    if subject is None or not rest or not all(any(key in f[0] for f in fields.values()) for key in rest):
        return None
    who = name(rng) if fields is FIELDS else pick(rng, THINGS)
    chosen = {f"{i}": ([key], *next(f for f in fields.values() if key in f[0])[1:]) for i, key in enumerate(rest)}
    clauses, pairs = [], {subject: who}
    for index in rng.sample(list(chosen), len(chosen)):
        (key,), draw, pattern = chosen[index]
        pairs[key] = draw(rng)
        clauses.append(clause(rng, pattern, pairs[key]))
    about = who if fields is FIELDS else f"The {who}"
    text = led(rng, loosely(rng, about, clauses), about)
    return say(rng, SOURCES, text=text), [(key, pairs[key]) for key in keys]


def make(rng):
    if is_wider(rng, 0.15):
        return of_nothing(rng)
    question, pairs = source(rng)
    if are_open(rng, 0.25):
        pairs = rng.sample(pairs, rng.randint(1, len(pairs)))
    keys = [key for key, _ in pairs]
    wanted = ""
    if rng.random() < 0.5:
        order = say(rng, SCHEMA_ORDERS, schema=schema_of(rng, pairs))
    else:
        quoted = [f'"{key}"' for key in keys] if rng.random() < 0.75 else keys
        listed = ", ".join(quoted) if rng.random() < 0.7 or len(keys) < 2 else ", ".join(quoted[:-1]) + " and " + quoted[-1]
        order, wanted = say(rng, PLAIN_ORDERS), say(rng, KEY_ORDERS, keys=listed)
    answer = json.dumps(dict(pairs), ensure_ascii=False)
    again = second_try(rng, answer, keys) if rng.random() < 0.08 else []
    thought = f"I have to fill the {'key' if len(keys) == 1 else 'keys'} {', '.join(keys)}."
    system, more = None, []
    if rng.random() < 0.6:
        if wanted and are_open(rng, 0.3):
            # The keys with the text, the order from the server.
            question = f"{question} {wanted}" if rng.random() < 0.6 else f"{wanted} {question}"
        elif wanted:
            order = f"{order} {wanted}"
        system = expand(rng, "[||You are a helpful assistant.\n\n|You extract data.\n\n]") + order
        while are_open(rng, 0.4) and (next_one := more_of_it(rng, keys)):
            more += [next_one[0], json.dumps(dict(next_one[1]), ensure_ascii=False)]
    else:
        order = f"{order} {wanted}" if wanted else order
        question = f"{question} {order}" if rng.random() < 0.6 else f"{order}\n{question}"
    return conversation("json", [question, *again, answer, *more], system=system, thought=maybe_thought(rng, 0.25, thought))
