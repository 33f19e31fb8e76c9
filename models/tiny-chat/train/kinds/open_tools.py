"""
Functions in open words: names put together, descriptions that say in many ways what a function is for, parameters with and without a word on
them. What one of the three does not say, another does, or else only what the other functions are for.
"""

from wording import expand, sentence

from .english import ADJECTIVES, NOUNS, VERBS, ing, noun, open_word, third, word

# Family: words that stand for it in a name; what a description says of it, behind a verb that tells; the same as a heading; parameters.
SENSES = {
    "weather": {
        "names": "weather forecast temperature temp climate rain sun wind degrees storm heat outdoors air umbrella clouds thermometer barometer snow frost wx sunshine humidity".split(),
        "doing": [
            "[how [hot|cold|warm|cool|wet|dry|windy|sunny|cloudy|nice|mild|grey] [or|and] [hot|cold|warm|wet|dry|windy|stormy|icy] it [is|gets|will be]|[whether|if] it [rains|snows|is raining|is warm|is cold|will rain]]",
            "[the [temperature|rain|wind|forecast|climate|heat|air|sunshine|humidity|weather]|[temperature|rain|sun|wind] and [temperature|clouds|wind|snow|heat]|degrees, [rain|sun|clouds] and [wind|snow]]",
            "[whether|if] [a coat|an umbrella|a hat|a scarf|sun cream] [is needed|helps|makes sense]",
            "[what [thermometers|barometers|the forecast|weather stations|forecasters] [say|show|tell|measure]|what the [air|wind|day|morning] is like|how it [is|feels] [outside|in the open]]",
        ],
        "heads": [
            "[Sun|Rain|Heat|Temperature|Wind|Forecast|Climate|Outdoor weather|Snow|Degrees|Air][, wind| and rain| and clouds|, sun and snow|]",
            "[Weather|Forecast|Temperature|Climate|Thermometer] [service|station|data|reading|figures|information|source|feed]",
        ],
        "where": True,
        "asks": ["The [place|town|city|village|region|area][ to look at| in question| that is meant| whose weather is wanted|]", "[Where|For where|Which place][ the weather is wanted| it should look| is meant|]", "[Name of a|A|Some|Any] [place|town|city|village]"],
        "main": "city location place town city_name where area region village destination position place_name town_name for_city query_city address spot".split(),
    },
    "time": {
        "names": "time clock hour watch now oclock minute daytime local_time timezone hours clocktime timer zone datetime current_hour today moment".split(),
        "doing": [
            "[how late it is|what the hour is|the [hour|time|minute|clock|local hour|exact time|current hour|time of day|right time]|hours and minutes|the hour and the minute|the time on the clock]",
            "[what [time|hour] it is|what a watch [shows|says]|what is on the clock|what the clock says|how late people have it]",
            "[whether|if] it is [day or night|morning or evening|early or late|still day|already late|bedtime]",
        ],
        "heads": [
            "[Hour|Hour and minute|Time|Time of day|Exact time|Local hour|Local clock|Clock|Watch|Date and time|World time][| of the day]",
            "[Time|Clock|Hour] [service|signal|server|reading|information|source]",
        ],
        "where": True,
        "asks": ["The [place|town|city|village|region|zone][ to look at| in question| that is meant| whose time is wanted|]", "[Where|For where|Which place|Which zone][ the time is wanted| it should look| is meant|]", "[Name of a|A|Some|Any] [place|town|city|village|time zone]"],
        "main": "city location place timezone zone town city_name where area region tz village place_name town_name for_city position".split(),
    },
    "calculator": {
        "names": "calc calculator sum math maths number numbers digits plus compute count formula total product figures adding reckon solver times equation abacus".split(),
        "doing": [
            "[sums|products|a sum|a product|any sum|arithmetic|terms|a formula|formulas|equations|calculations|long sums|hard sums]",
            "[the [result|value|outcome|total|answer] of [numbers|a sum|a product|an expression|a formula|a term|a division|some arithmetic]|what [numbers|figures|a sum|a term|a formula] [makes|make|comes to|gives|give|adds up to]]",
            "[how much [numbers|a sum|an expression] [make|makes|is|are]|numbers with plus, minus and times|what comes out of [numbers|a sum|a formula]]",
        ],
        "heads": [
            "[Plus, minus and more|Plus and times|Adding and multiplying|Addition and division|Numbers|Figures|Sums|Arithmetic|Maths|Mental arithmetic|Basic maths|Long division]",
            "[Number|Sum|Math|Figure] [service|helper|solver|tool|work|engine]",
            "[Adds|Multiplies|Divides|Adds and divides|Adds, subtracts, multiplies|Reckons with|Works with|Is good with|Computes with] [numbers|figures|values|terms|digits]",
        ],
        "where": False,
        "asks": ["The [numbers|sum|term|figures|formula|task][ to solve| to work out| in question|]", "[What|Which sum|Which numbers] [to work out|to add up|to solve|it is about]", "[Numbers|Figures|Digits] [with|and] [plus, minus or times|operators|an operator between them]"],
        "main": "expression formula input calculation math equation expr query term problem sum task numbers calc arithmetic value text".split(),
    },
    "search": {
        "names": "search web internet net find lookup page site google article query online browse links browser bing finder pages websites answers seek library".split(),
        "doing": [
            "[pages|sites|articles|web pages|websites|links|documents|texts|facts|news|information|results|answers] [online|on the net|on the internet|in the internet|on the web|from the web|from everywhere|in the net|] [about|on|for|to] [something|anything|a subject|a topic|a question|some words|whatever you ask]",
            "[what [the web|the internet|the net|people online|websites|an encyclopedia] [says|say|knows|know|has|have|writes|write] [about|of|on] [something|anything|a subject|a topic|it]]",
            "[something|anything|things|answers|information|a subject|any topic] [online|on the net|on the internet|on the web|in web pages|in a search engine]",
        ],
        "heads": [
            "[Internet|Web|Online|Net|Full text|Site|Page|Article] [search|lookup|finder|query|research|browser]",
            "[Search engine|Encyclopedia|Browser|Index of pages|Pages|Articles|Links|The internet|The web|Online sources] [for|on|about] [anything|any topic|everything|all subjects]",
            "[Searches|Browses|Asks|Looks through|Goes through|Reads] [the internet|the net|websites|many sites|all pages|online sources|articles|a search engine]",
        ],
        "where": False,
        "asks": ["The [words|text|subject|topic|question|phrase|query][ to find| to look for| in question| that are typed in|]", "[What|Which words|Which subject] [to look for|to find|is wanted|the pages are about]", "[Some|Any] [words|text|subject|question]"],
        "main": "query q search_term text keywords topic term search phrase words subject question what keyword about input string".split(),
    },
}

