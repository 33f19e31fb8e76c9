"""Functions as clients offer them: four families under many names, parameters and descriptions, and others that never fit."""

from wording import expand

from .open_tools import action, family_in_open_words
from .words import are_open, open_word

# Family: names, descriptions, main parameters and what is said of them.
FAMILIES = {
    "weather": {
        "names": """get_weather getWeather weather get_current_weather current_weather weather_lookup lookup_weather check_weather weather_now
            fetch_weather get_forecast weather_report find_weather show_weather weather_api city_weather""".split(),
        "descriptions": [
            "[Get|Returns|Gets|Look up|Fetches|Shows] the [current |]weather [for|in|of|at] a [city|place|location|town][.|]",
            "[Current weather|Weather|Weather data|The weather] for a [given |][city|place|location][.|]",
            "[Tells|Find out] [what the weather is like|how the weather is|how warm it is] [in a city|at a place|somewhere][.|]",
        ],
        "main": "city location place town city_name where area region query name".split(),
        "main_descriptions": ["[The |][city|place|location|town][.|]", "[Name of the city|City name|Name of the place][.|]", "[City|Place], [e.g.|for example] {city}[.|]"],
    },
    "time": {
        "names": """get_time getTime time get_current_time current_time time_lookup clock world_clock what_time local_time time_now
            fetch_time show_time get_local_time city_time time_in""".split(),
        "descriptions": [
            "[Get|Returns|Gets|Look up|Tells] the [current |local |]time [for|in|of|at] a [city|place|location][.|]",
            "[Current time|Local time|The time|The time of day] [for|in] a [given |][city|place|location][.|]",
            "[Tells|Find out|Shows] what time it is [in a city|at a place|somewhere][.|]",
        ],
        "main": "city location place timezone zone city_name where area region town".split(),
        "main_descriptions": ["[The |][city|place|location][.|]", "[Name of the city|City name|Name of the place][.|]", "[City|Place], [e.g.|for example] {city}[.|]"],
    },
    "calculator": {
        "names": """calculator calculate calc compute evaluate math do_math solve eval_expression arithmetic run_calculation calculate_expression
            math_eval get_result compute_expression number_cruncher""".split(),
        "descriptions": [
            "[Evaluate|Evaluates|Calculate|Calculates|Computes|Work out|Solves] [an arithmetic|a math|a] [expression|calculation][.|]",
            "[A calculator|Calculator|Arithmetic|Does math|Simple math] [for numbers|with numbers|][.|]",
            "[Returns|Gives|Gets] the result of [a calculation|an expression|a sum][.|]",
        ],
        "main": "expression formula input calculation math equation expr query term problem".split(),
        "main_descriptions": ["[The |][expression|calculation|formula][.|]", "[What to calculate|The calculation to do|Arithmetic expression][.|]", "[Expression|Formula], [e.g.|for example] 2 + 3[.|]"],
    },
    "search": {
        "names": """search web_search search_web websearch find lookup look_up internet_search google search_internet query_web find_online
            do_search run_search search_engine browse""".split(),
        "descriptions": [
            "[Search|Searches|Look things up on|Finds things on|Find pages on] the [web|internet|net][.|]",
            "[Web search|Internet search|Search engine|A web search][.|]",
            "[Finds|Looks up|Get|Returns] [information|pages|results|facts] [about|on|for] [something|a topic|a query][.|]",
        ],
        "main": "query q search_term text keywords topic term search phrase words".split(),
        "main_descriptions": ["[The |][query|search term|topic|search text][.|]", "[What to search for|What to look for|Words to search for][.|]", "[Topic|Query], [e.g.|for example] old castles[.|]"],
    },
}

# Parameters beside the main one. They are filled only when the user says so.
UNIT_PARAMETERS = ["unit", "units", "temperature_unit", "scale"]
COUNT_PARAMETERS = ["count", "limit", "max_results", "num_results", "n", "results"]

