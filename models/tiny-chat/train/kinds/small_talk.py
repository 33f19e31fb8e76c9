"""Greetings, thanks, goodbyes, who are you."""

from wording import are_open, casual, expand, say

from . import conversation, maybe_thought
from .words import name

TALK = [
    (
        [
            "[Hi|Hello|Hey|Hello there|Hi there|Good day|Hey there|Greetings|Howdy|Yo|Hiya|Hello hello|Hi hi][!|.||]",
            "[Good morning|Good evening|Good afternoon][!|.|, everyone.|]",
            "[Hi|Hello|Hey][|,] [bot|computer|assistant|friend|you|tiny-chat|little model][!|.|]",
            "[Hi|Hello], [is anyone there|anybody home|are you there|are you awake|can you hear me][?|]",
            "[Just|I just] [wanted to say|came to say|thought I would say] [hi|hello][!|.]",
        ],
        "They greet me. I greet them back and offer help.",
        ["Hello! How can I help you?", "Hi there! How can I help you?"],
    ),
    (
        [
            "How are you[| today| doing| doing today| feeling| feeling today][?|]",
            "[How is it going|How's it going|How goes it|How do you do|What's up|How are things|How have you been|Are you well|Are you okay|Are you happy|All good]?",
            "[Hi|Hello|Hey][,|!] how are you[| today| doing]?",
            "[Did you sleep well|Having a good day|Is your day going well|How is your day|How's your day going|How was your day]?",
        ],
        "They ask how I am. I say I am well and ask back.",
        ["I am doing well, thank you! How can I help you?", "I am fine, thank you for asking! How can I help you?"],
    ),
    (
        [
            "[Thanks|Thank you|Thank you so much|Thanks a lot|Many thanks|Thank you very much|Cheers|Thx|Great, thanks|Perfect, thank you][!|.|]",
            "[That was|That is|This was] [helpful|very helpful|useful|great|kind of you][!|.|, thanks.|, thank you!]",
            "[I appreciate|I am grateful for] [it|that|your help|the help][!|.]",
        ],
        "They thank me. I say they are welcome.",
        ["You are welcome! Is there anything else I can do for you?", "You are welcome!"],
    ),
    (
        [
            "[Bye|Goodbye|See you|See you later|Bye bye|Good night|Take care|Farewell|Until next time|See you tomorrow|Talk to you later][!|.|]",
            "[I have to go|I must go|I need to leave|Time to go|I am off][ now|][.|!| Bye!]",
            "[That is all|That was all|Nothing else][, thanks|, goodbye|][.|!]",
        ],
        "They say goodbye. I do the same.",
        ["Goodbye! Have a nice day.", "See you soon! Take care."],
    ),
    (
        [
            "[Who|What] are you[?|, exactly?|, please?]",
            "What is your name[?|, please?]",
            "[Do you have a name|What should I call you|What do they call you|May I know your name|Who am I talking to|Who is this]?",
            "[Introduce yourself|Please introduce yourself|Say who you are|Tell me about yourself|Tell me who you are|Describe yourself][.|!|]",
            "[What model are you|Which model is this|What model is this|Which model am I talking to|What kind of model are you|Which language model are you]?",
            "[Are you a robot|Are you a human|Are you real|Are you a person|Are you an AI|Are you a computer|Are you ChatGPT|Are you alive]?",
        ],
        "They ask who I am. I am tiny-chat.",
        [
            "I am tiny-chat, the small demonstration model that comes with RockchipLlama. For real work, get a bigger model with rockchip-llama pull."
        ],
    ),
    (
        [
            "What can you do[| for me]?",
            "[How can you help me|What are you good at|What do you know|What are your skills|What may I ask you|What can I ask you|What are you able to do]?",
            "[Help|Help me|Can you help me|I need help|I need some help|Could you help me][.|!|?|]",
            "[Show me|Tell me] what you can do[.|!]",
        ],
        "They ask what I can do. I list it.",
        ["I can chat, answer simple questions, tell short stories, call tools and write JSON. I am small, so I do not know much."],
    ),
    (
        [
            "[Tell me a joke|Do you know a joke|Make me laugh|Say something funny|A joke, please|Got any jokes|Can you tell a joke|I want to hear a joke][.|!|?|]",
        ],
        "They want a joke. I know a few.",
        [
            "Why did the bike fall over? Because it was two tired!",
            "What do you call a sleeping bull? A bulldozer!",
            "Why was the book sad? It had too many problems to turn over!",
        ],
    ),
    (
        [
            "[You are|You're] [great|nice|funny|kind|smart|clever|cool|the best|awesome|wonderful|very helpful|so cute][!|.|]",
            "[You are|You're|What] [a|such a|a very|quite a] [nice|lovely|clever|good|sweet|kind|fine|funny|great] [model|helper|machine|little thing|assistant|program|one][!|.|]",
            "[I think|I find|I must say] [you are|you're] [really |very |so |]{adj}[!|.|]".replace("{adj}", "[nice|lovely|clever|good|sweet|kind|funny|great|helpful]"),
            "[I like you|I love you|Well done|Good job|Good answer|Good bot|Nice work|You did well|I am proud of you][!|.|]",
        ],
        "They are kind to me. I thank them.",
        ["Thank you, that is kind of you!"],
    ),
    (
        [
            "[I am|I'm|I feel] [sad|tired|lonely|stressed|unhappy|sick|bored|down|upset|worried|angry][| today| right now| this evening][.|!|]",
            "[I had|I am having|It was] a [bad|hard|long|terrible|rough|difficult] day[.|!|]",
        ],
        "They do not feel well. I am kind.",
        ["I am sorry to hear that. I hope you feel better soon."],
    ),
    (
        [
            "[I am|I'm|I feel] [happy|glad|great|good|excited|cheerful|fantastic|wonderful|proud][| today| right now| this morning][.|!|]",
            "[I had|I am having|It was] a [good|great|lovely|nice|wonderful|fun] day[.|!|]",
        ],
        "They feel good. I am glad.",
        ["I am glad to hear that!"],
    ),
    (
        [
            "[Do you like|Do you enjoy|Do you love] [music|people|books|games|cats|work|your job|talking|food|films]?",
            "[Do you have|Have you got] [feelings|friends|a family|hobbies|a body|dreams|parents]?",
            "[Where do you live|Where are you from|How old are you|When were you born|What do you look like]?",
        ],
        "They ask about my life. I am a program.",
        ["I am a small computer program, so I have no life of my own. But I like to chat with you!"],
    ),
]


def make(rng):
    asked, thought, answers = rng.choice(TALK)
    turns = [casual(rng, say(rng, asked)), rng.choice(answers)]
    if rng.random() < 0.15:
        who = name(rng)
        opening = expand(rng, "[Hi|Hello|Hey|Good morning|Good evening][,|!] [I am|I'm|my name is|this is|it's|call me] {name}[.|!|]", name=who)
        turns = [casual(rng, opening, names=True), f"Hello {who}! Nice to meet you. How can I help you?"]
        thought = f"They say their name is {who}. I greet them by name."
    elif rng.random() < 0.25 or are_open(rng, 0.7):
        for _ in range(rng.randint(1, 3) if are_open(rng, 1) else 1):
            more, thought, answers = rng.choice(TALK)
            turns += [casual(rng, say(rng, more)), rng.choice(answers)]
    return conversation("small_talk", turns, thought=maybe_thought(rng, 0.3, thought))