TELLS = """Tells|Finds out|Says|Checks|Looks up|Gives|Returns|Shows|Reports|Knows|Learns|Gets|Fetches|Answers|Can tell|Is asked for|Retrieves|Reads|Provides|Outputs|Use this to learn|
Call this to find out|Lets you know|Useful to know|Prints|Delivers""".replace("\n", "").split("|")
FINDS = """Finds|Looks up|Gets|Gives|Returns|Shows|Fetches|Reads|Collects|Searches|Looks for|Retrieves|Brings|Lists|Delivers|Gathers|Use this to find|Call this to get|Picks out""".replace("\n", "").split("|")
SOLVES = """Solves|Works out|Computes|Calculates|Evaluates|Returns|Tells|Finds|Gives|Does|Handles|Gets|Reckons|Determines|Use this for|Call this for|Good for|Shows""".replace("\n", "").split("|")
WHERE = """| somewhere| in a place| in any town| for a city| at a location| wherever you ask| anywhere on the map| in a village| in the named place| in the world| around a town| there| of a place|
 at some place| for a region| in that town| near a city| abroad| in every city| for the place you name| in one town""".replace("\n", "").split("|")
ADDED = """|||||| Fast.| Free.| Call it once for each.| Works worldwide.| Needs no key.| Returns JSON.| In English.| Never guess, call this.| Always up to date.| Returns one line of text.""".replace("\n", "").split("|")
VAGUE = ["A helpful function.", "Use this one.", "{W} service.", "The {w} {v}er.", "Part of {W}.", "Version {d}.", "{W} {w}.", "Made by {W}.", "{W}.", "See the {w} manual.", "Internal function of {W}.", "Does what its name says.", "Powered by {W}."]
GLUE = "tool service api v2 home fast my remote server plus helper app pro lite desk bot agent client core hub line info data fn func call task job lib box kit engine call it this for at by in of to with from".split()
ACTING = "get fetch show check read tell give find look ask run do use call query load see know open make start request return print".split()


