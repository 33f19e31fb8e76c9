"""Calls of weather, time, calculator and search functions, answers from their results, and turns that need no function."""

import json

from wording import casual, expand, say, sentence

from . import conversation, maybe_thought, small_talk
from .common_facts import fact
from .tool_schemas import FAMILIES, family_tool, other_tool
from .words import are_open, city, phrase, pick, topic

LEAD = "[||||Please |Hey, |Hi! |Quick question: |Tell me, |I wonder: ]"

ASKED = {
    "weather": [
        "[what is|what's|how is|how's] the weather [in|like in] {x}[| today| now| right now]?",
        "[is it|will it be] [raining|sunny|cold|warm|hot|windy|snowing|cloudy|rainy|nice] in {x}[| today| now]?",
        "[tell me|give me|show me|check|look up|get] the weather [in|for|of] {x}[.|, please.|]",
        "[how warm|how cold|how hot] is it in {x}[| today| now]?",
        "[do I need|should I take] [an umbrella|a coat|a hat|sunglasses] in {x}[| today]?",
        "weather in {x}[|, please| now][.|?]",
        "what is the temperature in {x}[| today| now]?",
        "I [am travelling|am going|fly|travel] to {x}[.|,] [what is|how is] the weather[ there|]?",
        "I want to know the weather in {x}[.|]",
    ],
    "time": [
        "what time is it in {x}[| now| right now]?",
        "[what is|what's] the [|current |local ]time in {x}[| now]?",
        "[tell me|give me|show me|check|look up|get] the [|current |local ]time [in|for] {x}[.|, please.|]",
        "how late is it in {x}[| now]?",
        "[is it|is it already] [morning|night|evening|noon|late|early] in {x}[| now]?",
        "time in {x}[|, please| now][.|?]",
        "what does the clock say in {x}?",
        "I want to [call|ring] a friend in {x}[.|,] what time is it there?",
        "I want to know the time in {x}[.|]",
    ],
    "calculator": [
        "[what is|what's|how much is] {x}?",
        "[calculate|compute|work out|evaluate|solve] {x}[.|, please.|]",
        "[can you|could you|please] [calculate|compute|work out|solve] {x}[?|.]",
        "{x} [=|is what|equals] [what|]?",
        "[tell me|give me] the result of {x}[.|]",
        "I need [the result of|to know] {x}[.|]",
        "use the [calculator|tool|function] for {x}[.|]",
        "{x}",
    ],
    "search": [
        "[search for|look up|find|google|search the web for|search the internet for|look for] {x}[.|, please.|]",
        "[can you|could you|please] [search for|look up|find out about|find] {x}[?|.]",
        "find [information|something|pages|results] [about|on] {x}[.|]",
        "[what can you find|what does the web say|what does the internet say] about {x}?",
        "I [want|need] [to know more|information|to read] about {x}[.|]",
        "[do a search|run a search|do a web search] for {x}[.|]",
        "web search: {x}",
    ],
}
BOTH = {
    "weather": ["[what is|how is|what's] the weather in {x} and [in |]{y}?", "[compare|tell me|give me|check] the weather in {x} and {y}[.|]", "is it warmer in {x} or [in |]{y}?"],
    "time": ["what time is it in {x} and [in |]{y}?", "[tell me|give me|check] the time in {x} and {y}[.|]", "[what is|what's] the time in {x} and [in |]{y}?"],
    "calculator": ["[what is|calculate|compute] {x} and {y}[?|.]", "[work out|solve] {x} and [then |also |]{y}[.|]"],
    "search": ["[search for|look up|find] {x} and {y}[.|]", "find [information|something|pages] about {x} and [about |]{y}[.|]"],
}
SKIES = ["sunny", "cloudy", "rainy", "windy", "snowy", "foggy", "clear", "stormy"]
SYSTEMS = [None, None, None, "You are a helpful assistant.", "Use the [tools|functions] when [needed|they help].", "[Answer|Help] with the [tools|functions] you have.", "Be [kind|brief|helpful]."]

