"""Many wordings from few lines: `[a|b|]` is one of the alternatives, which may nest; `{slot}` is filled in afterwards."""


def expand(rng, text, /, **slots):
    """One wording of `text`. Slots are filled last, so what they hold is never read as alternatives."""
    chosen = "".join(_choose(rng, _parse(text)))
    for name, value in slots.items():
        chosen = chosen.replace("{" + name + "}", str(value))
    return chosen


def say(rng, texts, /, **slots):
    """One wording of one of the texts."""
    return expand(rng, rng.choice(texts), **slots)


def sentence(text):
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


# Whether wordings are open: loosened, with words like no other (kinds/words.py), so that the sense is learnt and not the templates.
_open = {"wordings": False, "wider": False}


def open_wordings():
    """From now on wordings and words are open (the second stage of the training)."""
    _open["wordings"] = True


def wider_wordings():
    """And more ways to say what is said most (the last stage)."""
    open_wordings()
    _open["wider"] = True


def wider(texts, more):
    """The texts, and in the last stage those others."""
    return texts + more if _open["wider"] else texts


def is_wider(rng, share):
    """True for that share of draws in the last stage; draws nothing before."""
    return _open["wider"] and rng.random() < share


def are_open(rng, share):
    """True for that share of draws where wordings are open; draws nothing where they are not."""
    return _open["wordings"] and rng.random() < share


FRONTS = """So, |Well, |Now, |Okay, |Listen, |One more thing: |I forgot: |Just asking: |My friend asks: |Here is a question: |I would like to know: |
Excuse me, |Sorry, |By the way, |And |But |Help me: |Let me ask: |Something else: |My son wants to know: |Be quick: |For school: |Be so kind, """.replace("\n", "").split("|")
TAILS = """ for my trip| for the whole family| before I leave| while I am there| and tell me| so that I know| for my boss| with all details| at this hour| as fast as you can|
 because I need it| and no more| this week| for a friend of mine| in simple words| if that works| and be honest""".replace("\n", "").split("|")
BACKS = """, please| please|, if you know| then| again|, my friend|. Thanks|, thanks| now| today|, can you say|, any idea| exactly|, I wonder|, be so kind| at all""".split("|")
SWAPS = {
    "what": ["which", "whatever"], "which": ["what"], "is": ["was", "might be", "would be"], "are": ["would be", "were"], "can": ["could", "may"],
    "could": ["can", "might"], "do": ["did", "would"], "does": ["did", "would", "will"], "tell": ["say", "let", "give"], "how": ["in what way"],
    "want": ["need", "wish"], "good": ["fine", "very good"], "get": ["obtain", "have"], "know": ["remember", "think"], "show": ["give", "list"],
}
DROPPED = set("the a an is of do does please me to my it you for in at and are i am this that your".split())


def loosen(rng, text, inside):
    """A wording with something in front or behind; `inside`, with small words swapped and lost, too: all that counts is still there."""
    if inside:
        words = []
        for word in text.split(" "):
            bare = word.lower().rstrip("?.!,")
            if bare in DROPPED and rng.random() < 0.13:
                continue
            if bare in SWAPS and rng.random() < 0.25:
                new = rng.choice(SWAPS[bare]) + word[len(bare):]
                word = new[:1].upper() + new[1:] if word[:1].isupper() else new
            words.append(word)
        text = " ".join(words) or text
    if rng.random() < 0.45:
        text = rng.choice(FRONTS) + (text if rng.random() < 0.4 else text[:1].lower() + text[1:])
    if rng.random() < 0.4:
        end = text[-1:] if text[-1:] in "?.!" else ""
        text = text[: len(text) - len(end)] + rng.choice(BACKS if inside else BACKS + TAILS) + end
    return text


def casual(rng, text, names=False):
    """
    Now and then as people type: no capital, no mark at the end. With `names`, only the first letter may lose its capital, and nothing inside
    is touched.
    """
    if are_open(rng, 0.5):
        text = loosen(rng, text, not names)
    roll = rng.random()
    if roll < 0.10:
        text = text[:1].lower() + text[1:]
    elif roll < 0.18 and not names:
        text = text.lower()
    if rng.random() < 0.15:
        text = text.rstrip("?.!")
    return text


def _parse(text):
    stack = [[[]]]
    for char in text:
        if char == "[":
            stack.append([[]])
        elif char == "|" and len(stack) > 1:
            stack[-1].append([])
        elif char == "]" and len(stack) > 1:
            group = stack.pop()
            stack[-1][-1].append(group)
        else:
            stack[-1][-1].append(char)
    assert len(stack) == 1, f"unclosed bracket: {text}"
    return stack[0][0]


def _choose(rng, parts):
    for part in parts:
        if isinstance(part, str):
            yield part
        else:
            yield from _choose(rng, rng.choice(part))
