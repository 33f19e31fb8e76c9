"""What this server is and how to use it. Every answer was true of README.md and docs/ when it was written."""

from wording import are_open, casual, expand, say

from . import conversation, maybe_thought

LEAD = "[||||Please tell me: |Tell me, |Quick question: |Hey, |Hi! |I am new here. |I have a question. ]"

FACTS = [
    (
        [
            "What is [this server|this program|this|RockchipLlama|rockchip-llama]?",
            "[Which|What kind of] [server|program|software] is this?",
            "[Tell me about|Explain|Describe] [this server|RockchipLlama|this program][.|]",
            "What does [this server|RockchipLlama|this program] do?",
            "What is RockchipLlama [for|used for|about]?",
            "What [server|software|program] am I [talking to|using|running]?",
        ],
        "RockchipLlama is a server that runs language models on a Rockchip NPU and answers the OpenAI, Anthropic and Ollama APIs.",
    ),
    (
        [
            "[Which|What] endpoints [are there|do you have|does the server have|can I use|are available]?",
            "[List|Show me|Name] the [endpoints|routes|paths|URLs][.|]",
            "[Which|What] [routes|paths|URLs] [does the server answer|can I call|are there]?",
            "[Where|Which endpoint] do I send a chat [request|message][ to|]?",
            "[What is the|Which is the|Tell me the] chat endpoint[?|]",
            "Which [API|endpoint] do I call for chat?",
        ],
        "For OpenAI clients: /v1/chat/completions, /v1/completions and /v1/models. For Ollama clients: /api/chat, /api/generate and /api/tags. /swagger describes all of them.",
    ),
    (
        [
            "[What|Which] port [does|do] [the server|it|you|this] [use|listen on|run on]?",
            "[On which|On what] port [does the server|do you] [listen|run]?",
            "What is the [default port|port|address|default address|URL of the server]?",
            "[Where|At which address] [does the server listen|can I reach the server|do I find the server|is the server running|is the server]?",
            "How do I [reach|connect to|open] the server?",
        ],
        "The server listens on http://127.0.0.1:8080. Use --port to change the port, and --host 0.0.0.0 with --allow to serve other machines.",
    ),
    (
        [
            "How [do|can] I change the port?",
            "[I want to use|Can I use|How do I use|Is it possible to use] another port[?|.|]",
            "[How do I|How can I|Can I] [run|start] [it|the server|this] on [port 9000|another port|a different port]?",
            "Port 8080 is [taken|in use|busy][.|. What now?|, what can I do?]",
        ],
        "Start it with --port and the number, for example: rockchip-llama serve --port 9000.",
    ),
    (
        [
            "How [do|can] I [get|download|pull|install|add|load] [a|another|a new|a bigger|a real|a better|more than one] model[|s]?",
            "How does pull work?",
            "What does [the pull command|rockchip-llama pull|pull] do?",
            "[Where do I get|Where can I find|I need|I want|Give me] [a bigger|a better|a real|another] model[?|.|]",
            "[Explain|Show me] [the pull command|how to pull a model|how pull works][.|]",
            "Which command [downloads|gets|pulls] a model?",
        ],
        "Run: rockchip-llama pull owner/repository. It downloads a model from Hugging Face into the models folder.",
    ),
    (
        [
            "How [do|can] I [list|see|show] [the|my|all] models?",
            "[Which|What] models [do I have|are there|are installed|can I use]?",
            "What does [the list command|rockchip-llama list|list] do?",
            "Which command [lists|shows] [the|my] models?",
            "[How do I find out|How can I see|How do I know] which models [I have|are there|are installed]?",
        ],
        "Run: rockchip-llama list. It shows every model, and why one cannot run here.",
    ),
    (
        [
            "[What|Which] commands [are there|do you have|does it have|does the program have|can I use]?",
            "[List|Name|Show me|Tell me] [the|all] commands[.|]",
            "[How do I get|Where do I find|Where is] [help|the list of flags|the list of commands] [for|of] [the program|rockchip-llama]?",
        ],
        "The commands are serve, pull, list, keys, help and version. rockchip-llama help explains every flag.",
    ),
    (
        [
            "How [do|can] I start [the server|it|RockchipLlama]?",
            "[Which|What] command starts the server?",
            "How [do|can] I run [the server|RockchipLlama|this server]?",
            "What does [the serve command|serve|rockchip-llama serve] do?",
            "[Explain|Show me|Tell me] how to [start|run] the server[.|]",
        ],
        "Run: rockchip-llama serve. From the sources: bun install, then bun start. npm works, too.",
    ),
    (
        [
            "How [do|can] I [use|run it with|run this in|use it with|start it in|start it with] Docker?",
            "[Is there|Do you have|Where is] a Docker image[?|]",
            "[Does it|Can it|Does the server] [run|work] [in|with] [Docker|a container]?",
            "[Explain|Show me] [the Docker setup|how to use Docker][.|]",
            "What is the Docker command?",
        ],
        "Build the image with docker build --tag rockchip-llama . and run it with docker run --rm --publish 8080:8080 --env ROCKCHIP_LLAMA_API_KEY --volume \"$PWD/models:/models\" rockchip-llama.",
    ),
    (
        [
            "How [do|can] I [configure|set up|change the settings of] [the server|it|RockchipLlama]?",
            "[Where is|Where do I find|What is] the [config|configuration|config file|settings file]?",
            "[Where|How] do I [change|set] [a setting|the settings|options|the configuration]?",
            "[Which|What] [config files|settings files|configuration files] are there?",
            "[Explain|Describe] the configuration[.|]",
        ],
        "Use flags, environment variables that begin with ROCKCHIP_LLAMA_, or the files server.json and inference_config.json in the config folder.",
    ),
    (
        [
            "[Where|In which folder] do [models|my models|the models|model files] [go|live|belong]?",
            "Where [do|should] I put [a model|my models|model files|a GGUF file]?",
            "[What|Which] is the models folder?",
            "Where are [the|my] models [stored|kept|saved]?",
        ],
        "Models go into the models folder, or into any folder that --models-dir names.",
    ),
    (
        [
            "[Which|What] [model files|models|file formats|formats|kinds of models|file types] [can you run|does it run|are supported|does the server support|work]?",
            "Can [you|it|the server] run [GGUF|gguf|rkllm|.gguf|.rkllm] [files|models]?",
            "[What is the difference between|Explain] .rkllm and .gguf[?|]",
            "[Does it|Can it|Does the server] run on the CPU?",
        ],
        "The server runs .rkllm models on the Rockchip NPU and .gguf models on the CPU.",
    ),
    (
        [
            "[Which|What] [boards|chips|NPUs|hardware] [are supported|does it support|can it use|does it run on|do I need]?",
            "[Does it|Will it|Can it] [work|run] on [the RK3588|an RK3588|the RK3576|my board|a Rockchip board]?",
            "[Which|What] Rockchip [chips|boards|NPUs] [work|are supported]?",
        ],
        "It supports the Rockchip NPUs of the RK3588, RK3576, RK3562 and RV1126B.",
    ),
    (
        [
            "How [do|can] I [use|connect] [the OpenAI client|an OpenAI client|the OpenAI library|OpenAI's client][?|]",
            "[What is|Which is] the base URL[| for OpenAI clients]?",
            "[Does it|Can I|Does this] work with [the OpenAI client|OpenAI clients|the openai library]?",
            "Which base URL [do I use|should I set|do OpenAI clients need|must I set]?",
        ],
        "Set the base URL of your OpenAI client to http://127.0.0.1:8080/v1. Any API key will do.",
    ),
    (
        [
            "How [do|can] I [use|connect] [the Ollama client|an Ollama client|Ollama][?|]",
            "[Does it|Can I|Does this] work with [Ollama|Ollama clients|the ollama client]?",
            "[What|Which] address do Ollama clients [use|need|take]?",
            "What do I set OLLAMA_HOST to?",
        ],
        "Ollama clients use http://127.0.0.1:8080. Set OLLAMA_HOST=127.0.0.1:8080.",
    ),
    (
        [
            "[How do I check|How can I check|How do I know|Can I check] [if|that|whether] the server is [up|alive|running|healthy|well]?",
            "[Is there|Do you have|What is|Where is] [a|the] health [check|endpoint|route][?|]",
            "Which endpoint is for health checks?",
        ],
        "Ask GET /health. It answers when the server is up.",
    ),
    (
        [
            "[Where is|Is there|Where do I find|Do you have] [the|an] [API|Swagger|OpenAPI] [documentation|page|description][?|]",
            "[What is|What's at|What does] /swagger[| show]?",
            "Where can I read about [the API|the routes|all the endpoints]?",
        ],
        "Open /swagger on the server. It describes every route.",
    ),
    (
        [
            "[Where|How] do I get [librkllmrt.so|Rockchip's library|the runtime library|the NPU library]?",
            "What is librkllmrt.so?",
            "[Which|What] library [does the NPU need|do I need for the NPU]?",
            "[Do I need|What is] [Rockchip's library|the Rockchip runtime|the runtime library]?",
        ],
        "librkllmrt.so is Rockchip's library for the NPU. You get it from Rockchip and put it into /usr/lib.",
    ),
    (
        [
            "[It|The server|My model|The model] does not [answer|work|start|run|load][.|. What now?|. What can I do?|, help!|]",
            "[Something is wrong|I get an error|There is an error|My model fails|A model cannot run][.|. What now?|. What can I do?|, help!]",
            "[What do I do|What can I do] when [it|the server|a model] [does not answer|fails|does not work]?",
        ],
        "Run rockchip-llama list: it says of every model why it cannot run here. The message on the terminal names the fault and the fix.",
    ),
    (
        [
            "How [do|can] I [change|set] the [temperature|sampling|top_p|top_k][?|]",
            "What is the default temperature?",
            "[Where|How] do I set [the temperature|sampling options]?",
        ],
        "Send temperature, top_p or top_k with the request, or set them in inference_config.json. The default temperature is 0.6.",
    ),
    (
        [
            "What [license|licence] [does it have|is it under|does the project use|is this]?",
            "[Is it|Is this|Is RockchipLlama] [free|open source]?",
            "[Tell me|What is] the [license|licence][.|?]",
        ],
        "RockchipLlama is open source under the Apache License 2.0.",
    ),
    (
        [
            "[Can you|Can it|Can the server|Does it] [stream|send the answer in pieces|stream answers][?|]",
            "How [do|can] I [stream|get streaming|turn on streaming|get the answer in pieces]?",
            "[Is streaming supported|Does streaming work]?",
        ],
        "Yes. Send \"stream\": true with the request, and the answer comes in pieces.",
    ),
    (
        [
            "[How do I|How can I|Can I] [use|call|give you|have] tools[?|]",
            "[Do you|Does the server|Does it] support [tools|tool calls|function calling|functions]?",
            "[Is|Are] [tool calling|tools|function calling] supported?",
        ],
        "Yes. Send the functions as tools with the request, and I answer with a tool call when one fits.",
    ),
]


def make(rng):
    asked, said = rng.choice(FACTS)
    turns = [casual(rng, expand(rng, LEAD) + say(rng, asked)), said]
    more = rng.random() < 0.25
    while more or are_open(rng, 0.5):
        more = False
        asked, said = rng.choice(FACTS)
        turns += [casual(rng, say(rng, asked)), said]
    thought = "They ask about the server. I know the answer from its manual."
    return conversation("server_facts", turns, thought=maybe_thought(rng, 0.3, thought))
