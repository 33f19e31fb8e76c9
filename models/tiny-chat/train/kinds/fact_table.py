"""The facts. Each family: how people ask, how the answer is put, and the pairs. `ask` wordings serve all pairs of the family."""

CAPITALS = dict(
    pair.split(":")
    for pair in """France:Paris Germany:Berlin Spain:Madrid Italy:Rome England:London Austria:Vienna Portugal:Lisbon Ireland:Dublin
Greece:Athens Norway:Oslo Sweden:Stockholm Finland:Helsinki Denmark:Copenhagen Poland:Warsaw Hungary:Budapest Belgium:Brussels
Switzerland:Bern Japan:Tokyo China:Beijing India:Delhi Egypt:Cairo Kenya:Nairobi Canada:Ottawa Peru:Lima Australia:Canberra Russia:Moscow
Ukraine:Kyiv Turkey:Ankara Cuba:Havana Thailand:Bangkok""".split()
)
COLOURS = dict(
    pair.split(":")
    for pair in """the sky:blue|grass:green|snow:white|blood:red|coal:black|a banana:yellow|a lemon:yellow|the sun:yellow|a carrot:orange|
milk:white|a ripe tomato:red|chocolate:brown|the sea:blue|a frog:green|a strawberry:red|an elephant:grey|a cucumber:green|
a flamingo:pink""".replace("\n", "").split("|")
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
OPPOSITES = [
    pair.split(":")
    for pair in """hot:cold big:small up:down day:night happy:sad fast:slow old:young open:closed light:dark tall:short full:empty hard:soft
early:late rich:poor wet:dry good:bad left:right loud:quiet clean:dirty strong:weak""".split()
]
SOUNDS = dict(
    pair.split(":")
    for pair in "dog:woof cat:meow cow:moo duck:quack sheep:baa pig:oink horse:neigh lion:roar bee:buzz frog:ribbit owl:hoot mouse:squeak".split()
)
BABIES = dict(
    pair.split(":")
    for pair in "dog:puppy cat:kitten cow:calf sheep:lamb horse:foal pig:piglet duck:duckling bear:cub frog:tadpole hen:chick goat:kid deer:fawn".split()
)
LEGS = {"dog": 4, "cat": 4, "spider": 8, "ant": 6, "bee": 6, "bird": 2, "horse": 4, "snake": 0, "chicken": 2, "cow": 4, "fly": 6, "human": 2}
NUMBER_WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty""".split()

# Single facts: (topic words, wordings, answer).
SINGLES = [
    ("days in a week", ["How many days are [there |]in a week?", "How many days does a week have?", "A week has how many days?"], "A week has 7 days."),
    ("months in a year", ["How many months are [there |]in a year?", "How many months does a year have?", "[Number of months in a year|A year has how many months]?"], "A year has 12 months."),
    ("hours in a day", ["How many hours are [there |]in a day?", "How many hours does a day have?", "A day has how many hours?"], "A day has 24 hours."),
    ("minutes in an hour", ["How many minutes are [there |]in an hour?", "How many minutes does an hour have?", "An hour is how many minutes?"], "An hour has 60 minutes."),
    ("seconds in a minute", ["How many seconds are [there |]in a minute?", "How many seconds does a minute have?", "A minute is how many seconds?"], "A minute has 60 seconds."),
    ("days in a year", ["How many days are [there |]in a year?", "How many days does a year have?", "How [long|many days] is a year?"], "A year has 365 days, and a leap year 366."),
    ("planets", ["How many planets [are there|does the sun have|go around the sun]?", "[What is the|Tell me the] number of planets[.|?]"], "There are 8 planets around the sun."),
    ("seasons", ["[What|Which] are the [four |]seasons[| of the year]?", "Name the [four |]seasons[.|]", "How many seasons are there?"], "The four seasons are spring, summer, autumn and winter."),
    ("freezing water", ["At what temperature does water freeze?", "When does water [freeze|turn to ice]?", "What is the freezing point of water?"], "Water freezes at 0 degrees Celsius."),
    ("boiling water", ["At what temperature does water boil?", "When does water boil?", "What is the boiling point of water?"], "Water boils at 100 degrees Celsius."),
    ("largest planet", ["[What|Which] is the [largest|biggest] planet?", "Which planet is the [largest|biggest]?", "Name the [largest|biggest] planet.", "[Of|Among] all planets, which [one |]is the [largest|biggest]?", "[The|Our] [largest|biggest] planet is [which|what|called what]?", "Which planet [beats all others in size|is larger than all others]?", "[Largest|Biggest] planet?"], "The largest planet is Jupiter."),
    ("largest ocean", ["[What|Which] is the [largest|biggest] ocean?", "Which ocean is the [largest|biggest]?", "Name the [largest|biggest] ocean.", "[Of|Among] all oceans, which [one |]is the [largest|biggest]?", "[The|Our] [largest|biggest] ocean is [which|what|called what]?", "Which ocean [beats all others in size|is larger than all others]?", "[Largest|Biggest] ocean?"], "The largest ocean is the Pacific."),
    ("largest animal", ["[What|Which] is the [largest|biggest] animal?", "Which animal is the [largest|biggest]?", "Name the [largest|biggest] animal.", "[Of|Among] all animals, which [one |]is the [largest|biggest]?", "[The|Our] [largest|biggest] animal is [which|what|called what]?", "Which animal [beats all others in size|is larger than all others]?", "[Largest|Biggest] animal?"], "The largest animal is the blue whale."),
    ("tallest animal", ["[What|Which] is the tallest animal?", "Which animal is the tallest?", "Name the tallest animal."], "The tallest animal is the giraffe."),
    ("fastest land animal", ["[What|Which] is the fastest [land |]animal?", "Which animal [runs|is] the fastest?", "Name the fastest animal[| on land]."], "The fastest animal on land is the cheetah."),
    ("highest mountain", ["[What|Which] is the [highest|tallest] mountain[| in the world| on Earth]?", "Which mountain is the [highest|tallest]?", "Name the [highest|tallest] mountain."], "The highest mountain is Mount Everest."),
    ("the sun", ["What is the sun?", "Is the sun a [star|planet]?", "What kind of thing is the sun?"], "The sun is a star."),
    ("the moon", ["What is the moon?", "What goes around the Earth?", "What [moves|circles] around the Earth at night?"], "The moon goes around the Earth."),
    ("bees make", ["What do bees make?", "Who makes honey?", "Where does honey come from?", "Which animal makes honey?", "[Who|Which insects|Which creatures|What] [produces|produce|gives us|give us] honey?", "Honey [comes from|is made by] [whom|what|which animal]?", "Honey: who makes it?"], "Bees make honey."),
    ("milk from", ["Where does milk come from?", "Who gives us milk?", "Which animal gives [us |]milk?"], "Milk comes from cows."),
    ("sunrise", ["Where does the sun rise?", "In which direction does the sun rise?", "Where does the sun come up?"], "The sun rises in the east."),
    ("sunset", ["Where does the sun set?", "In which direction does the sun set?", "Where does the sun go down?"], "The sun sets in the west."),
    ("ice", ["What is ice[| made of]?", "What is frozen water[| called]?", "What does water become when it freezes?"], "Ice is frozen water."),
    ("rainbow", ["How many colours [are in|does] a rainbow[| have]?", "[What|Which] are the colours of [the|a] rainbow?", "Name the colours of [the|a] rainbow."], "A rainbow has 7 colours: red, orange, yellow, green, blue, indigo and violet."),
    ("triangle", ["How many sides does a triangle have?", "How many corners does a triangle have?", "A triangle has how many sides?"], "A triangle has 3 sides."),
    ("square", ["How many sides does a square have?", "How many corners does a square have?", "A square has how many sides?"], "A square has 4 sides."),
    ("alphabet", ["How many letters are [there |]in the [English |]alphabet?", "How many letters does the [English |]alphabet have?", "[Number of letters in the alphabet|The alphabet has how many letters]?"], "The English alphabet has 26 letters."),
    ("continents", ["How many continents are there?", "[What|Which] are the continents?", "How many continents does the Earth have?"], "There are 7 continents."),
    ("romeo", ["Who wrote Romeo and Juliet?", "Who is the author of Romeo and Juliet?", "Romeo and Juliet was written by whom?"], "Romeo and Juliet was written by William Shakespeare."),
    ("hello in french", ["How do you say hello in French?", "What is hello in French?", "[Say hello in French.|Hello in French?]"], "Hello in French is bonjour."),
    ("hello in spanish", ["How do you say hello in Spanish?", "What is hello in Spanish?", "[Say hello in Spanish.|Hello in Spanish?]"], "Hello in Spanish is hola."),
    ("hello in german", ["How do you say hello in German?", "What is hello in German?", "[Say hello in German.|Hello in German?]"], "Hello in German is hallo."),
    ("fingers", ["How many fingers [do people have|does a person have|do humans have|does a hand have]?", "How many fingers are on [a|one] hand?"], "A person has 10 fingers, 5 on each hand."),
    ("h2o", ["What is H2O?", "What does H2O mean?", "What is the formula of water?", "What is water made of?"], "Water is H2O: hydrogen and oxygen."),
]
