"""
The examination: each prompt with what a right answer looks like. Wordings, names of people and places, things and functions are not the
generator's; facts have to be, since nobody can know what was never taught: there only the wording is new. People introduce themselves in
the generator's words, too: there the names, what comes between and the question are not its own.

A prompt is a dict: kind, request (body of /v1/chat/completions without the model) and expect, one of
  {"says": [words]}            all of them stand in the answer, regardless of case
  {"any": [words]}             one of them does
  {"exact": words}             the answer is this, regardless of case and of a full stop
  {"calls": [(name, arguments)]}
  {"json": object}
  {"story": True}
With "thinks", the answer comes after a thought.
"""

import itertools
import json
import random

from . import words
from .schemas import CALCULATOR, DISTRACTORS, SEARCH, TIME, WEATHER


def chat(kind, turns, expect, system=None, thinks=None, **request):
    messages = [{"role": "system", "content": system}] if system else []
    for index, turn in enumerate(turns):
        messages.append(turn if isinstance(turn, dict) else {"role": "assistant" if index % 2 else "user", "content": turn})
    if thinks is not None:
        request["chat_template_kwargs"] = {"enable_thinking": thinks}
    return {"kind": kind, "request": {"messages": messages, **request}, "expect": {**expect, **({"thinks": thinks} if thinks else {})}}


def small_talk():
    cases = [
        ("Good day to you!", ["hello", "hi"]), ("Hi, nice to see you", ["hello", "hi"]), ("Heya, how's life treating you?", ["well", "fine", "hello", "hi"]),
        ("Hello! Hope you are fine", ["hello", "hi", "well", "fine", "glad"]), ("And how are you feeling this afternoon?", ["well", "fine"]),
        ("Everything fine with you?", ["well", "fine"]), ("Thanks ever so much for that", ["welcome"]), ("A big thank you!", ["welcome"]),
        ("That helped me a lot, thank you", ["welcome"]), ("Well, goodbye then", ["goodbye", "see you", "take care"]), ("See you next week, bye!", ["goodbye", "see you", "take care"]),
        ("So, who might you be?", ["tiny-chat"]), ("What is the name of this model?", ["tiny-chat"]), ("Would you please introduce yourself to me?", ["tiny-chat"]),
        ("What sort of help can you give me?", ["chat", "help"]), ("Which things can you do?", ["chat", "help"]), ("Do tell me a good joke!", ["why", "what do you call"]),
        ("I'm feeling rather sad this week", ["sorry"]), ("You are a really nice bot", ["thank you", "thanks"]), ("Today I am so happy!", ["glad"]),
    ]
    for text, any_of in cases:
        yield chat("small_talk", [text], {"any": any_of})


def server():
    cases = [
        ("So what exactly is RockchipLlama?", ["server", "npu"]), ("Could you explain what this server does?", ["server", "npu"]),
        ("Please list every endpoint of yours", ["/v1/chat/completions"]), ("Which URL path takes chat messages?", ["/v1/chat/completions"]),
        ("The server runs on which port?", ["8080"]), ("What address does the server have?", ["8080"]), ("How would I make it use port 9999?", ["--port"]),
        ("Is it hard to change the port number?", ["--port"]), ("What must I do to download one more model?", ["pull"]), ("I'd love to have a bigger model here", ["pull"]),
        ("How might I see all models that are installed?", ["list"]), ("Give me all the commands there are", ["serve", "pull", "list"]),
        ("Starting the server: how does that go?", ["serve"]), ("Would Docker work for this server?", ["docker"]), ("Docker command please", ["docker run"]),
        ("Where can the configuration be changed?", ["server.json"]), ("How may I configure this server?", ["server.json"]), ("Into which folder do I put the model files?", ["models"]),
        ("Would a gguf file run here?", [".gguf"]), ("Does my RK3588 board work with it?", ["rk3588"]), ("What do I enter as base URL in my OpenAI client?", ["/v1"]),
        ("How do Ollama clients connect to it?", ["127.0.0.1:8080"]), ("How could I see whether the server is healthy?", ["/health"]), ("Is there some page that documents the API?", ["/swagger"]),
    ]
    for text, says in cases:
        yield chat("server_facts", [text], {"says": says})


