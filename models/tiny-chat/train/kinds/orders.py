"""
Functions as programs often offer them, most with two parameters or three, and orders that say some or all of them: what is not said is left
out of the call.
"""

import json

from wording import expand

from . import english
from .fact_table import DAYS
from .words import FOODS, city, name, open_word, pick, topic

ROOMS = "kitchen bathroom bedroom garage cellar attic office hall garden nursery".split() + ["living room", "dining room", "guest room"]
MONEY = "euros dollars pounds yen francs crowns EUR USD GBP JPY CHF SEK pesos rupees".split()
UNITS = "metres feet miles kilometres inches litres gallons kilos grams ounces hours minutes".split()
LANGUAGES = "French Spanish German Italian Dutch Polish Greek Turkish Danish Finnish Latin Hindi Korean Arabic".split()
ENDINGS = "txt md json csv py log png html ts yaml".split()
WHEN = ["tomorrow", "today", "tonight", "next week", "noon", *DAYS]


def clock(rng):
    hour = rng.randint(0, 23)
    return rng.choice([f"{hour:02d}:{rng.randint(0, 59):02d}", f"{hour}:{rng.randint(10, 59)}", f"{rng.randint(1, 12)} {rng.choice(['am', 'pm'])}", f"{rng.randint(1, 12)}{rng.choice(['am', 'pm'])}"])


def path(rng):
    parts = [english.noun(rng) if rng.random() < 0.6 else open_word(rng) for _ in range(rng.randint(1, 3))]
    return rng.choice(["", "", "/", "./"]) + "/".join(parts) + "." + rng.choice(ENDINGS)


def code(rng):
    return rng.choice([str(rng.randint(10, 99999)), f"{rng.choice('ABCDEFGHKLMNPRSTUVWXYZ')}{rng.randint(10, 9999)}", f"{rng.choice(['INV', 'ORD', 'ID', 'X', 'TK'])}-{rng.randint(10, 9999)}"])


def mail(rng):
    return name(rng).split(" ")[0].lower() + "@" + open_word(rng) + rng.choice([".com", ".org", ".net", ".de"])


def task(rng):
    return f"{rng.choice(english.VERBS)} {rng.choice(['the', 'my', 'a', 'some'])} {english.noun(rng)}"


def full_name(rng):
    return rng.choice([name, name, lambda r: f"{name(r)} {english.title(r)}", lambda r: f"{name(r)} {name(r)} {open_word(r).capitalize()}"])(rng)


def count(most):
    return lambda rng: rng.randint(2, most)


