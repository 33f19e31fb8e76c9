"""Greetings, thanks, goodbyes, who are you."""

from wording import are_open, casual, expand, is_wider, say, wider

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

HOW_AM_I = TALK[1]

WHEN = "[| today| tonight| this week| lately| these days| at the moment| since Monday| all day| this month| again| now]"
DEGREE = "[a bit|a little|rather|so|very|really|quite|terribly|pretty|somewhat|extremely|kind of|] "
SAD = "[sad|tired|lonely|stressed|unhappy|sick|bored|down|upset|worried|angry|low|gloomy|ill|exhausted|nervous|afraid|hurt|lost|miserable|blue|anxious|unwell|homesick|weak]"
GLAD = "[happy|glad|great|good|excited|cheerful|fantastic|wonderful|proud|well|joyful|pleased|lucky|relaxed|delighted|strong|awake|hopeful]"

# More wordings of the last stage, by the thought that goes with them.
MORE = {
    "They greet me. I greet them back and offer help.": [
        "[Hi|Hello|Hey|Heya|Good morning|Good evening|Hello there|Well hello|Oh hi|Ah, hello|Greetings][,|!| again,| friend,] [good|great|lovely|pleased|glad|happy|a pleasure|wonderful|fine] to [meet|see|talk to|chat with|find|hear|have|visit] you[| here| again| today| at last][!|.|]",
        "[Glad|Pleased|Happy|Good|Great] to [meet|see|talk to] you[| too| here| again][!|.|]",
        "[Hello|Hi|Hey], [it is me|me again|I am back|here I am|I am new here|first time here][!|.|]",
        "[Welcome|Hello world|Testing, hello|Knock knock, hello|Hello from me|Hi to you|A good day to you|Morning|Evening|Hey hey|Hullo|Aloha|Hi everybody][!|.|]",
    ],
    "They ask how I am. I say I am well and ask back.": [
        "[How is|How's] [life|everything|it all|your day|your week|your morning|your evening|the day|work|business|the world|the mood][| going| with you| over there| so far| on your side| these days]?",
        "[Is everything|Everything|Are things|All|Is all|Things|Life|Are you|You] [okay|alright|good|fine|in order|well|all right|as it should be|going well][| with you| there| today| over there| on your end]?",
        "[Hello|Hi|Hey|Hello there|Good morning|Good evening][!|,|.] [I hope|Hope|I do hope|Hoping|I trust] [you are|you're|all is|everything is|your day is|things are|that you are] [well|okay|good|fine|alright|all right|doing well|doing fine|going well|in good health][| today][.|!|]",
        "[Hello|Hi|Hey|Heya][,|!] [how is|how's|how are] [life|everything|things|your day|it|the day][| going| with you| today]?",
        "[How does|How did|How is] [the day|the week|the morning|the world|the winter|fate|work] [treat|treating|going for] you[| today| so far]?",
        "[I hope|Hope|I trust] [you are|you're|all is|everything is] [well|okay|good|fine|alright][| with you| there][.|!|]",
        "[Are you|You] [doing|feeling|keeping] [well|okay|good|alright|fine|better][| today| now]?",
        "[What about you|And you|And how are you|How about yourself|How do you feel|What's new|Anything new|How have things been]?",
    ],
    "They thank me. I say they are welcome.": [
        "[Thanks|Thank you|Many thanks|Thanks a lot|My thanks|A big thank you] for [that|this|the answer|your answer|everything|your time|all of it|helping|telling me|the quick answer|being there][!|.|]",
        "[That|This|It] [helped|helps|did help|solved it|was what I needed|was perfect|is what I wanted][| a lot| me| so much][, thanks|, thank you|. Thanks|. Thank you][!|.|]",
    ],
    "They say goodbye. I do the same.": [
        "[Bye|Goodbye|See you|So long|Good night|Farewell|Bye then|Okay bye|Well, goodbye][,| then,| now,] [I am going|I go to bed|I go home|I must run|until later|see you soon|take care|have a good one|sleep well|I leave now][!|.|]",
        "[I will|I'll|Let me|I should|I have to] [go|leave|be off|stop here|come back later|sleep|log off|get going][| now| soon][.|!|, bye|, goodbye][|!]",
    ],
    "They do not feel well. I am kind.": [
        "[I am|I'm|I feel|I have been|I've been|I am feeling|I'm feeling|I was|We are|I must say I am] " + DEGREE + SAD + WHEN + "[.|!|]",
        "[My|It has been a|It is a|What a|This is such a|I have a] [day|week|bad week|sad day|hard week|terrible day|rough morning|bad time][ is bad| was hard| went wrong|] [and I feel|, I am|so I am|and I am] " + SAD + "[.|!|]",
        "[Nothing|Nobody|Not much] [works|likes me|went well|cares|makes me happy|is fun]" + WHEN + "[.|!|]",
        "[I lost|I miss|I failed|I broke] [my job|my friend|my cat|my exam|my keys|a game|my leg|my family|my home|the match][.|!|]",
    ],
    "They feel good. I am glad.": [
        "[I am|I'm|I feel|I have been|I've been|I am feeling|I'm feeling|We are|I must say I am] " + DEGREE + GLAD + WHEN + "[.|!|]",
        "[I got|I won|I found|I passed|I have] [a new job|my exam|a prize|a new friend|the match|a present|good news|a kitten|the first place|time off][.|!|]",
        "[It has been|This is|What] a [good|great|lovely|nice|wonderful|fine|perfect] [day|week|morning|evening|time][| for me| so far| today][.|!|]",
    ],
}