def camel(parts):
    return parts[0] + "".join(part.capitalize() for part in parts[1:])


def joined(rng, parts):
    roll = rng.random()
    if roll < 0.7:
        return "_".join(parts)
    if roll < 0.82:
        return camel(parts)
    return "-".join(parts) if roll < 0.88 else "".join(p.capitalize() for p in parts) if roll < 0.94 else ".".join(parts) if roll < 0.96 else "".join(parts)


def any_word(rng):
    roll = rng.random()
    return rng.choice(NOUNS) if roll < 0.4 else rng.choice(ADJECTIVES) if roll < 0.5 else rng.choice(VERBS) if roll < 0.6 else word(rng).lower() if roll < 0.75 else open_word(rng)


def telling_name(rng, family):
    """A name with a word of its family in it."""
    sense = rng.choice(SENSES[family]["names"])
    other = rng.choice(SENSES[family]["names"])
    act, glue, free = rng.choice(ACTING), rng.choice(GLUE), any_word(rng)
    forms = [[sense, glue], [glue, sense], [act, sense], [act, sense, glue], [act, "the", sense], [sense, free], [free, sense], [act, free, sense], [sense, glue, free],
             [sense, other], [sense, "of", free], [sense, "in", free], [free, sense, glue], [sense, "and", other], [act, sense, free], [sense, ing(rng.choice(VERBS))], [sense], [sense, str(rng.randint(1, 9))]]
    parts = list(dict.fromkeys(rng.choice(forms)))
    return joined(rng, parts)


def silent_name(rng):
    """A name that says nothing of what the function is for."""
    a, b, c = any_word(rng), any_word(rng), any_word(rng)
    forms = [[a], [a, b], [a, b], [a, rng.choice(GLUE)], [rng.choice(ACTING), a], [a, "of", b], [a, "the", b], [a, b, c], [a, str(rng.randint(1, 99))], [a, rng.choice(GLUE), b], [rng.choice(VERBS), "it"]]
    return joined(rng, rng.choice(forms))


def telling_description(rng, family):
    sense = SENSES[family]
    where = rng.choice(WHERE) if sense["where"] else ""
    if rng.random() < 0.68:
        verbs = TELLS if sense["where"] else SOLVES if family == "calculator" else FINDS
        text = f"{rng.choice(verbs)} {expand(rng, rng.choice(sense['doing']))}{where}"
    else:
        text = expand(rng, rng.choice(sense["heads"])) + where
    text += rng.choice([".", ".", ".", ".", "", "!", " for you.", " for the user."])
    return text + rng.choice(ADDED) if text.endswith(".") else text


def vague_description(rng):
    if rng.random() < 0.3:
        return None
    return rng.choice(VAGUE).format(W=word(rng).capitalize(), w=noun(rng), v=rng.choice(VERBS), d=rng.randint(1, 9))


def parameter(rng, family):
    """(name, schema). The description may be missing."""
    known = SENSES[family]
    name = rng.choice(known["main"])
    roll = rng.random()
    if roll < 0.12:
        name = joined(rng, [name, any_word(rng)]) if rng.random() < 0.5 else joined(rng, [any_word(rng), name])
    elif roll < 0.2:
        name = any_word(rng)
    schema = {"type": "string"}
    if rng.random() < 0.65:
        schema["description"] = expand(rng, rng.choice(known["asks"])) + rng.choice([".", ".", ""])
    if rng.random() < 0.06:
        schema = {"title": sentence(name.replace("_", " ")), **schema}
    return name, schema


def spare_parameter(rng):
    """(name, schema) of a parameter that nobody asks for."""
    name = rng.choice("lang language verbose format days detail country page safe style mode timeout precision key user limit units max_length level source version session".split() + [any_word(rng)])
    kind = rng.choice(["string", "integer", "boolean", "number"])
    schema = {"type": kind}
    if kind == "string" and rng.random() < 0.4:
        schema["enum"] = [any_word(rng) for _ in range(rng.randint(2, 3))]
    if rng.random() < 0.35:
        schema["description"] = rng.choice(["Optional.", f"The {name}.", f"{sentence(any_word(rng))} {name}.", f"{sentence(name)}, if any."])
    return name, schema


