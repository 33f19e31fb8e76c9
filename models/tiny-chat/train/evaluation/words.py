"""Names and things for the examination that the generator does not know."""

NAMES = "Gustav Matilda Rupert Beatrix Cedric Daphne Edmund Flora Gareth Hilda Ignatius Jolene Kelvin Lorna Magnus Nadia Otto Prudence Rowan Selma".split()
CITIES = "Leeds Porto Tromso Ghent Malmo Utrecht Bilbao Graz Odessa Split Turku Basel Nantes Galway Dundee Adelaide Winnipeg Sapporo Cusco Fez".split()
JOBS = "tailor florist miner surgeon clown barber sailor journalist".split()
FOODS = "lasagne sushi tacos pudding omelette dumplings".split()
COLOURS = "turquoise crimson violet beige silver golden".split()
SPORTS = "badminton volleyball judo fencing archery".split()
ANIMALS = "camel parrot otter badger lizard".split()
HOBBIES = "juggling origami beekeeping calligraphy birdwatching".split()
THINGS = "violin candle umbrella suitcase helmet wallet".split()
PETS = "Waffles Pickle Nugget Zorro Bandit Cookie".split()
TOPICS = [
    "lighthouses in Iceland", "medieval sword making", "vintage typewriters", "butterfly migration", "cheese festivals", "the Suez Canal",
    "desert plants", "steam trains", "glacier hiking tips", "violin makers of Cremona", "origami cranes", "northern lights photos",
]
