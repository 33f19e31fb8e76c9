"""Short stories and rhymes in simple English, put together from parts that fit each other."""

from wording import casual, expand, say, sentence

from . import conversation, maybe_thought
from .words import ANIMALS, NAMES, are_open, pick

HEROES = "cat dog fox bear rabbit mouse bird frog duck horse owl hedgehog squirrel turtle snail bee penguin dragon robot star".split()
KINDS = "small brave shy clever kind sleepy curious hungry funny little".split()
PLACES = ["in a green forest", "by the sea", "on a farm", "near a river", "in a big garden", "on a high hill", "in an old house", "in a quiet village", "under a tall tree", "by a blue lake"]
FRIENDS = "cat dog fox bear rabbit mouse bird frog duck owl turtle".split()

# Each plot: what is wanted, what goes wrong, how a friend helps, and how it ends. {h} hero, {n} name, {f} friend.
PLOTS = [
    ("One day {n} lost a red ball.", "{n} looked everywhere, but the ball was gone.", "A kind {f} came by and helped {n} to look. They found the ball under a bush.", "Now they play with the ball every day."),
    ("One day {n} wanted to see the world.", "But the road was long, and {n} got lost.", "A wise {f} showed {n} the way home.", "{n} was happy and said: home is the best place of all."),
    ("One night {n} could not sleep.", "The wind was loud and the night was dark.", "A gentle {f} sang a soft song for {n}.", "Soon {n} closed both eyes and slept until the sun came up."),
    ("One day {n} found a little seed.", "{n} put it into the ground, but nothing grew.", "A patient {f} said: give it water and wait. So {n} gave it water every day.", "In spring a tall flower stood there, and everyone was glad."),
    ("One winter {n} had nothing to eat.", "The snow was deep and it was very cold.", "A good {f} shared some bread and a warm bed with {n}.", "They stayed friends for ever."),
    ("One day {n} wanted to learn to swim.", "But the water was cold, and {n} was afraid.", "A friendly {f} said: I will stay with you. Step by step they went in.", "Soon {n} could swim across the lake, and was very proud."),
    ("One day {n} heard someone cry.", "It was a young {f} who had hurt a foot.", "{n} carried the {f} home and made some soup.", "The next day the {f} was well again and thanked {n}."),
    ("One day {n} wanted to bake a cake.", "But there was no sugar in the house.", "A sweet {f} brought some honey, and they baked together.", "The cake was good, and all the neighbours had a piece."),
    ("One day {n} saw a rainbow.", "{n} ran and ran, but the rainbow was always far away.", "An old {f} laughed and said: a rainbow is for looking, not for having.", "So they sat down and looked at it until it was gone."),
    ("One day there was a big storm.", "The roof of {n}'s house flew away.", "Every friend came, and the {f} brought wood and nails. They built a new roof.", "In the evening {n} made tea for all of them."),
]

# Rhymes about {h}, four lines each.
RHYMES = [
    "A little {h} sat in the sun,\nand said: today I want some fun.\nIt danced and sang the whole day long,\nand ended with a happy song.",
    "There was a {h} who had a hat,\nit wore the hat and then it sat.\nIt sat so long, it sat all day,\nuntil the wind blew it away.",
    "The {h} is up, the night is gone,\nthe sun is bright upon the lawn.\nIt eats some bread, it drinks some tea,\nand looks at you and smiles at me.",
    "One small {h} went out to play,\nupon a bright and sunny day.\nIt found a friend, and then came two,\nand then they played the whole day through.",
    "Sleep, little {h}, the day is done,\ngood night to moon, good night to sun.\nThe stars are high, the wind is low,\nand soft and white falls down the snow.",
    "I know a {h} who likes to read,\na book is all that it may need.\nIt reads by day, it reads by night,\nand never has to dim the light.",
    "A {h} once wanted to be tall,\nbut it was very, very small.\nIt climbed a hill and looked around,\nand liked it best upon the ground.",
    "Rain on the roof and rain on the tree,\nrain on the {h} and rain on me.\nBut soon the clouds will go away,\nand we will have a sunny day.",
]