# Functions that fit no question here. (name, description, parameters)
OTHERS = [
    ("send_email", "Sends an email.", {"to": "string", "subject": "string", "body": "string"}),
    ("play_music", "Plays a song.", {"song": "string"}),
    ("set_alarm", "Sets an alarm.", {"hour": "integer", "minute": "integer"}),
    ("translate", "Translates text.", {"text": "string", "language": "string"}),
    ("book_flight", "Books a flight.", {"origin": "string", "destination": "string"}),
    ("create_note", "Writes a note.", {"title": "string", "text": "string"}),
    ("turn_on_light", "Turns a light on.", {"room": "string"}),
    ("get_stock_price", "Price of a stock.", {"symbol": "string"}),
    ("order_food", "Orders food.", {"dish": "string", "amount": "integer"}),
    ("open_door", "Opens a door.", {"door": "string"}),
    ("read_file", "Reads a file.", {"path": "string"}),
    ("convert_currency", "Converts money.", {"amount": "number", "currency": "string"}),
]


def function(name, description, properties, required, closed=False):
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if closed:
        schema["additionalProperties"] = False
    body = {"name": name}
    if description:
        body["description"] = description
    return {"type": "function", "function": {**body, "parameters": schema}}


def name_like(rng, name, described):
    """The name, or where words are open, often one that has it in it, or one that says nothing and leaves all to the description."""
    if not are_open(rng, 0.7):
        return name
    if described and rng.random() < 0.4:
        return rng.choice(["{a}", "{a}_{b}", "{a}{B}", "get_{a}", "{a}_for", "run_{a}", "my_{a}"]).format(a=open_word(rng), b=open_word(rng), B=open_word(rng).capitalize())
    word = open_word(rng) if rng.random() < 0.6 else rng.choice("tool service api v2 home fast my remote server plus".split())
    return rng.choice([f"{name}_{word}", f"{word}_{name}", f"{name}{word.capitalize()}", f"{word}-{name}", f"{name}_{rng.randint(2, 9)}"])


def extra_parameter(rng, family, properties):
    """Adds, now and then, the parameter that goes with a family, and returns its name or None."""
    extra = None
    if family == "weather" and rng.random() < 0.35:
        extra = rng.choice(UNIT_PARAMETERS)
        properties[extra] = {"type": "string", "enum": ["celsius", "fahrenheit"]}
    if family == "search" and rng.random() < 0.35:
        extra = rng.choice(COUNT_PARAMETERS)
        properties[extra] = {"type": "integer"}
        if rng.random() < 0.4:
            properties[extra]["description"] = expand(rng, "[Number of results|How many results][.|]")
    return extra


def family_tool(rng, family, city):
    """(tool, its main parameter, its extra parameter or None)"""
    if are_open(rng, 0.75):
        name, description, main, properties = family_in_open_words(rng, family)
        extra = extra_parameter(rng, family, properties)
        return function(name, description, properties, [main] if rng.random() < 0.85 else [], rng.random() < 0.1), main, extra
    known = FAMILIES[family]
    main = rng.choice(known["main"])
    properties = {main: {"type": "string"}}
    if rng.random() < 0.6:
        properties[main]["description"] = expand(rng, rng.choice(known["main_descriptions"]), city=city)
    extra = extra_parameter(rng, family, properties)
    description = expand(rng, rng.choice(known["descriptions"])) if rng.random() < 0.85 else None
    required = [main] if rng.random() < 0.85 else []
    return function(name_like(rng, rng.choice(known["names"]), description is not None), description, properties, required), main, extra


def action_tool(rng, draws):
    """(tool, an order for it, the arguments that the order holds)"""
    name, description, properties, values, order = action(rng, draws)
    return function(name, description, properties, list(properties) if rng.random() < 0.85 else [], rng.random() < 0.1), order, dict(values)


def other_tool(rng, draws):
    """A function that fits no question about weather, time, sums or pages."""
    if are_open(rng, 0.8):
        return action_tool(rng, draws)[0]
    name, description, parameters = rng.choice(OTHERS)
    return function(name, description, {key: {"type": kind} for key, kind in parameters.items()}, list(parameters))