# Names; descriptions; parameters (slot: names, type, draw, descriptions); orders; whether it returns something.
FUNCTIONS = [
    ("send_email mail_to write_email send_mail email compose_mail", ["[Sends|Writes|Send|Compose] an [email|e-mail][| to somebody][.|]"],
     {"a": ("to recipient address receiver", "string", lambda r: r.choice([mail, full_name])(r), ["Who gets it.", "The address."]), "b": ("subject title about topic", "string", topic, ["What it is about.", "The subject."])},
     ["[send|write] [an email|a mail] to {a} about {b}", "email {a} about {b}", "[write|mail] to {a}[, subject:|, the subject is] {b}", "tell {a} by mail about {b}", "[send|write] {a} an email"], False),
    ("set_alarm alarm wake_up alarm_clock add_alarm", ["[Sets|Set|Adds] an alarm[.|]", "[Alarm clock|Wakes the user up][.|]"],
     {"a": ("time at hour when", "string", clock, ["When.", "The time of day."]), "b": ("label name title note", "string", lambda r: english.noun(r), ["What it is called."])},
     ["[set|make|add] an alarm for {a} called {b}", "wake me at {a}", "[I want an|set the] alarm at {a}", "[set|add] an alarm at {a} named {b}"], False),
    ("set_timer timer start_timer countdown", ["[Starts|Start|Sets] a [timer|countdown][.|]"],
     {"a": ("minutes duration length mins", "integer", count(90), ["How many minutes.", "Minutes."]), "b": ("label name for title", "string", lambda r: english.noun(r), ["What it is for."])},
     ["[set|start] a timer for {a} minutes", "[set|start] a {a} minute timer for the {b}", "[count|timer] {a} minutes for the {b}", "[set|start] a timer of {a} minutes called {b}"], False),
    ("translate translate_text translation translator", ["[Translates|Translate] [text|a text|words][| into another language][.|]"],
     {"a": ("text words phrase input", "string", lambda r: english.phrase(r, city), ["What to translate.", "The text."]), "b": ("language target to target_language lang", "string", lambda r: r.choice(LANGUAGES), ["Into which language.", "The language."])},
     ['translate "{a}" [to|into] {b}', "[how do you|how does one] say {a} in {b}?", "[translate|put] {a} into {b}", 'what is "{a}" in {b}?', "I need {a} in {b}"], True),
    ("convert_currency exchange convert_money currency exchange_rate", ["[Converts|Convert|Exchanges] [money|currencies|an amount of money][.|]"],
     {"a": ("amount value sum money", "number", count(5000), ["How much."]), "b": ("from from_currency source base", "string", lambda r: r.choice(MONEY), ["The currency it is in."]), "c": ("to to_currency target into", "string", lambda r: r.choice(MONEY), ["The currency wanted."])},
     ["[convert|change|turn] {a} {b} [to|into] {c}", "how [much|many {c}] is {a} {b} in {c}?", "[what is|what are] {a} {b} in {c}?", "{a} {b} in {c}"], True),
    ("convert_units unit_converter convert measure_in", ["[Converts|Convert] [units|a measure|from one unit to another][.|]"],
     {"a": ("value amount number quantity", "number", count(900), ["How much."]), "b": ("from from_unit source unit_from", "string", lambda r: r.choice(UNITS), ["The unit it is in."]), "c": ("to to_unit target unit_to", "string", lambda r: r.choice(UNITS), ["The unit wanted."])},
     ["[convert|change|turn] {a} {b} [to|into] {c}", "how many {c} are {a} {b}?", "{a} {b} in {c}[, please|]"], True),
    ("book_flight flight reserve_flight find_flights search_flights", ["[Books|Book|Finds|Reserves] [a flight|flights][.|]"],
     {"a": ("origin from departure from_city start", "string", city, ["Where it starts.", "City of departure."]), "b": ("destination to arrival to_city goal", "string", city, ["Where it lands.", "City of arrival."]), "c": ("date day when departure_date", "string", lambda r: r.choice(WHEN), ["The day."])},
     ["[book|find|get|I need] a flight from {a} to {b}", "[book|find|I want] a flight from {a} to {b} on {c}", "fly me from {a} to {b}", "[book|find] a flight to {b} from {a}", "I want to fly {c} from {a} to {b}"], False),
    ("distance get_distance route get_route directions how_far", ["[Distance|The way|Route|Directions] [between two places|from one place to another][.|]", "[Tells|Finds] how far [it is|two places are][.|]"],
     {"a": ("from origin start from_place source", "string", city, ["Where it starts."]), "b": ("to destination end to_place target", "string", city, ["Where it ends."]), "c": ("mode by vehicle transport", "string", lambda r: r.choice("car train bus bike boat plane".split()), ["How to travel."])},
     ["how far is it from {a} to {b}[| by {c}]?", "[show me the way|how do I get|give me directions] from {a} to {b}[ by {c}|]", "[the distance|the route] [between {a} and {b}|from {a} to {b}]", "[way|route] from {a} to {b} by {c}"], True),
    ("create_event add_event calendar schedule new_event plan_meeting", ["[Creates|Adds|Add|Puts] [an event|an entry|a meeting] [in the calendar|to the calendar][.|]", "[Plans a meeting|Schedules something][.|]"],
     {"a": ("title name event summary what", "string", lambda r: english.phrase(r, city), ["What it is.", "The title."]), "b": ("date day when on", "string", lambda r: r.choice(WHEN), ["Which day."]), "c": ("time at hour start", "string", clock, ["When it begins."])},
     ['[put|add|enter] "{a}" [in|into] my calendar for {b}', '[schedule|plan|add] [an event called |]"{a}" on {b} at {c}', "[plan|schedule] {a} for {b}", "[a meeting|an event] on {b} at {c}: {a}"], False),
    ("remind_me set_reminder reminder add_reminder remember", ["[Sets|Adds|Set] a reminder[.|]", "Reminds the user[.| of something.]"],
     {"a": ("text what task message about", "string", task, ["What to remind of."]), "b": ("time when at date", "string", lambda r: r.choice([clock(r), r.choice(WHEN)]), ["When."])},
     ["remind me to {a} at {b}", "[remind me at|at] {b} [I have to|to|I must] {a}, remind me", "[set a|I need a] reminder: {a}", "do not let me forget to {a}", "[set a|add a] reminder for {b} to {a}"], False),
    ("play_song play_music play music_player start_song", ["[Plays|Play|Starts] [a song|music][.|]"],
     {"a": ("song title track name", "string", lambda r: english.title(r) if r.random() < 0.4 else english.phrase(r, city), ["Name of the song."]), "b": ("artist by band singer", "string", full_name, ["Who sings it."])},
     ["play {a} by {b}", '[play|start|put on] "{a}"[ by {b}|]', "[play|put on|I want to hear] the song {a}", "[I want to hear|let us hear] {a} by {b}"], False),
    ("set_light light switch_light turn_light control_light lamp", ["[Turns|Switches] [a light|lights|lamps] on or off[.|]", "[Controls|Dims] the lights[.|]"],
     {"a": ("room where place location", "string", lambda r: r.choice(ROOMS), ["Which room."]), "b": ("state on_off action mode", "string", lambda r: r.choice(["on", "off"]), ["On or off."])},
     ["[turn|switch] {b} the [light|lights|lamp] in the {a}", "[turn|switch] the {a} [light|lights|lamp] {b}", "[light|lights|lamp] {b} in the {a}"], False),
    ("set_temperature thermostat set_heating heating climate_control", ["[Sets|Changes] the [heating|thermostat|temperature] [of|in] a room[.|]"],
     {"a": ("room where place zone", "string", lambda r: r.choice(ROOMS), ["Which room."]), "b": ("degrees temperature value target", "integer", lambda r: r.randint(10, 30), ["How warm."])},
     ["[set|heat|warm|bring] the {a} to {b} degrees", "[I want|make it|it should be] {b} degrees in the {a}", "{b} degrees [in|for] the {a}"], False),
    ("transfer_money pay send_money transfer payment", ["[Sends|Transfers|Pays] money[| to somebody][.|]"],
     {"a": ("amount sum money value", "number", count(3000), ["How much."]), "b": ("to recipient payee person", "string", full_name, ["Who gets it."])},
     ["[send|pay|transfer|give] {a} [euros|dollars|pounds|] to {b}", "[send|pay|give] {b} {a} [euros|dollars|pounds]", "{b} gets {a} [euros|dollars] from me"], False),
    ("book_table reserve_table table reservation restaurant_booking", ["[Books|Reserves] a table[| in a restaurant][.|]"],
     {"a": ("restaurant place name where", "string", lambda r: english.title(r), ["Which restaurant."]), "b": ("people guests persons party_size seats", "integer", count(12), ["How many people."]), "c": ("time at when hour", "string", clock, ["When."])},
     ["[book|reserve|get] a table for {b} at {a}", "[book|reserve|get] a table [at|in] {a} at {c} for {b}[ people|]", "we are {b}, [book|reserve] us a table at {a} for {c}"], False),
    ("order_food order food_order delivery order_meal", ["[Orders|Order] [food|a meal|something to eat][.|]"],
     {"a": ("dish food item meal what", "string", lambda r: pick(r, FOODS), ["What to eat."]), "b": ("count amount quantity portions number", "integer", count(20), ["How many."])},
     ["[order|get|bring] {b} {a}", "[order|get|I want] {b} [portions|pieces] of {a}", "[order|get|I want] [some |]{a}"], False),
    ("find_order get_order order_status customer_lookup get_customer get_user lookup_user track_package", ["[Finds|Gets|Looks up] [an order|a customer|a parcel|a user] by [number|its number|id][.|]"],
     {"a": ("id order_id number code customer_id user_id", "string", code, ["The number.", "Its id."]), "b": ("field detail part column", "string", lambda r: english.noun(r), ["What is wanted of it."])},
     ["[find|get|show|look up] [the |][order|customer|user|parcel] {a}", "[where is|what about|how is] [order|customer|parcel|number] {a}?", "[get|show] the {b} of [order|customer|user|number] {a}"], True),
    ("read_file open_file file_reader cat_file show_file", ["[Reads|Opens|Shows] [a file|the text of a file][.|]"],
     {"a": ("path file filename file_path name", "string", path, ["Which file.", "Path of the file."])},
     ["[read|open|show|print] [the file |]{a}", "[what is|what stands|what do you find] in {a}?", "show me [what is in |]{a}"], True),
    ("write_file save_file create_file save_text store_file", ["[Writes|Saves|Creates] [a file|text to a file][.|]"],
     {"a": ("path file filename file_path name", "string", path, ["Which file.", "Path of the file."]), "b": ("content text data body contents", "string", lambda r: english.phrase(r, city), ["What to write.", "The text."])},
     ['[write|save|put] "{b}" [to|into] {a}', '[create|make|write] [the file |]{a} with "{b}"[ in it|]', "[write|save|store] {b} in {a}"], False),
    ("create_note add_note note write_note save_note add_contact new_entry", ["[Writes|Saves|Adds] a [note|memo|entry][.|]"],
     {"a": ("title name heading label", "string", lambda r: english.noun(r), ["What it is called."]), "b": ("text content body note", "string", lambda r: english.phrase(r, city), ["What it says."])},
     ["[write|make|add] a note called {a}: {b}", '[note|write down|take down] under {a}: "{b}"', '[make|add] a note named {a} that says "{b}"'], False),
]


