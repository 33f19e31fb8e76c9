"""Names and things that training text is filled with. evaluation/words.py holds others; no entry stands in both."""

from wording import are_open

from . import english
from .english import open_word

NAMES = """Anna Ben Carla David Emma Felix Grace Henry Ida Jack Karin Leo Mia Noah Olga Paul Rosa Sam Tina Umar Vera Will Xenia Yuki Zoe
Adam Bella Carl Dora Erik Fiona George Hanna Ivan Julia Kofi Lena Max Nina Oscar Petra Quinn Rita Simon Tara Uma Victor Wendy Yara Zack
Alice Bruno Clara Dan Elsa Frank Gina Hugo Irene James Kate Liam Maria Nora Omar Peter Rachel Stefan Thea Ursula Vincent Walter Amir
Bea Cora Dylan Eva Finn Greta Hassan Ines Jonas Kira Lars Marta Nils Olive Pia Raj Sara Tom Vikram Wanda Li Chen Mei Priya Ravi Aisha
Fatima Juan Diego Lucia Pablo Marco Giulia Pierre Chloe Hans Ingrid Bjorn Astrid Boris Katya""".split()

CITIES = """Paris London Berlin Madrid Rome Vienna Lisbon Dublin Athens Oslo Stockholm Helsinki Copenhagen Warsaw Prague Budapest Brussels
Amsterdam Bern Tokyo Beijing Seoul Delhi Cairo Nairobi Ottawa Lima Canberra Moscow Kyiv Ankara Boston Chicago Seattle Dallas Denver Miami
Houston Atlanta Portland Toronto Montreal Vancouver Sydney Melbourne Perth Auckland Mumbai Karachi Lahore Manila Jakarta Bangkok Hanoi
Singapore Shanghai Osaka Kyoto Taipei Dubai Doha Tehran Baghdad Istanbul Hamburg Munich Cologne Frankfurt Stuttgart Zurich Geneva Milan
Naples Turin Venice Florence Barcelona Seville Valencia Lyon Nice Marseille Bordeaux Glasgow Edinburgh Manchester Liverpool Bristol Cardiff
Belfast Cork Bergen Gdansk Krakow Riga Vilnius Tallinn Sofia Bucharest Belgrade Zagreb Accra Lagos Dakar Tunis Rabat Casablanca Havana
Bogota Quito Santiago Caracas Montevideo Brasilia Phoenix Austin Nashville Detroit""".split() + [
    "New York", "Los Angeles", "San Francisco", "Buenos Aires", "Rio de Janeiro", "Mexico City", "Hong Kong", "Cape Town", "Tel Aviv",
    "San Diego", "Las Vegas", "Salt Lake City", "Abu Dhabi", "Sao Paulo", "Kuala Lumpur", "Addis Ababa",
]

ANIMALS = """cat dog fox bear rabbit mouse bird frog duck horse cow pig sheep goat lion tiger elephant monkey owl hedgehog squirrel turtle
snail bee ant whale dolphin penguin deer wolf""".split()

COLOURS = "red blue green yellow orange purple white black brown pink grey".split()
FOODS = """pizza soup bread rice pasta salad cake apples cheese pancakes noodles beans curry fish toast plums pears honey chocolate
porridge tomatoes potatoes""".split()
SPORTS = "football tennis swimming running chess rowing hockey cycling skiing boxing climbing golf".split()
FRUITS = "apple pear plum cherry banana lemon orange grape peach melon".split()
JOBS = """teacher nurse baker farmer driver doctor painter singer pilot cook gardener writer builder plumber waiter lawyer dentist
carpenter engineer librarian""".split()
THINGS = """book lamp chair table bottle cup bag shoe hat coat pen phone clock key box ball bike car boat tent mirror spoon pillow blanket
camera radio drum kite ladder""".split()
PET_NAMES = "Rex Bella Milo Luna Coco Oreo Daisy Rocky Ginger Biscuit Pepper Shadow Muffin Tiger Snowy Bruno Fluffy Patch".split()
HOBBIES = """reading painting cooking fishing dancing singing gardening knitting drawing hiking baking sewing sailing camping
photography pottery""".split()

TOPICS = """the history of bread|how bees make honey|cheap flights to Rome|the tallest mountain|old castles|electric cars|solar panels|
easy soup recipes|the best hiking trails|how to fix a bike|growing tomatoes|the rules of chess|space travel|new phones|learning Spanish|
healthy breakfast ideas|train tickets|famous painters|how glass is made|coffee beans|wild mushrooms|small dogs|garden birds|
the first computer|winter boots|how to bake bread|the price of gold|football results|guitar lessons|open source software|green tea|
cat food|the moon landing|jazz music|home repair|vegan cakes|weekend trips|the news today|concert tickets|museum hours|cheap hotels|
how volcanoes work|ocean currents|the speed of light|learning to swim|paper planes|board games for two|wool socks|rain barrels|
ancient Egypt|the Roman army|robot vacuums|video editing|sleep and health|back pain|running shoes""".replace("\n", "").split("|")

SYLLABLES = """ba be bi bo bu da de di do du fa fe fi ga go gu ha he hi ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu pa pe
pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi ya yo za ze zi zo""".split()
ENDINGS = ["", "n", "r", "l", "s", "m", "t", "k", "ra", "na", "ton", "ville", "burg", "field", "ham", "dale", "ford", "wick"]


def pick(rng, listed):
    """One of the list, or where words are open, now and then another English word or one like no other."""
    if not are_open(rng, 0.5):
        return rng.choice(listed)
    return open_word(rng) if rng.random() < 0.45 else english.noun(rng)


def shade(rng):
    """A colour, which where words are open may have any name."""
    return rng.choice(english.SHADES) if are_open(rng, 0.35) else pick(rng, COLOURS)


def phrase(rng, most):
    """Some words, listed and open ones."""
    return " ".join(pick(rng, THINGS + ANIMALS + FOODS + COLOURS) for _ in range(rng.randint(1, most)))


def made_up(rng):
    """A name that nobody has: the model has to copy it, since it cannot know it."""
    if are_open(rng, 0.6):
        return english.title(rng).split(" ")[-1]
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(2, 3))).capitalize() + rng.choice(ENDINGS)


def name(rng):
    return made_up(rng) if rng.random() < 0.4 else rng.choice(NAMES)


def city(rng):
    roll = rng.random()
    if roll < 0.5 and are_open(rng, 0.5):
        return english.title(rng)
    return made_up(rng) if roll < 0.4 else rng.choice(CITIES)


def topic(rng):
    """Something to search for: listed, or put together."""
    if are_open(rng, 0.6):
        return english.phrase(rng, city)
    if are_open(rng, 0.4):
        return rng.choice(["{a}", "{a}", "the {a}", "{a} in {b}", "{a} of {b}", "{a} for {b}"]).format(a=phrase(rng, 4), b=made_up(rng))
    roll = rng.random()
    if roll < 0.4:
        return rng.choice(TOPICS)
    thing = rng.choice(THINGS + ANIMALS + FOODS + HOBBIES + SPORTS)
    if roll < 0.6:
        return f"{rng.choice(COLOURS + ['old', 'new', 'cheap', 'small', 'big', 'famous', 'best'])} {thing}"
    if roll < 0.8:
        return f"{thing} in {city(rng)}"
    return f"{rng.choice(['history of', 'facts about', 'pictures of', 'books about', 'news about', 'price of'])} {thing}"
