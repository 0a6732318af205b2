"""What a home has besides phones: a configuration, a lamp, a sign, a radio, areas.

All of it is virtual: template entities that keep what they are set to, so that blueprints and
automations have something to control. Nothing here looks for hardware or uses the Internet.
"""

from pathlib import Path
import shutil

BLUEPRINTS = Path(__file__).parent.parent / "blueprints/automation/ringcentral"
# Where automations look for them.
SHELF = Path("ringcentral")

LAMP, SIGN, RADIO = "light.desk_lamp", "switch.on_air_sign", "media_player.radio"
BUSY_LIGHT, ON_AIR = "automation.busy_light", "automation.on_air_sign"
RING = "script.ring_my_phone"
WAIT = "script.let_a_call_wait_in_the_queue"

YOUR_OFFICE = "Your office"
AREAS = {
    YOUR_OFFICE: "mdi:desk-lamp",
    "Sales": "mdi:handshake",
    "Support": "mdi:headset",
    "Workshop": "mdi:hammer-wrench",
}
ON_AIR_AREA = "Sales"

# `default_config` without what looks for hardware (bluetooth, usb, dhcp, ssdp, zeroconf,
# go2rtc, stream) or needs the Internet (cloud, alerts).
CONFIGURATION = """\
assist_pipeline:
conversation:
energy:
media_source:
mobile_app:
my:
sun:
webhook:

# What the interface saves.
automation: !include automations.yaml
script: !include scripts.yaml
scene: !include scenes.yaml

template:
  - light:
      - name: Desk lamp
        unique_id: demo_desk_lamp
        turn_on: []
        turn_off: []
        set_level: []
        set_rgb: []
  - switch:
      - name: On-air sign
        unique_id: demo_on_air_sign
        icon: mdi:access-point
        turn_on: []
        turn_off: []
  - media_player:
      - name: Radio
        unique_id: demo_radio
        device_class: speaker
        media_title: Morning show
        media_play: []
        media_pause: []
        media_stop: []
        volume_mute: []

rest_command:
  call_extension:
    url: {emulator}/emulator/calls
    method: post
    content_type: application/json
    payload: >-
      {{{{ {{"extension_id": extension_id,
          "script": ["ring", "wait:6", "answer", "wait:12", "hangup"]}} | to_json }}}}
"""
INCLUDED = {"automations.yaml": "[]\n", "scenes.yaml": "[]\n", "scripts.yaml": "{}\n"}


def lay_out(folder: Path, emulator: str) -> str:
    """Write a home's files into a configuration folder; return the home's configuration.

    `emulator` is the emulator's address; the script that rings a phone uses it.
    """
    for name, text in INCLUDED.items():
        (folder / name).write_text(text)
    shutil.copytree(
        BLUEPRINTS, folder / "blueprints/automation" / SHELF, dirs_exist_ok=True
    )
    return CONFIGURATION.format(emulator=emulator)
