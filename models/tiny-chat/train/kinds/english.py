"""Plain English words, and forms and phrases put together from them: what values, names of functions and keys are made of where words are open."""

from evaluation import words as examination

EXAMINED = {part for entry in vars(examination).values() if isinstance(entry, list) for text in entry for part in text.lower().split()}

NOUNS = """ability accident account actor address advice agent airport album alley altar anchor angle ankle apartment apron arch area arm armchair
army arrow artist ashtray attic aunt author autumn avenue axe baby back bacon badge bakery balcony balloon bank banner barn barrel basement
basket bath battery bay beach bead beam bean beard beast bed bedroom beef beetle bell belt bench berry bill bin birth bishop blade blossom
board body bolt bone bonfire border boss bottom bow bowl bracelet brain branch brass breakfast breath brick bride bridge brother brush bucket
bud budget builder bulb bunker bus bush business butcher butter button cabin cabinet cable cage calendar calf camp canvas cap captain
caravan card cargo carpet carriage cartoon castle cave ceiling cellar cement centre chain chalk chamber champion channel chapel chapter
charcoal charm cheek chef chest chicken chief child chimney chin choir church cider circle circus citizen class claw clay cliff cloak cloth
cloud club coach coal coast cobweb coconut coffee coin collar college colony column comb comet community compass computer concert contract
cookie copper coral corner cotton council counter country couple courage course court cousin cover crab cradle crane cream creek crew cricket
crime crop cross crowd crown crystal cube cucumber cupboard curtain cushion customer cycle dam damage dance danger daughter deck degree deputy
desk device diamond diary dictionary dinner dirt disc dish distance district ditch dock doll donkey door dress drill drink drop dust
eagle ear earth edge editor education effect egg elbow election energy engine entrance envelope error escape estate evening event evidence
example exit expert eye fabric face factory fair fairy falcon family fan farm fashion father fear feast feather fence ferry festival fever
field fig film filter finger fire fireplace flag flame flight flood floor flour flower flute foam fog folder forest fork fort fossil fountain
frame freezer friend fruit fuel fur furniture future gallery game garage garlic gas gate gem ghost giant gift glass glove goal goose grain
grandson granite grape grass gravel gravy guard guest guide guitar gull gym habit hall hammer hand harbour hardware harvest hawk hay head
health heart heat heater hedge heel hen herb hero hill hive hockey hole holiday hood hook horn hospital host hotel house human hunger hut ice
idea industry ink insect island ivory jacket jail jam jar jewel job joke journey judge juice jungle jury kettle keyboard kidney king kitchen
knee knife knight knot label lace lake land lane language lantern laptop laundry lava law lawn leaf leather lecture leg legend lemon
lens lesson letter lettuce level library light lightning lime line lion lip list lobby lock log lunch lung machine magazine magnet maid mail
manager map marble market marsh mask mason mat match mattress meadow meal meat medal medicine meeting member menu merchant message metal
meter microphone midnight mile mill mind mine minister mint minute mirror moment monster month monument moon morning moss moth mother motor
mountain mouth movie mud mug muscle museum mushroom music mustard nail napkin neck necklace needle nephew nest net newspaper night noise noon
north nose note nurse nut oak oar ocean office oil onion opera orchard orchestra organ oven owner oyster pack package page paint palace
palm pan panel pants paper parade parcel park parrot party passage passenger passport patch path patient pattern peak pearl pebble pencil
people pepper perfume petal photo piano picnic picture pie pillar pin pine pipe pirate plain plan planet plank plaster plastic plate platform
player plaza pocket poem poet poison police pond pool porch port poster pot powder prayer present price priest prince printer prison prize
problem product profit project proof puppet puzzle pyramid quarry queen question quilt race rack radish raft rail rain rainbow ramp ranch
rat razor recipe record reef region remedy report rescue resort restaurant reward ribbon rice rider rifle ring risk river road robe rock
rocket roof room root rope rose rubber rug ruler saddle safe salad salmon salt sand sandwich satellite sauce saucer sausage scale scarf scene
school science scissors scooter screen screw sea seal season seat secret seed shadow shampoo shark shed shelf shell shelter sheriff shield
ship shirt shop shore shoulder shovel shower sign signal silk singer sink sister skate skeleton skill skin skirt skull sky slave sleeve
sleigh slice slipper slope smoke snake snow soap sock sofa soil soldier son song soul south spark spider spine sponge spot spring spy square
stable stadium stage stair stamp star statue steak steel stem step stick stomach stone stool store storm story stove stranger straw stream
street string student studio subject sugar suit summer sun supper surface swamp sweater sweet sword symbol syrup tail tailor tape target task
taste tax taxi tea team tear telephone telescope temple tennis test textbook theatre theory thief thorn thread throat throne thumb thunder
ticket tide tie tile timber tin title toe toilet tomb tongue tool tooth topic torch towel tower toy track tractor trade trail train tray
treasure treaty tree trial tribe trick trip trophy trouble trousers truck trumpet trunk truth tube tulip tunnel turkey tutor twig uncle
uniform union valley van vase vegetable veil velvet vessel vest victory video view village vine vinegar visitor voice volcano vote voyage
waist wall war wardrobe warehouse wave wax weapon web wedding weed week weight west whale wheat wheel whip whisker whistle widow wife
willow window wine wing winter wire witch wizard wood wool word work workshop world worm wound wrist writer yacht yard yarn year yogurt
youth zebra zone zoo""".split()

