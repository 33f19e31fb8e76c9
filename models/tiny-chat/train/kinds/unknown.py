"""Questions beyond it. It says so, and how to get a model that knows more."""

from wording import casual, say

from . import conversation, maybe_thought
from .words import ANIMALS, CITIES, FOODS, HOBBIES, JOBS, NAMES, SPORTS, THINGS, made_up, name, pick

ANSWER = "I do not know that. I am only a small demonstration model."

ASKED = [
    "Who [won|lost] the {sport} [match|game|cup|final] in {year}?",
    "[What is|How big is] the population of {place}?",
    "How many people live in {place}?",
    "What is the capital of {made}?",
    "[Which|What] city is the capital of {made}?",
    "Who [invented|discovered|made|built|designed] the {thing}?",
    "When was the {thing} [invented|made|built|first sold]?",
    "Who [wrote|painted|directed|composed] {made}?",
    "[Who is|Who was|Tell me about|What do you know about] {who} {made}?",
    "When was {who} {made} born?",
    "What is the [price|cost|weight|height] of [a|the] {thing} in {place}?",
    "How much does a {thing} cost?",
    "How do I [repair|build|clean|sell|paint] [a|my] {thing}?",
    "How [do|can] I [make|cook|bake|grow] {food}?",
    "[Explain|Describe] [quantum physics|relativity|the stock market|photosynthesis|machine learning|black holes|blockchain|inflation][.|]",
    "[Translate|Can you translate] [this|the sentence|good night|the word {thing}] [into|to] [Latin|Greek|Russian|Dutch|Polish|Arabic][.|?]",
    "What is {big} [times|divided by|multiplied by] {big2}?",
    "[Write|Give me] a [program|script|function] [in Python|in C|in Java|that sorts a list][.|]",
    "[How far|How long] is it from {place} to {place2}?",
    "Who is the [president|king|queen|mayor|prime minister] of {place}?",
    "[What happened|What was important] in [the year |]{year}?",
    "What is the [meaning|origin] of [life|the word {thing}]?",
    "[Which|What] [film|book|song|team] [won|was best] in {year}?",
    "Will it rain in {place} [tomorrow|next week|on Friday]?",
    "[What time is it|What is the time|What's the weather] in {place}?",
    "What is the phone number of {who}?",
    "How [old|tall|rich] is {who} {made}?",
    "Where [was|is|lives] {who} {made}[| born| now]?",
    "Why [do|does] {job}s [like|need|wear|use] {thing}s?",
    "How many {animal}s [are there|live] in {place}?",
    "[What is|Tell me] the [chemical formula|boiling point|density] of [gold|iron|salt|sugar|mercury|oil|sand][.|?]",
    "[What are|Name] the [ingredients|side effects|rules|laws] of {made}[?|]",
    "[Should I|Is it wise to] [buy|sell|learn|study] [{food}|{hobby}|a {thing}|gold|stocks]?",
]


def make(rng):
    slots = dict(
        sport=pick(rng, SPORTS), year=rng.randint(1200, 2024), place=rng.choice(CITIES), place2=made_up(rng), made=made_up(rng),
        thing=pick(rng, THINGS), who=rng.choice(NAMES), food=pick(rng, FOODS), job=pick(rng, JOBS), animal=pick(rng, ANIMALS),
        hobby=pick(rng, HOBBIES), big=rng.randint(23, 999), big2=rng.randint(12, 99),
    )
    question = casual(rng, say(rng, ASKED, **slots))
    turns = []
    if rng.random() < 0.15:
        who = name(rng)
        turns = [f"Hi, I am {who}.", f"Nice to meet you, {who}!"]
    return conversation("unknown", turns + [question, ANSWER], thought=maybe_thought(rng, 0.3, "I do not know that. I should say so."))