# What the server adds when a client insists on a call (docs/prompting.md).
MUST_CALL = [
    "Answer with a call of one of these functions, not with words.",
    "Answer with a call of the function {name}, not with words.",
    "[Answer|Reply] [with a call of|by calling] [a function|one of the functions|the function {name}][|, not with words|, without words].",
]


def expression(rng):
    operator = rng.choice(["+", "-", "*", "/", "*", "+"])
    a, b = rng.randint(2, rng.choice([99, 999, 9999])), rng.randint(2, rng.choice([9, 99, 999]))
    if rng.random() < 0.1:
        return f"({a} {operator} {b}) * {rng.randint(2, 9)}"
    if rng.random() < 0.15:
        return f"{a} {operator} {b} {rng.choice('+-')} {rng.randint(2, 99)}"
    return f"{a} {operator} {b}"


def value_for(rng, family):
    return {"weather": city, "time": city, "calculator": expression, "search": topic}[family](rng)


def spoken(rng, family, value):
    """The value as it is asked for: sums now and then in words, which the call turns back into signs."""
    if family == "calculator" and rng.random() < 0.3:
        for sign, word in ((" + ", " plus "), (" - ", " minus "), (" * ", " times "), (" / ", " divided by ")):
            value = value.replace(sign, word)
    return value


def number(rng):
    return rng.choice([rng.randint(2, 99), rng.randint(100, 99999), round(rng.uniform(1, 500), rng.choice([1, 2]))])


def result_and_answer(rng, family, value):
    """What the function returns, as text, and what is said of it."""
    if family == "weather":
        degrees, sky = rng.randint(-15, 40), pick(rng, SKIES)
        result = {
            rng.choice(["temperature", "temp", "degrees", "temp_c", "celsius"]): degrees,
            rng.choice(["condition", "conditions", "sky", "weather", "description", "summary"]): sky,
        }
        if rng.random() < 0.3:
            result = {rng.choice(["city", "location", "place"]): value, **result}
        if rng.random() < 0.3:
            result[rng.choice(["humidity", "wind", "wind_speed"])] = rng.randint(1, 90)
        text = json.dumps(result, ensure_ascii=False)
        if rng.random() < 0.25:
            text = expand(rng, "[It is |]{d} degrees[, | and ]{s}[.|]", d=degrees, s=sky)
        return text, f"It is {degrees} degrees and {sky} in {value}."
    if family == "time":
        clock = f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"
        text = json.dumps({rng.choice(["time", "local_time", "now", "clock", "current_time", "result"]): clock})
        if rng.random() < 0.3:
            text = json.dumps({rng.choice(["city", "location", "place", "zone"]): value, **json.loads(text)}, ensure_ascii=False)
        return (clock if rng.random() < 0.25 else text), f"It is {clock} in {value}."
    if family == "calculator":
        outcome = number(rng)
        text = json.dumps({rng.choice(["result", "value", "answer", "output", "total"]): outcome})
        return (str(outcome) if rng.random() < 0.35 else text), f"The result is {outcome}."
    if are_open(rng, 0.4):
        found = sentence(phrase(rng, 7)) + "."
    else:
        found = sentence(expand(rng, "[people|experts|many|visitors|readers] [like|love|study|collect|talk about|visit] {x}", x=value)) + rng.choice(["", " every year", " all over the world", " since 1890", " in spring"]) + "."
    text = rng.choice([found, json.dumps({rng.choice(["result", "snippet", "text", "summary", "answer"]): found}, ensure_ascii=False), json.dumps([{"title": sentence(value), "snippet": found}], ensure_ascii=False)])
    return text, f"I found this: {found}"