VERBS = """add adjust admire adopt answer arrange ask attach bake balance bend block boil book borrow bottle brush build burn buy call
cancel carry carve catch change charge check chop clean climb close collect colour comb cook copy count cover cross cut decorate deliver
design destroy dig divide draw dress dry dust empty enter erase examine explore fasten fetch fill film fix fold follow freeze fry gather
greet grill grind guard guide hammer hang heat help hide hold hurry inspect invite iron join juggle jump keep kick knit knock label land
launch lend lift load lock mail mark marry match measure melt mend mix move nail name offer open order pack paint park paste peel phone pick
plan plant play polish post pour praise prepare press print protect pull pump punch push raise record remove rent repair rescue reserve
ring roast roll sail save scan scrub seal search sell send serve sew shake share sharpen shave shine ship shut sign skip slice smell smoke
sort spill spray squeeze stack start steam stop store stretch sweep switch tame taste teach tear test thank throw tickle tie trace track
trade train translate transport trap treat trim turn type unlock unpack visit warn wash watch wave weigh weld whip whistle wipe wrap write
zip""".split()

ADJECTIVES = """ancient angry annual antique awful bare basic bitter blind bold brave brief bright broad broken busy calm careful cheap cheerful
civil classic clean clever cold common cool crazy crisp cruel curious curly daily damp dark deaf dear deep dry dull dusty eager early eastern
easy elegant empty entire exact extra faint false famous fancy fast fat final fine firm flat foreign formal fragile free French fresh frozen
full funny gentle German giant glad global grand great Greek guilty happy hard healthy heavy hidden hollow holy honest huge hungry icy idle
Indian inner iron Italian Japanese jolly juicy kind large late lazy legal light little local lonely long loose loud lovely low lucky mad main
major mental mild military minor mobile modern moral muddy narrow nasty native neat new noble noisy normal northern nuclear odd old open oval
pale perfect pink plain pleasant polar polite poor popular pretty private proud public pure quick quiet rare raw ready real regular rich
ripe rough round royal rude rural rusty sacred safe salty secret senior serious sharp shiny short shy silent silly simple single slim slow
small smart smooth social soft solar solid sore sour southern Spanish spicy square steady steep sticky stiff strange strict strong stupid
sudden sunny sweet swift Swiss tall tame tart tender thick thin tidy tight tiny tired tough tropical true ugly unique upper urban urgent
useful usual valuable vast violent warm weak wealthy weekly western wet wicked wide wild wise wooden young""".split()

SHADES = """scarlet amber olive khaki mustard copper bronze ivory cream charcoal maroon indigo lavender lilac magenta mint navy peach plum
rose ruby rust sand sapphire teal emerald coral cyan tan aqua jade lemon cherry walnut chestnut slate snow cobalt mauve ochre sepia""".split()



# Endings of words that are none, so that what is copied looks like English.
FORMS = "ing er ers tion ment ness ship ly ist al ic able age ary ian ine less ous ure y ies".split()
ONSETS = """b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kn kr l m n p pl pr ph qu r s sc sch sh sk sl sm sn sp st str sw t th tr tw v w
wh y z""".split() + [""] * 4
VOWELS = "a e i o u a e i o u ai au ea ee ei ie oa oo ou y".split()
CODAS = "b ck d f g k l ll ld lt m mp n nd ng nk nt p r rd rk rm rn rt s ss st sk t th v x z".split() + [""] * 20

# Behind a space a vocabulary holds frequent words as one token with the space, also where a longer word begins with them; behind a quote it does
# not. Words that begin so have to be among those that are copied.
BEGINNINGS = """I a and add age all am an animal any are art as ask at back bag ball be bear bed bee big bike bird black blue boat book bot bow box
boy bread brow bull bun bus but butter buy by call came camp can car cat cell chair cheap child clock coat code cold color cook cool count cow
cup dark day de deer dis dish do dog door down draw dress duck ear east egg end eve eye fact fall far fast feel file film find fine fire fish
fit fly folder foot for found four fox frog from full fun game garden gate get give go goat gold good got grand great green had hand happy hard
has hat have he head hear help hen her here hi high him his hobby home hope horse hot hour house how ice if in is it job joke key kid kind king
kite lake lamp land late law leg let life light lion list lit live load long look loud love low mad made magic make man many map mark mat max may
me meal men mile milk mini moon more most mouse much music must my name near neck net new news next nice night no north not note now number oak
of off oil old on one open or order other our out oven over owl own pain paint pan paper park part pass pen people pet phone pig pin pink place
plan plane play plus poem pop port post price pull pump put queen quick rabbit rain ran read real red rest rice rich ride right ring river road
robot rock role roof room round row run sad safe sail salt sand sat sea see sell send set shade she sheep ship shoe shop short show side sign
silver sing sit six sky sleep small snow so soft solve some song soon soul sound soup spell spin spoon spring stack star start stop store story
stream street sum sun sweet swim table take tall tea tell ten tent term text than that the them then they thin thing this time tin tiny to toe
told too took tool top town toy train tree tri try turn twin two under up us use user van very view wall want war warm was wash watch water way we
web week well went west what when white who wide wild will win wind wine wise with wolf wood word work world worm write year yes yet you young
your""".split()