def order(rng):
    """(name, description or None, properties, required, arguments, question, whether it returns something)"""
    names, descriptions, slots, questions, returns = rng.choice(FUNCTIONS)
    pattern = expand(rng, rng.choice(questions))
    asked = [slot for slot in slots if "{" + slot + "}" in pattern]
    keys = {}
    for slot, (wanted, _, _, _) in slots.items():
        free = [key for key in wanted.split() if key not in keys.values()]
        keys[slot] = rng.choice(free)
    values = {slot: slots[slot][2](rng) for slot in asked}
    if len({str(value) for value in values.values()}) < len(values):
        return order(rng)
    said = pattern
    for slot, value in values.items():
        said = said.replace("{" + slot + "}", str(value))
    # A parameter that nobody asks for is not always there.
    shown = [slot for slot in slots if slot in asked or rng.random() < 0.6]
    if rng.random() < 0.2:
        rng.shuffle(shown)
    described = rng.random() < 0.5
    properties = {keys[s]: {"type": slots[s][1], **({"description": rng.choice(slots[s][3])} if described and rng.random() < 0.8 else {})} for s in shown}
    arguments = {keys[s]: values[s] for s in shown if s in asked}
    required = [keys[s] for s in shown if s in asked] if rng.random() < 0.85 else []
    description = expand(rng, rng.choice(descriptions)) if rng.random() < 0.85 else None
    return rng.choice(names.split()), description, properties, required, arguments, said, returns


def result_and_answer(rng):
    """What a function that returns something returns, as text, and what is said of it."""
    found = rng.choice([lambda r: str(r.randint(2, 9999)), lambda r: english.phrase(r, city), lambda r: f"{r.randint(2, 999)} {english.plural(r.choice(english.NOUNS))}", english.word])(rng)
    text = json.dumps({rng.choice(["result", "value", "answer", "output", "text"]): found}, ensure_ascii=False)
    return (found if rng.random() < 0.35 else text), f"The result is {found}."
