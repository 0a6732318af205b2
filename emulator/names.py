"""The names that the population is made of."""

FIRST_NAMES = (
    "Alice", "Bob", "Carla", "Daniel", "Elena", "Farid", "Grace", "Hiro", "Ines",
    "Jamal", "Karin", "Luis", "Maria", "Noah", "Olga", "Priya", "Quentin", "Rosa",
    "Samuel", "Tomoko", "Ursula", "Victor", "Wanda", "Xavier", "Yara", "Zoltan",
    "Amir", "Bianca", "Cedric", "Dalia", "Emil", "Freya", "Gustav", "Hana", "Ivan",
    "Jana", "Kofi", "Leila", "Marek", "Nadia",
)  # fmt: skip

LAST_NAMES = (
    "Adams", "Baker", "Costa", "Diaz", "Eriksen", "Fischer", "Garcia", "Hansen",
    "Ivanova", "Jensen", "Kowalski", "Lopez", "Moreau", "Novak", "Okafor", "Petrov",
    "Quinn", "Rossi", "Smith", "Tanaka", "Ueda", "Vargas", "Weber", "Xu", "Young",
    "Zimmer", "Andersen", "Bauer", "Conti", "Dubois", "Ekberg", "Ferrari", "Gruber",
    "Horvat", "Ito", "Jones", "Khan", "Larsen", "Meyer", "Nguyen",
)  # fmt: skip

QUEUE_NAMES = ("Sales", "Support", "Billing", "Reception", "Service Desk")

DEPARTMENTS = ("Sales", "Support", "Finance", "Operations", "Engineering")

CALLER_NAMES = (
    "Acme Supplies", "Blue Harbor Ltd", "City Library", "Delta Freight",
    "Evergreen Dental", "Fjord Outfitters", "Green Valley Farm", "Harbor Hotel",
    "Iris Flowers", "Juniper Books",
)  # fmt: skip