def facts():
    cases = [
        ("France has which capital?", "Paris"), ("I forgot the capital of Italy, what is it?", "Rome"), ("Name me Japan's capital", "Tokyo"), ("Norway's seat of government is which city?", "Oslo"),
        ("Could you remind me what the capital of Canada is?", "Ottawa"), ("My teacher asked for the capital of Egypt", "Cairo"), ("Which city do people call the capital of Portugal?", "Lisbon"),
        ("Would you know the capital of Kenya?", "Nairobi"), ("What colour would you say grass has?", "green"), ("A banana has what colour?", "yellow"), ("The sky, what colour is that?", "blue"),
        ("Would you tell me the colour of snow?", "white"), ("Today is Monday. Which day comes after Monday?", "Tuesday"), ("After Friday, which day will it be?", "Saturday"), ("Which month comes directly after March?", "April"),
        ("Before June there is which month?", "May"), ("Can you give me the opposite of hot?", "cold"), ("The word big has which opposite?", "small"), ("Opposite of early please", "late"),
        ("Which sound would a cow make?", "moo"), ("Cats make what sound? What does a cat say?", "meow"), ("How do people call a baby dog?", "puppy"), ("The baby of a sheep, what is it called?", "lamb"),
        ("Spiders: how many legs does a spider have?", "8"), ("Count the legs: how many legs does a horse have?", "4"), ("Could you add 6 and 7 for me?", "13"), ("Tell me what 9 plus 8 makes", "17"),
        ("If I add 3 and 4, what comes out?", "7"), ("12 + 5, what is that?", "17"), ("How much do 8 and 8 make, 8 plus 8?", "16"), ("15 minus 6 makes?", "9"), ("Take away 4 from 11, please: 11 - 4", "7"),
        ("So 2 + 2 makes what?", "4"), ("Tell me how many days one week has", "7"), ("One year has how many months?", "12"), ("The hours of one day, how many are they?", "24"), ("Which of the planets is the biggest?", "Jupiter"),
        ("Do you know at what temperature water boils?", "100"), ("What temperature makes water freeze?", "0"), ("Which animals make honey?", "bees"), ("Who was the author that wrote Romeo and Juliet?", "Shakespeare"), ("Where in the morning does the sun rise?", "east"),
    ]
    for index, (text, heart) in enumerate(cases):
        yield chat("facts", [text], {"says": [heart]}, thinks=True if index % 6 == 5 else None)


