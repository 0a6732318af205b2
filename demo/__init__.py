"""A RingCentral office on this machine: the emulator, and a real Home Assistant that follows it.

Everything here controls the processes from outside, as a person would: it imports
neither the integration nor the emulator.
"""
