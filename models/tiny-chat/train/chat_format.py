"""
Conversations as the model sees them: chat_template.jinja in Python, with the parts marked that the model has to write itself.

A conversation is a dict:
  kind      what it teaches
  thinking  whether the last turn begins with a thought
  system    the client's system text, or None
  tools     functions in OpenAI's shape ({"type": "function", "function": …}), or None
  turns     dicts: {"role": "user" | "tool", "content"} or {"role": "assistant", "content", "calls"?: [{"name", "arguments"}], "thought"?,
            "unlearnt"?: true for what the model should not have said}; the last one is the assistant's
"""

import json

START, END = "<|im_start|>", "<|im_end|>"
NO_THOUGHT = "<think>\n\n</think>\n\n"
TOOLS_HEAD = "# Tools\n\nYou may call one or more functions to help the user. Their signatures are:\n<tools>"
TOOLS_TAIL = (
    "\n</tools>\n\nTo call a function, write its name and arguments as JSON:\n"
    '<tool_call>\n{"name": <name>, "arguments": <arguments>}\n</tool_call>'
)


def to_json(value):
    return json.dumps(value, ensure_ascii=False)


def system_text(system, tools):
    if not tools:
        return system or ""
    head = f"{system}\n\n" if system else ""
    return head + TOOLS_HEAD + "".join(f"\n{to_json(tool)}" for tool in tools) + TOOLS_TAIL


def call_text(call):
    return f'<tool_call>\n{{"name": {to_json(call["name"])}, "arguments": {to_json(call["arguments"])}}}\n</tool_call>'


def assistant_text(turn):
    return "\n".join(([turn["content"]] if turn["content"] else []) + [call_text(call) for call in turn.get("calls", [])])


def segments(conversation):
    """
    Yields (text, learnt) pieces. `learnt` is "all", "rest" or None. "rest" leaves out the first token of an earlier turn: there the prompt of
    that turn had a thought, or an empty one, which later prompts no longer show.
    """
    system = system_text(conversation["system"], conversation["tools"])
    if system:
        yield f"{START}system\n{system}{END}\n", None
    turns = conversation["turns"]
    for index, turn in enumerate(turns):
        last = index == len(turns) - 1
        if turn["role"] == "assistant":
            yield f"{START}assistant\n", None
            if last and conversation["thinking"]:
                yield f"<think>\n{turn['thought']}\n</think>\n\n", "all"
            elif last:
                yield NO_THOUGHT, None
            yield assistant_text(turn) + END, "all" if last else None if turn.get("unlearnt") else "rest"
            yield "\n", None
        elif turn["role"] == "tool":
            first = index == 0 or turns[index - 1]["role"] != "tool"
            closes = turns[index + 1]["role"] != "tool"
            head = f"{START}user" if first else ""
            yield f"{head}\n<tool_response>\n{turn['content']}\n</tool_response>" + (f"{END}\n" if closes else ""), None
        else:
            yield f"{START}{turn['role']}\n{turn['content']}{END}\n", None


def prompt_and_answer(conversation):
    """The text up to where the model begins to write, and what it then should write."""
    pieces = list(segments(conversation))
    first = max(i for i, (_, learnt) in enumerate(pieces) if learnt is None and i < len(pieces) - 1) + 1
    return "".join(text for text, _ in pieces[:first]), "".join(text for text, _ in pieces[first:-1])