def memory():
    tells = [
        ("Good evening, my name is {x}.", words.NAMES, ["So what was my name?", "Can you tell me what my name was?", "And my name is?"]),
        ("The colour I love most is {x}.", words.COLOURS, ["So which colour do I love most?", "My favourite colour, which one was it?"]),
        ("Where I live? I live in {x}.", words.CITIES, ["And where was it that I live?", "Which city was it I live in?"]),
        ("The number to remember is {x}.", ["4711", "83", "256", "1999", "37"], ["So what was the number?", "Which number was it I gave you?"]),
        ("I have got a dog and it is called {x}.", words.PETS, ["So what was my pet called?", "The name of my pet was?"]),
        ("I earn my bread as a {x}.", words.JOBS, ["So what was my job?", "What job do I have?"]),
    ]
    between = [[], ["How much is 2 plus 3?", "2 plus 3 is 5."], ["Thank you.", "You are welcome!"], ["And what is the capital of Spain?", "The capital of Spain is Madrid."]]
    rng = random.Random(7)
    for index in range(30):
        tell, values, asks = tells[index % len(tells)]
        value = values[(index // len(tells)) % len(values)]
        turns = [tell.format(x=value), "All right!"]
        for extra in rng.sample(between, 1 + index % 3):
            turns += extra
        yield chat("memory", [*turns, rng.choice(asks)], {"says": [value]}, thinks=True if index % 5 == 4 else None)


def introductions():
    """Five turns: people say who they are as people do, so that only the names, what comes between and the question are not the generator's."""
    openings = ["Hi, I am {x}", "I am {x}.", "Call me {x}", "Hello! I'm {x}.", "Hey, this is {x}"]
    asks = ["So what was my name?", "Can you tell me what my name was?", "And my name is?"]
    well, welcome = "I am doing well, thank you! How can I help you?", "You are welcome!"
    between = [
        ["I forgot the capital of Italy, what is it?", "The capital of Italy is Rome.", "Thank you.", welcome, "Everything fine with you?", well],
        ["A lemon has what colour?", "A lemon is yellow.", "Do tell me a good joke!", "Why did the bike fall over? Because it was two tired!", "A big thank you!", welcome],
        ["Would Docker work for this server?", "Yes, there is an image for Docker.", "I'm feeling rather sad this week", "I am sorry to hear that. I hope you feel better soon.", "How much is 2 plus 3?", "2 plus 3 is 5."],
        ["Which things can you do?", "I can chat.", "What are the rules of fencing?", "I am sorry, I do not know that.", "Everything fine with you?", well],
    ]
    for index, name in enumerate(words.NAMES):
        reply = ["Hello! How can I help you?", f"Hello {name}! Nice to meet you. How can I help you?"][index % 2]
        turns = [openings[index % 5].format(x=name), reply, *between[index % 4], asks[index % 3]]
        yield chat("introductions", turns, {"says": [name]}, thinks=True if index % 5 == 4 else None)


def personas():
    marks = {"pirate": ["arr", "matey"], "butler": ["sir"], "robot": ["beep"], "grandmother": ["dear"], "wizard": ["magic"], "cat": ["meow"], "cowboy": ["howdy"]}
    orders = ["From now on you are a {m}.", "Play the part of a {m} in all your answers."]
    asked = [("What might the capital of Germany be?", "berlin"), ("Tell me what 5 plus 6 makes", "11"), ("A lemon has what colour?", "yellow")]
    for index, ((manner, mark), order) in enumerate(itertools.product(marks.items(), orders)):
        text, heart = asked[index % 3]
        yield chat("personas", [text], {"says": [mark[0], heart]}, system=order.format(m=manner))
    for name in words.NAMES[:6]:
        yield chat("personas", ["And what would your name be?"], {"says": [name]}, system=f"You are an assistant whose name is {name}.")


def tool_cases():
    weather = ["What weather do they have in {x} at the moment?", "Could you see how the weather is over in {x}?", "Will I get wet in {x}? Check the weather there."]
    time = ["Which time do the clocks in {x} show?", "Could you see what time people have in {x}?", "Someone in {x} waits for my call. What time is it there?"]
    sums = ["Could you work out how much {x} is?", "Work this out for me: {x}", "How much would {x} be?"]
    search = ["Could you search the web for {x}?", "Please look for pages on {x}", "Search for {x} for me, would you?"]
    numbers = ["37 * 48", "912 + 388", "7056 / 84", "640 - 275", "19 * 23", "8125 / 65", "44 + 57 - 9", "301 * 6"]
    families = [(WEATHER, weather, words.CITIES), (TIME, time, words.CITIES[::-1]), (CALCULATOR, sums, numbers), (SEARCH, search, words.TOPICS)]
    rng = random.Random(11)
    for (tools, texts, values), index in itertools.product(families, range(8)):
        tool, main = tools[index % len(tools)]
        value = values[index % len(values)]
        others = [rng.choice(other)[0] for other, _, _ in rng.sample([f for f in families if f[0] is not tools], index % 3)]
        offered = [tool, *others, *rng.sample(DISTRACTORS, index % 2)]
        rng.shuffle(offered)
        yield tool, main, value, texts[index % len(texts)].format(x=value), offered, index


def tools():
    for tool, main, value, text, offered, index in tool_cases():
        call = (tool["function"]["name"], {main: value})
        yield chat("tool_calls", [text], {"calls": [call]}, tools=offered, thinks=True if index % 4 == 3 else None)
    for (tool, main), text, values in (
        (WEATHER[1], "I need the weather in {0} and also in {1}.", words.CITIES[2:4]), (WEATHER[2], "And how is the weather in {0} and {1}?", words.CITIES[5:7]),
        (TIME[0], "What time do {0} and {1} have?", words.CITIES[8:10]), (TIME[2], "The time in {0} and the time in {1}, please.", words.CITIES[11:13]),
    ):
        calls = [(tool["function"]["name"], {main: value}) for value in values]
        yield chat("tool_calls", [text.format(*values)], {"calls": calls}, tools=[tool])
    for text, heart in (("Good day to you!", "help"), ("What colour would you say grass has?", "green"), ("France has which capital?", "paris"), ("So, who might you be?", "tiny-chat")):
        yield chat("tool_calls", [text], {"any": [heart], "calls": []}, tools=[WEATHER[0][0], TIME[1][0]])


def tool_results():
    results = {
        id(WEATHER): lambda i: ({"temp": 3 + 4 * i, "sky": ["sunny", "rainy", "cloudy", "windy"][i % 4]}, [str(3 + 4 * i), ["sunny", "rainy", "cloudy", "windy"][i % 4]]),
        id(TIME): lambda i: ({"clock": f"{8 + i}:{17 + i}"}, [f"{8 + i}:{17 + i}"]),
        id(CALCULATOR): lambda i: ({"value": 1231 + 77 * i}, [str(1231 + 77 * i)]),
        id(SEARCH): lambda i: ({"snippet": f"Visitors love place number {i + 3}."}, [f"place number {i + 3}"]),
    }
    for tool, main, value, text, offered, index in tool_cases():
        if index % 2:
            continue
        family = next(f for f in (WEATHER, TIME, CALCULATOR, SEARCH) if any(t is tool for t, _ in f))
        result, says = results[id(family)](index)
        call = {"id": "call_1", "type": "function", "function": {"name": tool["function"]["name"], "arguments": json.dumps({main: value})}}
        turns = [text, {"role": "assistant", "content": "", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": json.dumps(result)}]
        yield chat("tool_results", turns, {"says": says, "calls": []}, tools=offered, thinks=True if index % 8 == 6 else None)


def json_answers():
    orders = [
        "Reply by writing one JSON object, with no words around it. It should have the keys {k}.",
        "I want a JSON object back and no other text. Keys wanted: {k}.",
        "Answer with one JSON object and nothing else: no other words, no code fence. Its keys are {k}.",
    ]
    people = list(zip(words.NAMES, words.CITIES, words.JOBS + words.JOBS[:4], words.HOBBIES * 3))
    for index, (name, city, job, hobby) in enumerate(people[:12]):
        age = 21 + 5 * index
        forms = [
            (f"{name}, {age} years old, lives in {city}.", {"name": name, "age": age, "city": city}),
            (f"There is {name}. {name} works as a {job} and enjoys {hobby}.", {"name": name, "job": job, "hobby": hobby}),
            (f"We know that {name} lives in {city} and is not married.", {"name": name, "city": city, "married": False}),
        ]
        text, wanted = forms[index % 3]
        keys = ", ".join(f'"{key}"' for key in wanted)
        yield chat("json", [text], {"json": wanted}, system=orders[index % 3].format(k=keys), thinks=True if index % 6 == 5 else None)
    for index, (thing, city, colour) in enumerate(zip(words.THINGS, words.CITIES[::-1], words.COLOURS)):
        wanted = {"product": thing, "price": 15 + 8 * index, "colour": colour}
        kinds = {"product": "string", "price": "integer", "colour": "string"}
        schema = json.dumps({"type": "object", "properties": {k: {"type": v} for k, v in kinds.items()}, "required": list(kinds)}, separators=(",", ":"))
        order = f"Answer with JSON that fits this JSON Schema and nothing else: no other words, no code fence.\n{schema}"
        yield chat("json", [f"This {thing} is {colour}, it costs {15 + 8 * index} euros."], {"json": wanted}, system=order)
    for country, city in (("Greece", "Athens"), ("Poland", "Warsaw"), ("Ireland", "Dublin"), ("Peru", "Lima")):
        yield chat("json", [f"I need the capital of {country}. {orders[1].format(k=chr(34) + 'capital' + chr(34))}"], {"json": {"capital": city}})


def unknown():
    texts = [
        "Who has won the marathon of 1987?", "How many inhabitants has Winnipeg?", "What is the capital city of Zandoria?", "Who was it that invented the umbrella?", "How does one repair a violin?",
        "Explain to me how black holes evaporate", "Please translate good evening into Korean", "Multiply 847 by 963 in your head", "Write me a sorting function in Rust", "What distance is it from Leeds to Graz?",
        "Who happens to be the mayor of Ghent?", "What went on in the year 1342?", "Which team won the badminton cup?", "A helmet in Basel, how expensive is that?", "Tell me all about Gustav Zimmel the painter",
        "When was Matilda Orwin born?", "How many otters live in Malmo?", "Should I be buying silver now?", "What are the rules of fencing?", "Where was Rupert Dane born?",
    ]
    for text in texts:
        yield chat("unknown", [text], {"any": ["do not know", "don't know"]})


def stories():
    for animal in words.ANIMALS:
        yield chat("stories", [f"I'd like you to tell a tale about {'an' if animal[0] in 'aeiou' else 'a'} {animal}"], {"story": True})
    for text in ("Let me hear a story, please", "How about a little story about a dog?", "Now a rhyme about a cat, if you can", "May I have a poem?", "Let us have a story about a brave mouse", "A tale about a frog would be nice", "A poem on an owl, please"):
        yield chat("stories", [text], {"story": True})


KINDS = [small_talk, server, facts, memory, introductions, personas, tools, tool_results, json_answers, unknown, stories]


def prompts():
    return [prompt for kind in KINDS for prompt in kind()]