def arguments_for(rng, family, main, extra, value, question):
    arguments = {main: value}
    if extra and rng.random() < 0.6:
        if family == "weather":
            unit = rng.choice(["celsius", "fahrenheit"])
            arguments[extra] = unit
            question = question.rstrip(".?, ") + expand(rng, "[ in {u}| (in {u})|, in {u}, please|. Use {u}][.|?|]", u=unit)
        else:
            count = rng.randint(2, 20)
            arguments[extra] = count
            question = question.rstrip(".?, ") + expand(rng, "[, {c} results| (give me {c} results)|. I want {c} results|. Show {c}][.|]", c=count)
    return arguments, question


def asked_for(rng, family, tool, main, extra):
    """(question, calls, [(result, answer)])"""
    name = tool["function"]["name"]
    if rng.random() < 0.18:
        values = [value_for(rng, family), value_for(rng, family)]
        if values[0] != values[1]:
            question = say(rng, BOTH[family], x=spoken(rng, family, values[0]), y=spoken(rng, family, values[1]))
            return question, [{"name": name, "arguments": {main: v}} for v in values], [result_and_answer(rng, family, v) for v in values]
    value = value_for(rng, family)
    question = say(rng, ASKED[family], x=spoken(rng, family, value))
    arguments, question = arguments_for(rng, family, main, extra, value, question)
    return question, [{"name": name, "arguments": arguments}], [result_and_answer(rng, family, value)]


def polite(rng, question):
    lead = expand(rng, LEAD)
    return casual(rng, sentence(lead + question), names=True)


def make(rng):
    family = rng.choice(list(FAMILIES))
    tool, main, extra = family_tool(rng, family, city(rng))
    tools = [tool]
    for other in rng.sample([f for f in FAMILIES if f != family], rng.choice([0, 0, 1, 1, 2])):
        tools.append(family_tool(rng, other, city(rng))[0])
    if rng.random() < 0.35:
        tools.append(other_tool(rng))
    names = [t["function"]["name"] for t in tools]
    if len(set(names)) < len(names):
        return make(rng)
    rng.shuffle(tools)
    system = rng.choice(SYSTEMS)
    system = system and expand(rng, system)
    turns = []
    if rng.random() < 0.15:
        turns += [*without_call(rng)[:2]]
    roll = rng.random()
    if roll < 0.12:
        question, said, thought = without_call(rng)
        return conversation("tools", [*turns, question, said], system=system, tools=tools, thought=maybe_thought(rng, 0.3, thought))
    if rng.random() < 0.08:
        order = say(rng, MUST_CALL, name=tool["function"]["name"])
        system = f"{system}\n\n{order}" if system else order
    for _ in range(2 if rng.random() < 0.15 else 1):
        question, calls, results = asked_for(rng, family, tool, main, extra)
        asked = [{"role": "user", "content": polite(rng, question)}, {"role": "assistant", "content": "", "calls": calls}]
        replied = [{"role": "tool", "content": text} for text, _ in results] + [{"role": "assistant", "content": " ".join(a for _, a in results)}]
        turns += asked + replied
    if rng.random() < 0.55:
        turns = turns[: -len(replied)]
        calls_said = "function" if len(calls) == 1 else "function twice"
        thought = f"I need the {tool['function']['name']} {calls_said}, with {' and '.join(str(c['arguments'][main]) for c in calls)}."
    else:
        thought = "The function has answered. I tell the result."
    turns = [turn if isinstance(turn, dict) else {"role": "user" if i % 2 == 0 else "assistant", "content": turn} for i, turn in enumerate(turns)]
    return conversation("tools", turns, system=system, tools=tools, thought=maybe_thought(rng, 0.35, thought))


def without_call(rng):
    """(question, answer, thought) that need no function."""
    if rng.random() < 0.5:
        asked, thought, answers = rng.choice(small_talk.TALK[:6])
        return casual(rng, say(rng, asked)), rng.choice(answers), thought
    question, said, _ = fact(rng)
    while any(sign in question for sign in "+-0123456789"):
        question, said, _ = fact(rng)
    return question, said, "I know that without a function."