STORY_ASKED = [
    "[Tell me|Tell|Write|Write me|Give me|Make up|I want|I would like] a [|short |little |nice |simple |bedtime |new ]story about a {h}[.|!|, please.|]",
    "[Can you|Could you|Please|Will you] [tell me|tell|write] a [|short |little |nice ]story about a {h}[?|.]",
    "A [|short |little ]story about a {h}[, please|][.|]",
    "[Do you know|Have you got] a story [about|with] a {h}?",
    "[Tell|Write|Make up|Invent] [me |us |]a [|short |little |nice ][tale|fairy tale] [about|of|with] a {h}[.|!|, please.|]",
    "[I want|I wish|I beg|I ask] you [to|that you] [tell|write|make up] [me |]a [story|tale] [about|of] a {h}[.|]",
    "[What about|How is|Why not] a [story|tale] [of|with|about] a {h}?",
    "[Story|Tale|A tale], please: a {h}[.|]",
    "[May I|Could I|Can we|I would love to|I'd love to] [hear|have|read|get] a [|short |little |nice ][story|tale] [of|about] a {h}[?|.|]",
    "[Entertain me|Amuse us|Send me to sleep] with a [story|tale] [of|about] a {h}[.|]",
]
STORY_OPEN = [
    "[Tell me|Tell|Write|Write me|Give me|Make up] a [|short |little |nice |bedtime |new ]story[.|!|, please.|]",
    "[Can you|Could you|Please|Will you] [tell me|tell|write] a [|short |little |nice |bedtime ]story[?|.]",
    "[I want|I would like|I'd like] to [hear|read] a story[.|]",
    "Story time[!|.]",
    "[Let us|Let's|May we|Can I|I want to] [have|hear|read] a [little |short |nice |]story[ now|, will you|][.|?|]",
    "A [tale|story][, will you|, go on| for the night| for the children][.|?|]",
]
RHYME_ASKED = [
    "[Tell me|Write|Write me|Give me|Make|Say] a [|short |little |nice |funny ][rhyme|poem|verse] about a {h}[.|!|, please.|]",
    "[Can you|Could you|Please] [write|make|say] a [|short |little ][rhyme|poem|verse] about a {h}[?|.]",
    "A [|short ][rhyme|poem] about a {h}[, please|][.|]",
    "[A rhyme|A poem|Some verses|Verses] [of|with|on] a {h}[.|, can you?|, will you?|]",
    "[I want|I wish for|I need|Let's have|We want] a [|short |little ][rhyme|poem] [of|about|with] a {h}[.|!|]",
    "[Rhyme|Poem], please: a {h}[.|]",
]
RHYME_OPEN = ["[Tell me|Write|Write me|Give me|Make|Say] a [|short |little |nice ][rhyme|poem|verse][.|!|, please.|]", "[Can you|Could you|Please] [write|make|say] a [rhyme|poem][?|.]", "[Do you know|Have you got] a [rhyme|poem]?", "[Could I|Can we|I would like to|Let us] [hear|have|get] a [|short |little ][rhyme|poem][?|.|]"]


def article(word):
    return "an" if word[0] in "aeiou" else "a"


def story(rng, hero):
    kind = rng.choice(KINDS)
    who = rng.choice(NAMES)
    friend = rng.choice([f for f in FRIENDS if f != hero])
    start = f"Once upon a time there was a {kind} {hero}. Its name was {who}, and it lived {rng.choice(PLACES)}."
    return " ".join([start, *rng.choice(PLOTS)]).replace("{n}", who).replace("{f}", friend)


def fix(question, hero):
    return question.replace(f" a {hero}", f" {article(hero)} {hero}")


def make(rng):
    rhyme = rng.random() < 0.4
    named = rng.random() < 0.75
    # Who is not asked for is one of the list: made-up animals are for copying alone.
    hero = pick(rng, HEROES + [a for a in ANIMALS if are_open(rng, 0.3)]) if named else rng.choice(HEROES)
    asked = (RHYME_ASKED if named else RHYME_OPEN) if rhyme else (STORY_ASKED if named else STORY_OPEN)
    question = casual(rng, fix(say(rng, asked, h=hero), hero))
    told = fix(sentence(rng.choice(RHYMES)).replace("{h}", hero), hero) if rhyme else fix(story(rng, hero), hero)
    told = told.replace("A owl", "An owl")
    thought = f"They want a {'rhyme' if rhyme else 'story'}{' about ' + article(hero) + ' ' + hero if named else ''}. I make one up."
    return conversation("stories", [question, told], thought=maybe_thought(rng, 0.25, thought))
