"""Calls of weather, time, calculator and search functions, answers from their results, and turns that need no function."""

import json

from wording import casual, expand, is_wider, say, sentence

from . import conversation, maybe_thought, small_talk
from .common_facts import fact
from .english import NOUNS, VERBS, noun, plural, third, word
from .tool_schemas import FAMILIES, action_tool, family_tool, other_tool
from .words import are_open, city, name, phrase, pick, topic

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
# The same in open words: what counts stands in front, in the middle or at the end, with words behind it that do not belong to it.
ASKED_OPENLY = {
    "weather": [
        "{x}[: |, ][what|how] [is the weather|is the sky|about the weather|does the weather do][ there|][?|]",
        "[for|about|in|over] {x} I [need|want|would like] the [weather|forecast|temperature]",
        "[do|will|should] [people|we|the people|they] in {x} [need|wear|take] [coats|umbrellas|boots|sun cream|a jacket|gloves][| today|, too]?",
        "what do [thermometers|people|the forecasters|weather stations] in {x} [say|show|measure|report][| today]?",
        "is {x} [wet|dry|hot|cold|grey|stormy|warm|frosty] [today|right now|this morning|these days|or dry|or warm]?",
        "the weather of {x} [is what|interests me|is what I need|would help me][?|.|]",
        "does {x} [have|get|see] [rain|snow|sun|storms|fog|frost][| today| now| this week]?",
        "I [land|arrive|will be|am] in {x} [soon|tonight|tomorrow|at noon][, how warm is it|, do I need a coat|. Is it raining|. What about the weather][ there|][?|]",
        "can [I|we|you] [swim|ski|sit outside|walk|have a picnic] in {x} [today|now|with this weather]? [Look at|See|Ask for] the [weather|forecast][ first|][.|]",
        "how [bad|good|fine|rough|nice|hot|cold] does {x} have it, weather and all?",
        "[which|what kind of|what sort of] weather [has|does one find in|waits in|is there in|do I meet in|comes to] {x}[| now| today]?",
        "[look|have a look|see|find out] [how warm|how cold|how wet|whether it rains|if it snows|how the weather is] in {x} [and tell me|for us|before I go|today][.|]",
        "my [aunt|son|friend|boss] in {x} asks [about the weather|whether it will rain|if it gets cold] there",
        "{x} weather[ now|, please| today| report|][?|]",
        "[temperature|forecast|rain|wind] [at|for|in] {x}[, quick|, please| today|]",
        "would I [freeze|sweat|get cold|need a hat] in {x}[| now| today]? [What is|Tell me] the [weather|temperature][ there|]",
    ],
    "time": [
        "{x}[: |, ][what time is it|how late is it|which hour is it][ there|][?|]",
        "[for|about|in] {x} I [need|want|would like] the [time|hour|local time]",
        "what [hour|time] do [people|they|clocks|watches|the clocks] in {x} [have|read|show|see] [now|just now|at this moment]?",
        "what does a [clock|watch] in {x} [read|show|say] [now|at this moment|just now]?",
        "is [everybody|everyone|anybody|my aunt] in {x} [asleep|awake|at work|in bed] [now|already|yet|by now]? [What time is it|How late is it] there?",
        "the [time|hour|clock] of {x} [is what|interests me|is what I need][?|.|]",
        "does {x} have [morning|evening|night|noon] [now|already|yet]?",
        "my [aunt|son|friend|boss] in {x} [sleeps|is at work|does not answer|is up][: |. ][how late is it|what time is it|what is the time] [there|over there][?|]",
        "how [late|early] does {x} have it [now|right now|at the moment]?",
        "[which|what] [hour|time] has {x} [now|at present|right now]?",
        "[look|have a look|see|find out] [how late it is|what time it is|what the clock says] in {x} [and tell me|for us|before I ring|now][.|]",
        "may I [ring|call|phone|wake] [somebody|my brother|an office|a friend] in {x} [now|already|yet]? [What is|Tell me] the time there",
        "{x} time[ now|, please|, now|][?|]",
        "[local time|the hour|the clock|current time] [at|for|in] {x}[, quick|, please|]",
        "when I [phone|ring] {x} [now|at once], what time [do I reach|will it be for|is it for] them?",
        "set my watch [by|to] {x} time: [what time is it|how late is it][ there|]?",
    ],
    "calculator": [
        "{x}[: |, ][what does that make|how much is that|can you do that|please solve it|what comes out|and the result|work it out][?|.|]",
        "[my homework|the bill|the book|my boss|the task] [says|is|asks for] {x}[, what comes out|. How much is it|, and I cannot do it|, how much is that][?|]",
        "what [comes out of|do we get from|does one get for|is the outcome of|is the value of|is the answer to|results from] {x} [in the end|, please|exactly|]?",
        "[here is|there is|this is] [a sum|a task|a calculation|something to work out] [for you|to do|]: {x}",
        "the [answer|result|solution|value] [to|of|for] {x} [is what|is needed|, please|would help me][?|.|]",
        "[do|solve|figure out|add up|reckon|try|settle] [this|this one|this sum|the following|that one] [for us|now|quickly|]: {x}",
        "does {x} [make|give|come to] [more than a hundred|a lot|less than ten|much]? [Work|Figure] it out",
        "[I get stuck at|I cannot do|nobody here can do|we need|it all depends on] {x} [here|, help me|, you try|without help][.|]",
        "[tell|show|give] [me|us] what {x} [is|makes|gives|comes to|adds up to][| in numbers|, please]",
        "if I [type|enter|put in|work out] {x}[, what do I get|, what is shown|, what will it be|, how much is it]?",
        "{x} [makes|gives|is|comes to|=] [how much|what|which number] [then|exactly|in total|]?",
        "[numbers|sum|task|question]: {x}",
        "[how many|how much] [do|does|will|would] {x} [make|give|come to|add up to][ together| in all|]?",
        "with {x} [on paper|in front of me|to solve], what [is|would be] the [result|answer]?",
    ],
    "search": [
        "[see|find out|look|check|show me] what [the web|the internet|the net|people online] [has|says|knows|writes] [on|about] {x} [for me|today|please|these days|]",
        "{x}[: |, ][search for it|please look that up|find me something|what is there online|what do people write][.|?|]",
        "[are there|do you find|can you get me] [pages|articles|sites|links|texts] [about|on] {x} [online|somewhere|on the net|for me]?",
        "[get|fetch|bring|show|give] me [pages|articles|links|something|facts|news] [about|on] {x} [from the web|from the internet|for my talk|, if you can|quickly|]",
        "[look for|look up|search|find|research] {x} [for me|on the net|in the internet|online|right away|when you can|, can you|, will you|and tell me more][.|?|]",
        "[everything|something|all|whatever you find] [about|on] {x}[, please| from the web| for me|]",
        "[my teacher|my boss|my son|a friend] [asks about|wants to know about|needs something on|talks of] {x}[, look it up|. Search for that| and I know nothing|: find pages][.|]",
        "[type|enter|put] {x} into [a search engine|the search|the web search][ for me|][.|]",
        "[has|did] [anybody|someone] [written|say] [anything|something] [about|on] {x} [online|on the web|lately]?",
        "the [net|web|internet] must know [about {x}|{x}|something on {x}][, search it|: look it up|][.|]",
        "I [read|heard|dreamt|wonder] about {x} [yesterday|today|all day|lately][. Find more|, look it up|. Search the net for it][.|]",
        "[web|online|net] [search|research|lookup] [on|about|for] {x}[ now|, please|]",
        "which [pages|sites|articles] [deal with|tell of|are about|write on] {x}[ best| most|]?",
        "[where|what] can [I|one|we] read [about|on] {x} [online|on the web]? [Search|Look it up]",
    ],
}
# Of the last stage.
MORE = {
    "weather": [
        "[could|would|can|will|might] you [tell me|look up|check|find out|ask|say|show me] [how|what] the weather [is|will be|is like|looks|does|feels] [in|around|near|at|for] {x}[| today| now| tomorrow| there]?",
        "[could|would|can|will] you [check|look up|get|fetch|find|show me|give me] the [weather|forecast|temperature|rain|sky] [in|over|around|near|at|for] {x}[| today| now| tomorrow]?",
        "[will|do|would|shall|might] [we|you|people|it|the children] [get|have|find|see|meet|need] [rain|snow|sun|a storm|good weather|bad weather|frost|boots|warm clothes] in {x}[| today| tonight| now]? [Look at|Find out|See about|Get|Look up|Ask for] the [weather|forecast|temperature][| there| for me][.|]",
        "[will|would|could|do] [my|our|the|his] [hair|shoes|coat|picnic|garden|party|clothes|dog] [get wet|freeze|stay dry|be fine|be cold|dry] in {x}? [See|Find|Ask about|Get|Look up] the weather[| there| over there][.|]",
    ],
    "time": [
        "[could|would|can|will|might] you [tell me|look up|check|find out|ask|say|show me|see] [what time it is|how late it is|what the time is|which hour it is|what the clock shows] [in|over in|around|at|for] {x}[| now| there| please]?",
        "[could|would|can|will] you [check|look up|get|fetch|find|give me] the [time|hour|clock|local time] [in|over in|at|for] {x}[| now| today]?",
    ],
    "calculator": [
        "[could|would|can|will] you [tell me|find out|work out|reckon|figure out|see|say|show] [how much|what|the result of|the value of] {x} [is|makes|gives|comes to][| please| for me]?",
        "[figure|work|count|reckon] [it|that|this] out [for us|now|quickly|, please|][:|,] {x}",
    ],
    "search": [
        "[could|would|can|will] you [see|look|check|find out] what [the web|the internet|the net|there is|one] [says|has|finds|knows] [about|on] {x}[| please| for me| today]?",
        "[could|would|will] you [search|look around|look|hunt] [the web|online|the net|around] for {x}[| please| for me]?",
    ],
}
BOTH_OPENLY = {
    "weather": ["{x} and {y}: [how is the weather|what weather|which is warmer|is it raining][?|]", "[does it rain|is it cold|is it sunny|how hot is it] in {x} and in {y}[| today]?", "[give me|I want|show us] the [forecast|weather|temperature] [of|for] {x} and [also |]the one [of|for] {y}", "[first|please] the weather of {x}, then that of {y}", "do {x} and {y} have [rain|sun|snow] [now|today]?"],
    "time": ["{x} and {y}: [what time is it|how late is it|which hour][?|]", "how late is it in {x} and in {y}[| now]?", "[give me|I want|show us] the [hour|time|clock] [of|for] {x} and [also |]the one [of|for] {y}", "[first|please] the time of {x}, then that of {y}", "which hour do {x} and {y} [see|show|read] [now|at present]?"],
    "calculator": ["{x} and [then |also |]{y}: [how much|what comes out|two sums for you][?|]", "[solve|do|try] {x} [first|], then {y}[.|]", "I need {x} and {y}, [both|two results]"],
    "search": ["{x} and {y}: [search both|look them up][.|]", "[one search|pages] for {x} and [another|one more] for {y}[.|]", "look for {x}, then for {y}[.|]"],
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


# What functions that do something are ordered to do it with.
DRAWS = {"person": name, "place": city, "number": lambda rng: rng.randint(2, 99), "text": topic}
DONE = ["done", "ok", '{"status": "ok"}', '{"status": "done"}', '{"ok": true}', '{"success": true}', "finished", '{"result": "done"}']


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
    if are_open(rng, 0.6):
        found = found_in_open_words(rng)
    else:
        found = sentence(expand(rng, "[people|experts|many|visitors|readers] [like|love|study|collect|talk about|visit] {x}", x=value)) + rng.choice(["", " every year", " all over the world", " since 1890", " in spring"]) + "."
    key = rng.choice(["result", "snippet", "text", "summary", "answer"] + ["page", "content", "abstract", "hit", "found", "line", "body", "extract", noun(rng)] * are_open(rng, 0.5))
    text = rng.choice([found, json.dumps({key: found}, ensure_ascii=False), json.dumps([{"title": sentence(value), key: found}], ensure_ascii=False), json.dumps({key: found}, ensure_ascii=False)])
    return text, f"I found this: {found}"


def found_in_open_words(rng):
    """A sentence as a page might have it, often with a number."""
    parts = ["{n} {v} {d} {s}", "{n} {v} {s} {d}", "The {w} of {c} has {d} {s}", "{s} {v} {w} {d}", "There are {d} {s} in {c}", "{p}", "{n} {v} {w} in {c}", "In {d} {n} was {w}", "{s} number {d} {v} {w}", "{w} {w} {w}", "No {w} {v} {c}"]
    text = rng.choice(parts)
    draws = {"n": noun, "v": lambda r: third(r.choice(VERBS)), "d": lambda r: str(r.randint(2, r.choice([20, 200, 2020]))), "s": lambda r: plural(r.choice(NOUNS)), "w": word, "c": city, "p": lambda r: phrase(r, 7)}
    for slot, draw in draws.items():
        while "{" + slot + "}" in text:
            text = text.replace("{" + slot + "}", draw(rng), 1)
    return sentence(text) + "."


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
    both, once = (BOTH_OPENLY, ASKED_OPENLY) if are_open(rng, 0.65) else (BOTH, ASKED)
    if rng.random() < 0.18:
        values = [value_for(rng, family), value_for(rng, family)]
        if values[0] != values[1]:
            question = say(rng, both[family], x=spoken(rng, family, values[0]), y=spoken(rng, family, values[1]))
            return question, [{"name": name, "arguments": {main: v}} for v in values], [result_and_answer(rng, family, v) for v in values]
    value = value_for(rng, family)
    question = say(rng, MORE[family] if is_wider(rng, 0.35) else once[family], x=spoken(rng, family, value))
    arguments, question = arguments_for(rng, family, main, extra, value, question)
    return question, [{"name": name, "arguments": arguments}], [result_and_answer(rng, family, value)]


def polite(rng, question):
    lead = expand(rng, LEAD)
    return casual(rng, sentence(lead + question), names=True)


def ordered(order, tool, arguments):
    """As asked_for does, of a function that does something."""
    return lambda rng: (order, [{"name": tool["function"]["name"], "arguments": arguments}], [(rng.choice(DONE), "It is done.")])


def offered(rng):
    """(functions, [what asks for one of them]); who asks returns what `asked_for` does."""
    families = rng.sample(list(FAMILIES), rng.choice([1, 1, 2, 2, 3]))
    tools, askers = [], []
    for family in families:
        tool, main, extra = family_tool(rng, family, city(rng))
        tools.append(tool)
        askers.append(lambda r, family=family, tool=tool, main=main, extra=extra: asked_for(r, family, tool, main, extra))
    if are_open(rng, 0.22):
        for _ in range(rng.choice([1, 1, 2, 3])):
            tool, order, arguments = action_tool(rng, DRAWS)
            tools.append(tool)
            askers.append(ordered(order, tool, arguments))
        kept = rng.randint(0, len(families)) if len(tools) > len(families) else len(families)
        tools, askers = tools[len(families) - kept :], askers[len(families) - kept :]
    elif rng.random() < 0.4:
        tools.append(other_tool(rng, DRAWS))
    if len({t["function"]["name"] for t in tools}) < len(tools):
        return offered(rng)
    return tools, askers


def make(rng):
    tools, askers = offered(rng)
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
    if are_open(rng, 1):
        # Several questions to one set of functions: more to learn from each row.
        asking = [rng.choice(askers) for _ in range(rng.choice([1, 1, 2, 3, 4]))]
        asking = list(dict.fromkeys(asking)) if rng.random() < 0.5 else asking
    else:
        asking = [askers[0]] * (2 if rng.random() < 0.15 else 1)
    for asker in asking:
        question, calls, results = asker(rng)
        asked = [{"role": "user", "content": polite(rng, question)}, {"role": "assistant", "content": "", "calls": calls}]
        replied = [{"role": "tool", "content": text} for text, _ in results] + [{"role": "assistant", "content": " ".join(dict.fromkeys(a for _, a in results))}]
        turns += asked + replied
    if rng.random() < 0.08:
        order = say(rng, MUST_CALL, name=calls[0]["name"])
        system = f"{system}\n\n{order}" if system else order
    if rng.random() < 0.6:
        turns = turns[: -len(replied)]
        calls_said = "function" if len(calls) == 1 else "function twice"
        thought = f"I need the {calls[0]['name']} {calls_said}, with {' and '.join(str(next(iter(c['arguments'].values()))) for c in calls)}."
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
