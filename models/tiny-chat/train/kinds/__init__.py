"""What the model is taught, a module for each kind. Every module has `make(rng)`, which returns one conversation (chat_format.py)."""


def conversation(kind, turns, *, system=None, tools=None, thought=None):
    """Turns alternate "user", "assistant" as plain strings, or are dicts already. A thought makes the last turn think first."""
    roles = ("user", "assistant")
    full = [turn if isinstance(turn, dict) else {"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns)]
    if thought is not None:
        full[-1] = {**full[-1], "thought": thought}
    return {"kind": kind, "thinking": thought is not None, "system": system, "tools": tools, "turns": full}


def maybe_thought(rng, share, text):
    """The thought for that share of conversations, else None."""
    return text if rng.random() < share else None