def open_word(rng):
    """A word like no other, of one to three syllables, which may begin with a short word; never one of the examination's."""
    if rng.random() < 0.3:
        word = rng.choice(BEGINNINGS) + rng.choice([lambda r: "", lambda r: r.choice("blmnrst")])(rng) + rng.choice(VOWELS) + rng.choice(CODAS)
        word += rng.choice(["", "", rng.choice(ONSETS) + rng.choice(VOWELS), rng.choice(FORMS)])
        return open_word(rng) if word.lower() in EXAMINED else word
    word = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.choice([1, 2, 2, 2, 3])))
    return open_word(rng) if word in EXAMINED or len(word) < 3 else word


def allowed(words):
    return [word for word in words if word.lower() not in EXAMINED]


NOUNS, VERBS, ADJECTIVES, SHADES = allowed(NOUNS), allowed(VERBS), allowed(ADJECTIVES), allowed(SHADES)


def plural(noun):
    if noun.endswith(("s", "sh", "ch", "x", "z")):
        return noun + "es"
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeiou" else noun + "s"


def ing(verb):
    return (verb[:-1] if verb.endswith("e") and not verb.endswith("ee") else verb) + "ing"


def third(verb):
    """The verb as it stands behind `it`."""
    return plural(verb)


def word(rng):
    """Any word: listed, in a form, joined of two, or like no other."""
    roll = rng.random()
    if roll < 0.35:
        made = rng.choice(NOUNS)
    elif roll < 0.45:
        made = plural(rng.choice(NOUNS))
    elif roll < 0.53:
        made = ing(rng.choice(VERBS))
    elif roll < 0.6:
        made = rng.choice(ADJECTIVES)
    elif roll < 0.66:
        made = rng.choice(NOUNS) + rng.choice(NOUNS)
    elif roll < 0.72:
        made = rng.choice(BEGINNINGS) + rng.choice(rng.choice([NOUNS, FORMS, CODAS[:-20]]))
    elif roll < 0.82:
        made = open_word(rng) + rng.choice(FORMS)
    else:
        made = open_word(rng)
    return word(rng) if made.lower() in EXAMINED else made


def noun(rng):
    """A thing, of one word."""
    roll = rng.random()
    return rng.choice(NOUNS) if roll < 0.6 else rng.choice(NOUNS) + rng.choice(NOUNS) if roll < 0.7 else word(rng).lower()


PHRASES = """{w}|{w}|{w} {w}|{w} {w}|{w} {w} {w}|{a} {s}|{a} {s}|{a} {n}|{n} {g}|{a} {n} {g}|the {N} {N}|the {A} {N}|the {n} of {P}|{s} in {P}|{s} of {P}|{s} for {s}|
{g} {s}|{g} {s} in {P}|how to {v} a {n}|how {s} {v} {s}|{n} {s}|{n} {n} {s}|{a} {n} advice|{a} {g} {s}|{n} {s} of {P}|{s} and {s}|{n} without {s}|why {s} {v}|
{a} {a} {s}|{n} {g} in {P}|the finest {s}|{s} near {P}|{w} {s}|{w} {g}|{a} {w} {s}|{P} {s}|{n} and {n} {g}|first {n} {g} {s}""".replace("\n", "").split("|")


def phrase(rng, place):
    """A few words as one would search for. `place` draws a name."""
    made = rng.choice(PHRASES)
    draws = {
        "w": word, "a": lambda r: r.choice(ADJECTIVES), "n": noun, "s": lambda r: plural(r.choice(NOUNS)), "g": lambda r: ing(r.choice(VERBS)), "v": lambda r: r.choice(VERBS),
        "N": lambda r: r.choice(NOUNS).capitalize(), "A": lambda r: r.choice(ADJECTIVES).capitalize(), "P": place,
    }
    for slot, draw in draws.items():
        while "{" + slot + "}" in made:
            made = made.replace("{" + slot + "}", draw(rng), 1)
    return made


def title(rng):
    """A name of one or two words, as of a place."""
    roll = rng.random()
    if roll < 0.3:
        return open_word(rng).capitalize()
    if roll < 0.55:
        return rng.choice(NOUNS).capitalize() + rng.choice(["", "", "ton", "ville", "burg", "field", "ham", "dale", "ford", "o", "a", "ia", "is"])
    if roll < 0.75:
        return word(rng).capitalize()
    front = rng.choice(["New", "San", "Port", "Saint", "Upper", "Old", "El", "La", "Bad", "Lake", "Mount", "North", "Fort", "Santa"])
    return f"{front} {open_word(rng).capitalize() if rng.random() < 0.6 else rng.choice(NOUNS).capitalize()}"