def family_in_open_words(rng, family):
    """(name, description or None, main parameter, properties)"""
    roll = rng.random()
    if roll < 0.4:
        name, description = telling_name(rng, family), telling_description(rng, family)
    elif roll < 0.65:
        name, description = silent_name(rng), telling_description(rng, family)
    elif roll < 0.85:
        name, description = telling_name(rng, family), vague_description(rng)
    else:
        name, description = silent_name(rng), vague_description(rng)
    main, schema = parameter(rng, family)
    if roll >= 0.85:
        # Nothing else tells.
        main = rng.choice(SENSES[family]["main"])
        schema["description"] = expand(rng, rng.choice(SENSES[family]["asks"])) + "."
    properties = {main: schema}
    if rng.random() < 0.2:
        extra, kind = spare_parameter(rng)
        properties.setdefault(extra, kind)
    return name, description, main, properties


# Functions that do something: a verb and a thing, and parameters that are said in the order.
# Kind: parameter names, type, clauses with {v}, descriptions.
ROLES = {
    "person": ("person name who guest recipient for to user client friend customer owner".split(), "string", ["for {v}", "for {v}", "with {v}", "and tell {v}"], ["The person.", "Who it is for.", "Name of the person."]),
    "place": ("place where room location city spot house address target".split(), "string", ["in {v}", "at {v}", "near {v}"], ["Where to do it.", "The place.", "Which place."]),
    "number": ("count amount number minutes pieces times quantity days hours".split(), "integer", ["{v} times", "for {v} {k}", "with {v} {k}"], ["How many.", "The number.", "How much."]),
    "text": ("title text label note message item thing topic subject words".split(), "string", ["called {v}", "with the {k} {v}", "named {v}", 'with the {k} "{v}"'], ["The words.", "What it says.", "The text."]),
}
ORDERED = """{o}|please {o}|can you {o}|could you {o}|I want you to {o}|I need you to {o}|would you {o}|you should {o}|{o} for me|it is time to {o}|do me a favour and {o}|let us {o}|my boss says: {o}|
go and {o}|I wish somebody would {o}|help me {o}|now {o}|{o} at once""".replace("\n", "").split("|")


def action(rng, draws):
    """(name, description, properties, [(key, value)], question): a function that does something, and an order for it."""
    verb, thing = rng.choice(VERBS), rng.choice(NOUNS) if rng.random() < 0.85 else open_word(rng)
    article = rng.choice(["the", "the", "the", "my", "our", "a"])
    roles = rng.sample(list(ROLES), rng.choice([1, 1, 1, 2]))
    order, properties, values = f"{verb} {article} {thing}", {}, []
    for role in roles:
        names, kind, clauses, descriptions = ROLES[role]
        key = rng.choice(names)
        value = draws[role](rng)
        properties[key] = {"type": kind, **({"description": rng.choice(descriptions)} if rng.random() < 0.4 else {})}
        spoken = key if key in ("minutes", "pieces", "days", "hours") else "pieces"
        order += " " + rng.choice(clauses).format(v=value, k=spoken if role == "number" else key)
        values.append((key, value))
    parts = rng.choice([[verb, thing], [verb, thing], [verb, "the", thing], [thing, verb], [verb, any_word(rng), thing], [thing, verb + "er"], [verb]])
    described = rng.random() < 0.85 or len(parts) == 1
    name = joined(rng, parts) if not described or rng.random() < 0.8 else silent_name(rng)
    description = rng.choice([f"{sentence(third(verb))} {rng.choice(['the', 'a', 'some'])} {thing}", f"{sentence(verb)} {rng.choice(['the', 'a'])} {thing}", f"For {ing(verb)} {thing}"]) + rng.choice([".", ".", ""]) if described else None
    return name, description, properties, values, rng.choice(ORDERED).format(o=order) + rng.choice([".", "", ".", "!", ", please.", ", thanks."])
