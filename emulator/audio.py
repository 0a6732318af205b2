"""Audio of a voicemail, generated on request: a short tone. Pure."""

import array
from functools import lru_cache
import io
import math
import sys
import wave

RATE = 8000
"""Samples a second, as telephones have."""
TONE = 440.0
BEEP = 0.25
"""Seconds of each tone and of the silence after it."""


@lru_cache(maxsize=8)
def tone(seconds: int) -> bytes:
    """Return a WAV file of this length: mono, 16 bit, a beep twice a second."""
    beep = int(BEEP * RATE)
    second = array.array(
        "h",
        (
            int(6000 * math.sin(2 * math.pi * TONE * at / RATE))
            if at % (2 * beep) < beep
            else 0
            for at in range(RATE)
        ),
    )
    if sys.byteorder == "big":
        second.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(RATE)
        made.writeframes(second.tobytes() * seconds)
    return file.getvalue()
