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


def casual(rng, text, names=False):
    """Now and then as people type: no capital, no mark at the end. With `names`, only the first letter may lose its capital."""
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