# How people say who they are when a chat begins (the last stage). Most do without a greeting: "I am Ben" looks like "I am sad", and takes the most learning.
GREETING = "[Hi|Hello|Hey|Hi there|Hello there|Heya|Howdy|Greetings|Good morning|Good evening|Good day][,|!|.|] "
BARE = "[I am|I'm] {name}[.|!||]"
NAMED = "[Call me|Call me|Just call me|You may call me|Please call me|They call me|People call me|This is|It's|It is|My name is|The name is|I go by|I am called] {name}[.|!||]"
INTRODUCTIONS = [
    BARE, BARE, BARE, NAMED, NAMED,
    GREETING + "[I am|I am|I'm|I'm|my name is|my name's|this is|it's|it is|call me|you can call me|I go by|I am called|they call me] {name}[.|!||]",
    GREETING + "[I am|I'm|my name is|this is] {name}[, nice to meet you.|. Nice to meet you!|. How are you?|, how are you?|. Can you help me?| and I have a question.|, pleased to meet you.]",
    "[{name} here|Hello from {name}|{name} is my name|{name} is what they call me|Here speaks {name}|Hi, {name} here][.|!|]",
]


def introduction(rng, who):
    """Somebody says that this is their name."""
    return expand(rng, rng.choice(INTRODUCTIONS), name=who)


def exchange(rng):
    """Two turns and the thought; in the last stage it is more often how I am, which has the most ways to be asked."""
    asked, thought, answers = HOW_AM_I if is_wider(rng, 0.15) else rng.choice(TALK)
    return [casual(rng, say(rng, wider(asked, MORE.get(thought, [])))), rng.choice(answers)], thought


def make(rng):
    turns, thought = exchange(rng)
    if rng.random() < (0.3 if is_wider(rng, 1) else 0.15):
        who = name(rng)
        opening = introduction(rng, who) if is_wider(rng, 1) else expand(rng, "[Hi|Hello|Hey|Good morning|Good evening][,|!] [I am|I'm|my name is|this is|it's|call me] {name}[.|!|]", name=who)
        turns = [casual(rng, opening, names=True), f"Hello {who}! Nice to meet you. How can I help you?"]
        thought = f"They say their name is {who}. I greet them by name."
    elif rng.random() < 0.25 or are_open(rng, 0.7):
        for _ in range(rng.randint(1, 3) if are_open(rng, 1) else 1):
            more, thought = exchange(rng)
            turns += more
    return conversation("small_talk", turns, thought=maybe_thought(rng, 0.3, thought))
