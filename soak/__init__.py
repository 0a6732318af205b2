"""A soak: a living office, a real Home Assistant that follows it, and bad days on purpose.

Three processes: the emulator whose time runs faster, Home Assistant as users
run it, and the soak that drives both from outside and compares.
"""
