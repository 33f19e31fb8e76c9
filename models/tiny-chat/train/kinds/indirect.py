"""Questions that do not name what they are about: whoever asks about washing on a line wants the weather."""

ASKED = {
    "weather": [
        "[can|could|may|should] [I|we|the children|people] [hang out the washing|play outside|wear shorts|leave the windows open|have a barbecue|fly a kite|go to the beach|paint the fence|eat outdoors|sunbathe|build a snowman|water ski|go sledging] in {x}[| today| now| this morning]?",
        "[is it|would it be|do they have] [shorts|beach|umbrella|sledge|ice cream|raincoat|barbecue|glove|T-shirt] [weather|season|time] in {x}[| today| now]?",
        "[does it|is it going to|will it|might it] [pour|drizzle|hail|freeze|thaw|storm|clear up|melt|thunder] in {x}[| today| now| tonight]?",
        "[what|which|what sort of] [clothes|shoes|jacket|things] [do I need|should I pack|shall I wear|must I bring|do people wear] [in|for] {x}[| today| now]?",
        "[is the sun out|is snow lying|are the streets wet|are the roads icy|are the roofs white|is there ice|are there clouds|is there fog|is it dripping|are people skating|is the lake frozen] in {x}[| today| now]?",
        "will my [hair|washing|shoes|hat|bike|tent|cake|plants] [get soaked|stay dry|freeze|blow away|dry|melt] in {x}[| today| tonight]?",
        "I [am packing|pack] for {x}[: |, ][warm|thin|thick|light] clothes or [warm|light|dry] ones?",
        "[do|will] [people|we|they|tourists] [sweat|shiver|freeze|get sunburnt|need a shelter|slip on ice] in {x}[| today| now]?",
        "am I going to [sweat|shiver|freeze|need boots|slip|burn in the sun|be rained on] in {x}[| today| tonight]?",
        "[sandals|boots|an umbrella|sunglasses|a coat|gloves|a scarf|a raincoat] [for|in] {x}[| today| or not]?",
    ],
    "time": [
        "[are|will] [shops|banks|offices|schools|restaurants|museums] [be |][open|closed] in {x} [now|already|yet|by now]?",
        "[do|can|could] I [still|already] [catch|reach|disturb|ring up] [people|my aunt|them|the office|somebody] in {x}?",
        "[is it|would it be] [bedtime|lunchtime|dinner time|past midnight|before noon|still dark|breakfast time|closing time] in {x}[| now| already]?",
        "[are children|is my grandmother|is my colleague|is everybody|are people] in {x} [having breakfast|at lunch|still up|at school|sleeping|getting up|on their way home][| now| already]?",
        "how [long|many hours] until [noon|midnight|evening|tomorrow] in {x}?",
        "[has the day begun|has the sun set|have they had lunch|have they gone to bed|is the working day over] in {x} [yet|already]?",
        "[would I|do I|will I] wake [anybody|my friend|them|people] in {x}[| now| if I ring now]?",
    ],
    "calculator": [
        "[is|would] {x} [be |][more|less|larger|smaller] than [ten|fifty|a thousand|a million]?",
        "[my head|my son|nobody|my old calculator] [cannot do|fails at|gets lost in|does not manage] {x}[.|, help|, will you|]",
        "[check|verify|test] [my|the] [bill|homework|shopping]: {x}",
        "what [should I write|do I put|belongs|stands] behind {x} =?",
        "[we pay|they owe me|I earned|I spent|it costs] {x} [in all|together|], [so what is that|how much|what do I write down]?",
        "be my [abacus|brain|bookkeeper|accountant]: {x}[.|]",
    ],
    "search": [
        "[I am|I'm|my daughter is] [curious|writing an essay|giving a talk|reading a book] [about|on] {x}[, help me|. What is there|. Anything new|][.|?|]",
        "[what is there to know|what do experts say|who writes|what is new] about {x}?",
        "[anything|something] [new|good|useful|recent] [on|about] {x}[| anywhere| out there]?",
        "[where|how] [could|can|do] I [read up on|learn about|get to know about] {x}?",
        "[teach|enlighten|inform|brief] me [about|on] {x}[, please|][.|]",
        "[I must understand|we have to study|my class talks about|I know nothing about|I forgot all about] {x}[.|, so help|. Look, please|]",
    ],
}

# What may come behind such a question: an order that does not say more.
ORDERS = """|||| Look, please.| Find out.| Ask the right function.| See for me.| Use a function.| Find that out, please.| I cannot see it from here.| Go and see.| Use what you have.
| Somebody must know.| Look it up there.""".replace("\n", "").split("|")
