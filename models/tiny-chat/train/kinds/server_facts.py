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
            "[Can you say|Say|Do you know|I want to know|Would you say] what [RockchipLlama|this server|this program] [is|does|is good for][?|.|]",
            "[In short|In a word|Briefly], what is [RockchipLlama|this program|this server]?",
            "[RockchipLlama|This server|This program]: what is [it|that][ all about|]?",
            "[What|Which] [thing|kind of thing] is RockchipLlama?",
            "[Why would I use|What do people use|What is the point of] [RockchipLlama|this server]?",
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
            "[Give me|I need|I want|Print|Write down|Enumerate] [all|all the|every one of the|the whole list of|a list of] [your |the |][endpoints|routes|API routes|paths|URLs][.|, please|]",
            "[Please |][show|name|tell me] [all|every] [endpoint|endpoints|route|routes|path|paths] [you have|of the server|there is|of the API|that exists][.|]",
            "[Which|What] [endpoint|route|path|URL|address] [is for|do I use for|serves|handles|answers|accepts] [chat|chats|chatting|chat requests|conversations|a conversation]?",
            "[Endpoints|Routes|API routes|Paths]?",
            "To [which|what] [endpoint|path|route|URL] [do|must|should] [I|my client] [post|send] [a chat|messages|a conversation|my chat messages]?",
            "[Where|How] [can|do] I see [your|the server's|all] [endpoints|routes]?",
            "Your [endpoints|routes|paths], please[.|]",
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
            "[Which|What] [is the|] [port|address|URL] [is yours|of the server|do you listen at|is it on|is in use]?",
            "[Port|Address|Server address|The port], please[.|?]",
            "The [port|address] of [the|this] server[ is|, what is it]?",
            "[At|On|Under] [which|what] [address|URL|port] [does it|do you|does the server] [answer|run|sit|live|wait][?|]",
            "[Tell me|Give me|Say|I need] the [port|address|URL|port number] [of the server|of this server|it listens on|you use][.|]",
            "[Which|What] [number|port number] does the server['s port have| listen on]?",
            "The server [sits|listens|waits] [where|on which port|at which address]?",
        ],
        "The server listens on http://127.0.0.1:8080. Use --port to change the port, and --host 0.0.0.0 with --allow to serve other machines.",
    ),
    (
        [
            "How [do|can] I change the port?",
            "[I want to use|Can I use|How do I use|Is it possible to use] another port[?|.|]",
            "[How do I|How can I|Can I] [run|start] [it|the server|this] on [port 9000|another port|a different port]?",
            "Port 8080 is [taken|in use|busy][.|. What now?|, what can I do?]",
            "[I would like|I need|I want|Let me have] [it|the server] on [port 7000|port 5050|some other port|a new port|port 3000][.|]",
            "[How|What must I do|What do I write] to [let it listen|have it|start it|serve|put it] on [port 7000|port 4444|another port|port 3000]?",
            "[Is there|Which is] a [flag|option|setting] for the port[ number|]?",
            "[Can|May|Could] the port [be changed|be another|be set|be different]?",
            "[Changing|Setting] the port[: how|, how does it work|, is that easy][?|]",
            "[Make|Let] [it|the server] [listen|run] on [port 7000|another port][.|, how?|]",
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
            "[What|How] do I [do|type|run|enter] to [get|download|fetch|have|install] [one more|another|a further|a large|some other] model?",
            "[I would like|I wish I had|We need|Let me have] [a larger|a bigger|a smarter|another|one more|a second|a better] model[ on this machine|][.|]",
            "[Download|Get|Fetch|Install] [me |][a model|another model|a larger model][.|: how?|, how does that go?|]",
            "[Can I|May I|Is it possible to] [add|get|download|have] [further|other|more|larger|bigger] models[ here|][?|]",
            "This model is [too small|not clever|weak]. [How do I get|Where is|I want] a [larger|bigger|better] one[?|.]",
            "[Downloading|Adding|Fetching|Installing] [a model|models|more models][: how|, how is that done|, which command][?|]",
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
            "[In what way|How] [could|would|do|shall] I [see|find|view|look at|get a list of] [the models that are here|the installed models|every model|all of my models|what models there are]?",
            "[Show|List|Print|Give me] [all|the|every one of my] [installed |]models[.|, please|]",
            "[Are there|Have I got|Do I have] [any |other |]models [installed|on this machine|here]?",
            "[Installed models|The models I have|My models][: which|, where do I see them|, please][?|]",
            "I want to see [the|my|all] models[.|]",
        ],
        "Run: rockchip-llama list. It shows every model, and why one cannot run here.",
    ),
    (
        [
            "[What|Which] commands [are there|do you have|does it have|does the program have|can I use]?",
            "[List|Name|Show me|Tell me] [the|all] commands[.|]",
            "[How do I get|Where do I find|Where is] [help|the list of flags|the list of commands] [for|of] [the program|rockchip-llama]?",
            "[Which|What] [are|is] the [commands|list of commands|command line commands][ of rockchip-llama|]?",
            "[Say|Show|Print|Name|I want|I need] [every|each|all|the whole list of|a list of] [commands|command][ you know|, please|][.|]",
            "[Commands|All commands|The commands], please[.|]",
            "[What|Which commands] can I [type|enter|run|give] [on the command line|in the terminal|after rockchip-llama]?",
            "[How many|Which] commands does [it|the program|rockchip-llama] [know|understand]?",
            "[Tell|Show] me what commands [exist|it knows|I can give][.|]",
        ],
        "The commands are serve, run, pull, list, keys, doctor, help and version, and some more. rockchip-llama help explains them all.",
    ),
    (
        [
            "How [do|can] I start [the server|it|RockchipLlama]?",
            "[Which|What] command starts the server?",
            "How [do|can] I run [the server|RockchipLlama|this server]?",
            "What does [the serve command|serve|rockchip-llama serve] do?",
            "[Explain|Show me|Tell me] how to [start|run] the server[.|]",
            "[Start|Run|Launch] the server[: how|, how do I do that|, please][?|.|]",
            "[What|How] do I [do|type|enter] to [start|launch|run|get] the server[ going| up|]?",
            "[How|In what way] is the server [started|launched|brought up|run]?",
            "[I want|I would like|It is time] to [start|launch|run] the server[.|]",
            "[Launching|Running|Getting] the server[ up|]: [what do I type|which command|how][?|]",
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
            "[Docker|A container|Containers]: [does it work|how|how do I start it|is that possible][?|]",
            "[Can|Could|May|Might] [I|one|we] [run|start|put|use] [it|this|the server] [in|with|inside] [a container|Docker|a Docker container]?",
            "[Give me|I need|What is|Show me|Write] the [command|line|commands] for [Docker|a container|the Docker image][.|?|]",
            "[I want|I prefer|I would like] [to use |]Docker[.|]",
            "[Is|Will] [Docker|a container] [be |][okay|fine|supported|possible][ here| with this server|]?",
            "How do I build [the|a] [image|container]?",
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
            "[In which file|Where|In which place] [are|do I find|do I change|can I change|does one write] the [settings|options|configuration|config]?",
            "[I want|I need|I would like] to [change|edit|set] [the configuration|some settings|an option][.|]",
            "[Settings|Configuration|Options]: [where|how|which file][?|]",
            "[Can|How can|How would] [the server|it|this] be [configured|set up|adjusted]?",
            "[Is there|Where is] a file [for|with] the [settings|configuration|options]?",
        ],
        "Use flags, environment variables that begin with ROCKCHIP_LLAMA_, or the files server.json and inference_config.json in the config folder.",
    ),
    (
        [
            "[Where|In which folder] do [models|my models|the models|model files] [go|live|belong]?",
            "Where [do|should] I put [a model|my models|model files|a GGUF file]?",
            "[What|Which] is the models folder?",
            "Where are [the|my] models [stored|kept|saved]?",
            "[The|A|My] [model|model file|GGUF file]: [where|in which folder|to which place] [does it go|do I put it|do I copy it][?|]",
            "[To|In] [which|what] [folder|place|directory] [do|must|should|can] [I|one|we] [copy|move|save|store|drop] [models|a model|my models|GGUF files]?",
            "[I downloaded|I have|Here is] a model[ file|]. [Where does it go|Where do I put it|In which folder does it belong]?",
            "[The|Which] [folder|directory] [for|of] [models|the models|model files][, where is it|, please|][?|]",
        ],
        "Models go into the models folder, or into any folder that --models-dir names.",
    ),
    (
        [
            "[Which|What] [model files|models|file formats|formats|kinds of models|file types] [can you run|does it run|are supported|does the server support|work]?",
            "Can [you|it|the server] run [GGUF|gguf|rkllm|.gguf|.rkllm] [files|models]?",
            "[What is the difference between|Explain] .rkllm and .gguf[?|]",
            "[Does it|Can it|Does the server] run on the CPU?",
            "[Would|Will|Does|Can|May] [a|my|an] [GGUF|rkllm|.rkllm|.gguf] [file|model] [work|run|be fine|do|start][ with it| on it|]?",
            "[Is|Are] [GGUF|gguf|rkllm] [supported|okay|fine|possible]?",
            "[Which|What] [types|kinds|formats] of [models|model files|files] [may I use|run here|does it take|do you take]?",
            "[Files of|Models in] which format [does it take|run|work|can I use]?",
        ],
        "The server runs .rkllm models on the Rockchip NPU and .gguf models on the CPU.",
    ),
    (
        [
            "[Which|What] [boards|chips|NPUs|hardware] [are supported|does it support|can it use|does it run on|do I need]?",
            "[Does it|Will it|Can it] [work|run] on [the RK3588|an RK3588|the RK3576|my board|a Rockchip board]?",
            "[Which|What] Rockchip [chips|boards|NPUs] [work|are supported]?",
            "[Is|Will] [my|the|an|a] [RK3588|RK3576|RK3562|RV1126B|Rockchip] [board |chip |][supported|fine|enough|be fine|do]?",
            "[I have|I own|Here is] [an RK3588|an RK3576|a Rockchip] board[. Will it work|, is that fine|. Does it run there|, can I use it][?|]",
            "[Can|Could|Would] [it|this|the server] [use|run on|work on] [my|the|an] [RK3576|RK3588|RK3562|NPU][ board|]?",
            "[List|Name|Tell me] the [boards|chips|NPUs] [it supports|that work|it can use][.|]",
        ],
        "It supports the Rockchip NPUs of the RK3588, RK3576, RK3562 and RV1126B.",
    ),
    (
        [
            "How [do|can] I [use|connect] [the OpenAI client|an OpenAI client|the OpenAI library|OpenAI's client][?|]",
            "[What is|Which is] the base URL[| for OpenAI clients]?",
            "[Does it|Can I|Does this] work with [the OpenAI client|OpenAI clients|the openai library]?",
            "Which base URL [do I use|should I set|do OpenAI clients need|must I set]?",
            "[What|Which URL|Which address] [do I|must I|should I|does one] [type|set|write|give|put] [as|for] [the |][base URL|OpenAI base URL|baseURL][?|]",
            "[My|The|An] OpenAI [client|library|SDK] [asks for|needs|wants] a [base URL|URL|base_url][. Which one|: which|, what is it][?|]",
            "[Base URL|OpenAI base URL|The base URL], please[.|?]",
            "[Connecting|Using] [an|my|the] OpenAI [client|SDK|app]: [how|what URL|which address][?|]",
            "[Will|Does|Would] my OpenAI [client|app|code|program] [work|run] [with it|with this server|here]?",
        ],
        "Set the base URL of your OpenAI client to http://127.0.0.1:8080/v1, with the /v1 at its end. Any API key will do.",
    ),
    (
        [
            "How [do|can] I [use|connect] [the Ollama client|an Ollama client|Ollama][?|]",
            "[Does it|Can I|Does this] work with [Ollama|Ollama clients|the ollama client]?",
            "[What|Which] address do Ollama clients [use|need|take]?",
            "What do I set OLLAMA_HOST to?",
            "[In what way|How|Where] [does|do|would|can|could] [an|my|the] Ollama [client|app|program|clients] [reach|find|talk to|use] [it|the server|this server]?",
            "[My|An|The] Ollama [client|app] [wants|needs|asks for] an address[. Which one|: which|, what is it][?|]",
            "[Ollama|Ollama clients|OLLAMA_HOST][: which address|, how does that work|: how][?|]",
            "[I use|I have|I come from] Ollama[. What do I set|, how do I connect|, will that work here][?|]",
        ],
        "Ollama clients use http://127.0.0.1:8080. Set OLLAMA_HOST=127.0.0.1:8080, or leave it out: the server listens on port 11434, too.",
    ),
    (
        [
            "[How do I check|How can I check|How do I know|Can I check] [if|that|whether] the server is [up|alive|running|healthy|well]?",
            "[Is there|Do you have|What is|Where is] [a|the] health [check|endpoint|route][?|]",
            "Which endpoint is for health checks?",
            "[How|In what way] [do|would|can|might] I [see|find out|test|tell|learn|be sure] [whether|if|that] [the server|it] [is fine|is well|is up|works|still runs|lives|is okay]?",
            "[Is|Does] the server [healthy|still up|alive|work|run][?|] [How do I check|How can I see that|Where do I ask]?",
            "[A|The] [health check|check of the server's health|URL for health][, please|: which|, where][?|]",
            "[My|The] monitoring [needs|wants|asks for] a [URL|route|health endpoint][.|: which?|]",
        ],
        "Ask GET /health. It answers when the server is up.",
    ),
    (
        [
            "[Where is|Is there|Where do I find|Do you have] [the|an] [API|Swagger|OpenAPI] [documentation|page|description][?|]",
            "[What is|What's at|What does] /swagger[| show]?",
            "Where can I read about [the API|the routes|all the endpoints]?",
            "[Is|Are] the [API|routes|endpoints] [documented|described|explained] [somewhere|anywhere|on a page]?",
            "[Which|What] page [describes|explains|shows|is about|covers] [the API|the routes|all routes|every endpoint]?",
            "[Does|Is there|Has] [the API|the server|it] [have |][documentation|some documentation|docs|a manual][?|]",
            "[I need|I want|Show me|Give me|Open] [the |some ][API docs|documentation|API documentation|docs of the API|Swagger page][.|]",
            "[API docs|Swagger|API documentation|Documentation][?|, please]",
            "[Where|On which page] [is|are|do I find] [the API|the routes|the docs] [described|documented|explained|]?",
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
            "[What|How] does [the doctor command|rockchip-llama doctor|doctor] [do|work|help]?",
            "[Which|What] command [finds|looks for|tells me] [faults|what is wrong|problems]?",
            "[My server|It|Nothing] [is broken|hangs|crashes|does not work][.|, why?|. Help|]",
        ],
        "Run rockchip-llama doctor: it says what keeps the server or a model from working, and how to mend it.",
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
            "[Will|Do|Can] [answers|the answer|words] [come|arrive|be sent] [in pieces|bit by bit|as a stream]?",
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
