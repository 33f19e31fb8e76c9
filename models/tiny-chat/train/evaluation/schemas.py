"""Functions for the examination: their names, descriptions and combinations of parameters are not the generator's; single parameter names are."""


def tool(name, description, properties):
    schema = {"type": "object", "properties": properties, "required": [next(iter(properties))]}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def text(description=None):
    return {"type": "string"} if description is None else {"type": "string", "description": description}


WEATHER = [
    (tool("weather_at", "Reports how the sky looks over some town.", {"town": text("Town to report on."), "units": {"type": "string", "enum": ["celsius", "fahrenheit"]}}), "town"),
    (tool("meteo", "Meteorological conditions at a spot.", {"place": text("The spot.")}), "place"),
    (tool("conditions_outside", "Says what to expect outdoors in a given city.", {"city": text("Which city to look at.")}), "city"),
]
TIME = [
    (tool("clock_for", "Reads the clock of some town.", {"town": text("Town whose clock is read.")}), "town"),
    (tool("hour_of_day", "The hour of the day at a spot on Earth.", {"location": text("The spot.")}), "location"),
    (tool("now_in", "What the clocks show in a given city.", {"city": text("Which city to look at.")}), "city"),
]
CALCULATOR = [
    (tool("arith_tool", "Crunches numbers for you.", {"expression": text("Numbers and signs.")}), "expression"),
    (tool("number_machine", "Does sums, products and more.", {"formula": text("What to crunch.")}), "formula"),
    (tool("pocket_calc", "A calculator for the pocket.", {"input": text("Numbers to crunch.")}), "input"),
]
SEARCH = [
    (tool("web_finder", "Digs up pages from all over the web.", {"query": text("What to dig up."), "limit": {"type": "integer"}}), "query"),
    (tool("ask_the_web", "Asks the whole web a question.", {"text": text("What to ask.")}), "text"),
    (tool("page_hunter", "Hunts for pages.", {"keywords": text("What to hunt for.")}), "keywords"),
]
DISTRACTORS = [
    tool("water_plants", "Waters the plants.", {"minutes": {"type": "integer"}}),
    tool("rent_bike", "Rents a bike.", {"station": text()}),
    tool("feed_fish", "Feeds the fish.", {"tank": text()}),
]
