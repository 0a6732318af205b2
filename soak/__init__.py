"""A soak: a busy office, a real Home Assistant that follows it, and faults on purpose.

It has three processes: the emulator, whose time runs faster; Home Assistant as users
run it; and the soak, which controls both from outside and compares them.
"""
