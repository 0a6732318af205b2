"""The pages say what is there, all of it, and nothing else.

What pages tell in tables is held against the code both ways: whatever is named exists, and
whatever exists is named. Their examples are set up in a Home Assistant as users would.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from fnmatch import fnmatch
import importlib
import json
from pathlib import Path
import re
import subprocess
import sys
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlparse

from homeassistant.components.recorder import CONFIG_SCHEMA as RECORDER_SCHEMA
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trigger import Trigger
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest

from custom_components.ringcentral import (
    binary_sensor,
    calendar,
    entity_sets,
    event,
    issues,
    own_queues,
    queue_sensors,
    select,
    sensor,
    services,
    switch,
    today,
)
from custom_components.ringcentral.aioringcentral import limits, models
from custom_components.ringcentral.aioringcentral.calls import state as calls
from custom_components.ringcentral.aioringcentral.errors import Reason
from custom_components.ringcentral.aioringcentral.membership import Follow, Lists
from custom_components.ringcentral.aioringcentral.status import Standing
from custom_components.ringcentral.condition import CONDITIONS
from custom_components.ringcentral.const import (
    CALLER_FULL,
    CALLER_HIDDEN,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    DOMAIN,
)
from custom_components.ringcentral.flow_forms import CREDENTIALS, options_form
from custom_components.ringcentral.oauth import PUBLIC_APP
from custom_components.ringcentral.services import SET_SCHEMA, USER_STATUS_OPTIONS
from custom_components.ringcentral.trigger import TRIGGERS
from emulator import Emulator

from .integration import HOME, TEXTS, entry_for

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
SETUP, ENTITIES, AUTOMATIONS, PRIVACY, TROUBLESHOOTING, LARGE_ACCOUNTS = (
    (ROOT / "docs" / f"{name}.md").read_text()
    for name in (
        "setup",
        "entities",
        "automations",
        "privacy",
        "troubleshooting",
        "large-accounts",
    )
)
OURS = {
    "README": README,
    "CONTRIBUTING": CONTRIBUTING,
    "setup": SETUP,
    "entities": ENTITIES,
    "automations": AUTOMATIONS,
    "privacy": PRIVACY,
    "troubleshooting": TROUBLESHOOTING,
}
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
MANIFEST = json.loads((HOME / "manifest.json").read_text())
REPOSITORY = MANIFEST["issue_tracker"].removesuffix("/issues")
HACS = json.loads((ROOT / "hacs.json").read_text())


def constant(name: str) -> Any:
    """Return a value of the integration, whichever module it lives in."""
    for path in sorted(HOME.rglob("*.py")):
        if re.search(rf"^{name}\b.* = ", path.read_text(), re.MULTILINE):
            parts = path.relative_to(ROOT).with_suffix("").parts
            return getattr(importlib.import_module(".".join(parts)), name)
    raise AssertionError(f"there is no {name}")


# How pages are read


def section(page: str, heading: str) -> str:
    """Return what is below a heading, down to the next of its level."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(
        rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)",
        page,
        re.MULTILINE | re.DOTALL,
    )
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables, without their heads."""
    found: list[list[str]] = []
    for line in map(str.strip, text.splitlines()):
        if re.fullmatch(r"\|[-|: ]+\|", line):
            found.pop()
        elif line.startswith("|"):
            found.append([cell.strip() for cell in line[1:-1].split("|")])
    return found


def words(text: str) -> list[str]:
    """Return what is written as code."""
    return re.findall(r"`([^`\n]+)`", text)


def column(text: str, index: int) -> list[str]:
    """Return what is written as code in one column of tables."""
    return [word for cells in rows(text) for word in words(cells[index])]


def slug(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    text = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def prose(page: str) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)


def examples(page: str, language: str = "yaml") -> list[str]:
    """Return the blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


# Links


def links(page: str) -> Iterator[str]:
    """Yield the targets of links and pictures."""
    yield from re.findall(r"\]\(([^)\s]+)\)", prose(page))
    yield from re.findall(r'\bsrc(?:set)?="([^"]+)"', prose(page))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_local_links_lead_somewhere(path: Path) -> None:
    for link in links(path.read_text()):
        if urlparse(link).scheme:
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", prose(target.read_text()), re.MULTILINE)
            assert anchor in map(slug, headings), link


def test_every_page_is_linked() -> None:
    linked = {
        (path.parent / link.partition("#")[0]).resolve()
        for path in PAGES
        for link in links(path.read_text())
        if not urlparse(link).scheme and not link.startswith("#")
    }

    assert set(PAGES) - linked <= {ROOT / "README.md"}
    assert set(ROOT.glob("docs/images/*")) - linked == set()


@pytest.mark.parametrize("text", OURS.values(), ids=OURS)
def test_the_repository_has_one_name(text: str) -> None:
    """The one that scripts/set-repository knows to replace."""
    ours = urlparse(REPOSITORY).path.strip("/")
    for link in links(text):
        url = urlparse(link)
        if url.netloc == "github.com":
            assert url.path.strip("/").startswith(ours), link
        if url.path == "/redirect/hacs_repository/":
            query = parse_qs(url.query)
            assert f"{query['owner'][0]}/{query['repository'][0]}" == ours


def test_badges_go_where_my_home_assistant_knows_the_way() -> None:
    urls = [urlparse(link) for link in links(README)]
    ways = {
        url.path: parse_qs(url.query)
        for url in urls
        if url.netloc == "my.home-assistant.io" and url.path.startswith("/redirect")
    }

    assert ways["/redirect/config_flow_start/"] == {"domain": [DOMAIN]}
    assert ways["/redirect/hacs_repository/"]["category"] == ["integration"]


def test_every_blueprint_can_be_imported() -> None:
    urls = [urlparse(link) for link in links(section(README, "## Blueprints"))]
    offered = [
        parse_qs(url.query)["blueprint_url"][0]
        for url in urls
        if url.path == "/redirect/blueprint_import/"
    ]
    there = sorted(ROOT.glob("blueprints/automation/ringcentral/*.yaml"))

    assert sorted(offered) == [
        f"{REPOSITORY}/blob/main/{path.relative_to(ROOT)}" for path in there
    ]


# Entities


def described() -> dict[str, Any]:
    """Return the descriptions of all entities, by key."""
    return {
        description.key: description
        for description in (
            switch.DO_NOT_DISTURB,
            own_queues.TAKES_CALLS,
            *queue_sensors.MEMBERS,
            *queue_sensors.WAITING,
            sensor.STATUS,
            *sensor.WORDS,
            *sensor.CALL_FACTS,
            *today.TODAY,
            sensor.UNREAD,
            sensor.CALLER,
            *sensor.COUNTS,
            *binary_sensor.QUESTIONS,
            binary_sensor.PUSH_CONNECTED,
            event.CALL,
            event.VOICEMAIL,
            calendar.CALENDAR,
            *select.CONTROLS,
        )
    }


def names() -> dict[str, str]:
    """Return the names of all entities, by key."""
    return {
        key: text["name"]
        for kind in TEXTS["entity"].values()
        for key, text in kind.items()
    }


def test_readme_names_every_entity() -> None:
    table = rows(section(README, "## Entities"))
    told = {words(cells[1])[0]: cells[0] for cells in table}

    missing = described().keys() - names().keys()
    assert not missing, f"translations/en.json: no name for {sorted(missing)}"
    missing = names().keys() - told.keys()
    assert not missing, f"README.md, Entities: no row for {sorted(missing)}"
    assert told == names()
    assert described().keys() == names().keys()


def test_readme_tells_every_call_event() -> None:
    (row,) = [
        cells for cells in rows(section(README, "## Entities")) if cells[0] == "Call"
    ]
    told = set(re.findall(r"\w+", row[2].partition("event: ")[2].partition("(")[0]))

    assert told == {str(kind) for kind in calls.CallEventType}
    every = {"call", *told, event.MISSED_OUTCOME}
    assert set(words(section(ENTITIES, "### Event"))) == every


def test_readme_tells_what_is_off_by_default() -> None:
    for cells in rows(section(README, "## Entities")):
        found = described()[words(cells[1])[0]]
        is_off = not found.entity_registry_enabled_default
        assert ("off by default" in cells[2]) == is_off, cells
        assert ("diagnostic" in cells[2]) == (found.entity_category is not None), cells


def test_the_page_of_entities_has_every_key() -> None:
    keys = {
        *column(ENTITIES, 0),
        *(word for word in words(section(ENTITIES, "### Event")) if word == "call"),
    }

    missing = described().keys() - keys
    assert not missing, f"docs/entities.md: no row for {sorted(missing)}"
    assert keys == described().keys()


def test_the_page_of_entities_has_every_state() -> None:
    for cells in rows(section(ENTITIES, "### Sensors")):
        options = described()[words(cells[0])[0]].options
        if options is not None:
            assert words(cells[1]) == list(options), cells
    for cells in rows(section(ENTITIES, "### Controls")):
        # One is shown and never offered.
        options = set(described()[words(cells[0])[0]].options)
        assert set(words(cells[1])) == options - {"take_department_calls_only"}, cells


def test_large_accounts() -> None:
    """The table has the limits, and for each the entities that are left, of all platforms together."""
    limits = constant("_UP_TO")
    numbers = [*limits.values(), constant("MOST_PEOPLE")]
    page = section(LARGE_ACCOUNTS, "## Who has which entities")
    table = rows(page)
    assert [cells[0] for cells in table] == [f"up to {each:,}" for each in numbers]
    for size, cells in zip([*limits, max(entity_sets.Size)], table, strict=True):
        left = constant("_ENTITIES").get(size)
        assert set(words(cells[1])) == {key for _, key in left or ()}, cells
    for text in (
        section(README, "## Entities"),
        section(ENTITIES, "## Many extensions"),
    ):
        (line,) = [line for line in text.splitlines() if "large-accounts.md" in line]
        assert [
            f"{each:,}" for each in (limits[entity_sets.Size.USUAL], numbers[-1])
        ] == re.findall(r"[\d,]*\d", line), line


def test_park_locations() -> None:
    (line,) = [
        line
        for line in section(README, "## Entities").splitlines()
        if "park location" in line
    ]
    assert set(words(line)) == set(constant("_OF_NOBODY"))
    page = section(ENTITIES, "## Park locations, call queues, pick-up groups")
    assert set(words(page)) == {*constant("_OF_NOBODY"), "parked_call"}


def test_every_type_without_presence_is_named() -> None:
    told = set(words(section(README, "## Which extensions")))

    assert told == set(constant("_TYPES_WITHOUT_PRESENCE"))
    for status in constant("_STATUSES_WITHOUT_PRESENCE"):
        assert status.lower() in section(README, "## Which extensions")


# Set-up and options


def test_setup_explains_every_field() -> None:
    texts = TEXTS["config"]["step"]["jwt"]["data"]
    told = {words(cells[0])[0]: cells[0] for cells in rows(section(README, "## Setup"))}

    assert told.keys() == {str(field) for field in CREDENTIALS.schema}
    for field, cell in told.items():
        assert cell == f"{texts[field]} (`{field}`)"


def test_options_are_all_there() -> None:
    own = models.Extension(id="1")
    lists = Lists(own=own, account={own.id: own})
    form = options_form(lists, list(Follow)).schema
    choices = {
        str(field): list(selector.config["options"]) for field, selector in form.items()
    }
    told: dict[str, list[str]] = {}
    name = ""
    for first, choice, meaning in rows(section(README, "## Options")):
        name = words(first)[0] if first else name
        told.setdefault(name, []).extend(words(choice))
        if "default" in meaning:
            assert words(choice)[0] in (Follow.OWN, CALLER_HIDDEN)

    assert told == {**choices, CONF_EXTENSIONS: []}
    assert set(told) == {CONF_FOLLOW, CONF_EXTENSIONS, CONF_CALLER_IDENTITY}
    texts = {
        **TEXTS["options"]["step"]["init"]["data"],
        **TEXTS["options"]["step"]["extensions"]["data"],
    }
    for first, *_ in rows(section(README, "## Options")):
        if first:
            assert first == f"{texts[words(first)[0]]} (`{words(first)[0]}`)"


def permissions() -> dict[str, str]:
    """Return the permissions that the form asks for, with needed or optional."""
    lines = re.findall(
        r"^- \*\*(.+?)\*\*(.*)$",
        TEXTS["config"]["step"]["jwt"]["description"],
        re.MULTILINE,
    )
    return {name: "optional" if "only" in rest else "needed" for name, rest in lines}


def test_permissions() -> None:
    assert set(permissions()) == set(constant("_CONSOLE_NAMES").values())
    for text in (
        section(README, "## Create the app"),
        section(SETUP, "### Permissions"),
    ):
        assert {cells[0]: cells[2] for cells in rows(text)} == permissions()
    drawing = (ROOT / "docs/images/console-settings.svg").read_text()
    for name in permissions():
        assert f"**{name}**" in TEXTS["application_credentials"]["description"]
        assert f">{name}<" in drawing


def test_the_word_for_an_app_without_a_secret() -> None:
    assert f"enter the word `{PUBLIC_APP}`" in section(SETUP, "## OAuth")


def test_the_lowest_home_assistant() -> None:
    assert f"Home Assistant {HACS['homeassistant']} or newer" in README


# Triggers, conditions and actions


def local_words(text: str, index: int) -> list[str]:
    """Return what is written as code in one column, without the integration's domain."""
    return [word.removeprefix(f"{DOMAIN}.") for word in column(text, index)]


@pytest.mark.parametrize(
    ("there", "one"), [(TRIGGERS, "Trigger"), (CONDITIONS, "Condition")]
)
def test_triggers_and_conditions(there: dict[str, Any], one: str) -> None:
    both = section(README, "## Triggers and conditions")
    (_, *tables) = both.split(f"| {one} |")
    assert local_words(f"| {one} |" + tables[0].partition("\n\n")[0], 0) == list(there)

    page = section(AUTOMATIONS, f"## {one}s")
    table = rows(page)
    assert local_words(page, 0) == list(there)
    for name, _meaning, looked_at, options in table:
        found = there[words(name)[0].removeprefix(f"{DOMAIN}.")]
        assert words(looked_at) == [found._key], name
        assert words(options) == option_names(found), name


def option_names(found: type[Trigger]) -> list[str]:
    """Return the options that a trigger or condition takes, as Home Assistant has them."""
    schema = cast(Any, found)._schema.schema
    (options,) = [value for key, value in schema.items() if str(key) == "options"]
    return [str(key) for key in getattr(options, "schema", options)]


def fields() -> list[str]:
    """Return the fields of the action that changes presence, besides its target."""
    described = cast(Any, parse_yaml((HOME / "services.yaml").read_text()))
    found = described["set_presence"]["fields"]
    for name, field in found.items():
        # Of no use alone, but with any other.
        given = {"entity_id": "event.call", "message": "", name: field["example"]}
        assert name in SET_SCHEMA(given)
    assert sorted(found) == sorted(
        value for name, value in vars(services).items() if name.startswith("ATTR_")
    )
    return list(found)


def test_actions() -> None:
    table = rows(section(README, "## Actions"))
    told = {words(cells[0])[0]: words(cells[1]) for cells in table}

    assert told == {
        "ringcentral.set_presence": fields(),
        "ringcentral.get_presence": [],
        "ringcentral.mark_voicemails_read": [],
    }
    assert {name.removeprefix("ringcentral.") for name in told} == TEXTS[
        "services"
    ].keys()
    page = section(AUTOMATIONS, "### `ringcentral.set_presence`")
    values = {words(cells[0])[0]: words(cells[1]) for cells in rows(page)}
    assert list(values) == fields()
    assert values["user_status"] == USER_STATUS_OPTIONS
    offered = TEXTS["selector"]["dnd_status"]["options"]
    assert set(values["dnd_status"]) == set(offered)
    assert f"up to {constant('LONGEST_MESSAGE')} characters" in page


# The wallboard


def test_wallboard() -> None:
    page = section(README, "## Wallboard")
    source = (HOME / "frontend" / "editor.js").read_text()
    form = source.partition("schema:")[2].partition("computeLabel")[0]
    told = words(prose(page))
    options = re.findall(r"\{ name: \"(\w+)\"", form)

    assert [word for word in told if word in options] == options
    # What is left are the values of some of them.
    values = re.findall(r'choices\("\w+", (.*?)\)', form)
    assert set(told) - set(options) == set(re.findall(r"\w+", " ".join(values)))
    loader = (HOME / "frontend" / "ringcentral.js").read_text()
    card, strategy = map(parse_yaml, examples(page))
    assert isinstance(card, dict)
    assert isinstance(strategy, dict)
    for made in (card, strategy["strategy"]):
        assert f'"{made["type"]}"' in loader
    assert 'NAME = "RingCentral wallboard"' in loader


# Trouble


def test_repairs() -> None:
    table = rows(section(TROUBLESHOOTING, "## Repairs"))

    assert [words(cells[0])[0] for cells in table] == list(issues.ISSUES)
    for cells in table:
        title = TEXTS["issues"][words(cells[0])[0]]["title"]
        for part in cells[0].partition(" (`")[0].split("..."):
            assert part.strip() in title, cells


def test_reasons() -> None:
    told = column(section(TROUBLESHOOTING, "## Log"), 0)

    assert sorted(told) == sorted(Reason)


def test_log_lines() -> None:
    """All that is logged without debug logging is explained."""
    page = section(TROUBLESHOOTING, "## Log")
    for path in HOME.rglob("*.py"):
        for level, text in re.findall(
            r"LOGGER\.(info|warning|error)\(\s*\"([^\"%]+)", path.read_text()
        ):
            known = [
                word
                for word in words(page)
                if text.startswith(word) or word.startswith(text)
            ]
            assert known, f"{path.name} logs at {level}: {text}"


def test_diagnostics_parts() -> None:
    source = (HOME / "diagnostics.py").read_text()
    for word in column(section(TROUBLESHOOTING, "## Diagnostics"), 0):
        assert f'"{word}"' in source, word


# Figures

UNITS = r"(?:ms|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|%|MB|times per \w+)"


def figures() -> set[str]:
    """Return the figures that pages may give: those of the code."""
    medium = constant("_DEFAULT_LIMIT")[limits.RateGroup.MEDIUM]
    return {
        f"{constant('GRACE'):.0f} seconds",
        f"{constant('RESYNC_EVERY') / 3600:.0f} hours",
        f"{constant('_RINGING_AFTER') / 60:.0f} minutes",
        f"{constant('TRY_AGAIN_AFTER') / 60:.0f} minutes",
        f"{constant('TRY_AGAIN_MOST') / 3600:.0f} hour",
        f"{constant('_TRY_AGAIN').total_seconds() / 60:.0f} minutes",
        f"{medium} times per minute",
        f"{constant('LONGEST_DURATION').days} days",
        # What Home Assistant's recorder keeps.
        f"{RECORDER_SCHEMA({'recorder': {}})['recorder']['purge_keep_days']} days",
        # In examples.
        "20 seconds",
    }


@pytest.mark.parametrize("page", OURS.values(), ids=OURS)
def test_no_figure_that_the_code_does_not_have(page: str) -> None:
    told = re.findall(rf"\b\d[\d.,]*\s?{UNITS}(?!\w)", prose(page))

    assert set(told) <= figures()


def test_figures_stand_where_they_belong() -> None:
    update = section(README, "## How data is updated")
    assert f"{constant('GRACE'):.0f} seconds" in update
    assert f"{constant('RESYNC_EVERY') / 3600:.0f} hours" in update
    assert f"{constant('_RINGING_AFTER') / 60:.0f} minutes" in update
    assert constant("_JWT_NOTICE").days == 14
    assert "two weeks" in section(SETUP, "## With a JWT")
    assert constant("LISTED_CALLS") == 7
    assert "seven calls" in ENTITIES


# Commands and files


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    for name in re.findall(r"\bscripts/([\w-]+)", path.read_text()):
        assert (ROOT / "scripts" / name).is_file(), name


def test_rooms_exist() -> None:
    for room in column(section(CONTRIBUTING, "## Rooms"), 0):
        assert (ROOT / room).is_dir(), room


def test_modules_exist() -> None:
    files = {
        path.name for path in ROOT.glob("custom_components/**/*") if path.is_file()
    }
    for word in words(CONTRIBUTING):
        if re.fullmatch(r"[\w/]+\.(py|json|yaml)", word) and not (ROOT / word).exists():
            assert Path(word).name in files, word


def test_the_first_screen() -> None:
    """What it is, what it looks like, the commands, and the way to a lamp."""
    first = README.partition("## Create the app")[0]

    assert len(first.splitlines()) <= 40
    assert first.count("<img") == 2
    for command in ("scripts/demo ", "scripts/demo ring", "scripts/test"):
        assert command in first
    assert "## A red lamp in five steps" in first
    assert README.index("## Create the app") < README.index("## Installation")
    assert len(README.splitlines()) <= 350


def test_the_red_lamp_has_five_steps() -> None:
    """The test that clicks them is tests/e2e/browser/test_first_quarter.py."""
    steps = section(README, "## A red lamp in five steps")

    assert re.findall(r"^(\d)\.", steps, re.MULTILINE) == list("12345")
    blueprint = (ROOT / "blueprints/automation/ringcentral/busy_light.yaml").read_text()
    for clicked in (
        "Add integration",
        TEXTS["config"]["step"]["user"]["menu_options"]["jwt"],
        "Submit",
        "Import blueprint",
        re.findall(r"^  name: (.*)$", blueprint, re.MULTILINE)[0],
        "Save",
    ):
        assert f"**{clicked}**" in steps


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in ROOT.glob("docs/images/*")}

    assert sum(sizes.values()) < 3_500_000
    assert all(size < 2_000_000 for size in sizes.values())


def test_the_version_is_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()

    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == MANIFEST["version"]


@pytest.mark.parametrize("page", OURS.values(), ids=OURS)
def test_american_english(page: str) -> None:
    assert not re.findall(
        r"\w*(?:colour|favourite|behaviour|organis|licence|centre)\w*",
        page,
        re.IGNORECASE,
    )


# Examples, in a Home Assistant that follows the emulated company


@pytest.fixture
async def emulator(socket_enabled: None) -> AsyncIterator[Emulator]:
    """Return the company of the demo, in which there is an Amir Xu."""
    async with Emulator(extensions=25, seed=1, rate_limits=False) as running:
        yield running


@asynccontextmanager
async def following(hass: HomeAssistant, emulator: Emulator) -> AsyncIterator[None]:
    """Follow everyone and the queues, with callers, as the examples take for granted."""
    entry = entry_for(
        emulator,
        follow=["account", "chosen"],
        extensions=emulator.ids(type="Department"),
        caller_identity=CALLER_FULL,
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    try:
        yield
    finally:
        assert await hass.config_entries.async_unload(entry.entry_id)


def automations() -> dict[str, Any]:
    """Return the examples that are automations, or parts of them, by where they are."""
    found = {
        f"{path.stem} {number}": cast(Any, parse_yaml(text))
        for path in PAGES
        for number, text in enumerate(examples(path.read_text()), 1)
    }
    return {name: config for name, config in found.items() if "actions" in config}


@pytest.mark.parametrize("name", automations())
async def test_example(
    hass: HomeAssistant,
    emulator: Emulator,
    enable_custom_integrations: None,
    name: str,
) -> None:
    config = {"triggers": [], **automations()[name]}
    async with following(hass, emulator):
        assert await async_setup_component(
            hass, "automation", {"automation": [{"alias": "Example", **config}]}
        )
        await hass.async_block_till_done()
        state = hass.states.get("automation.example")
        assert state is not None
        assert state.state == STATE_ON
        for entity_id in ids(config):
            assert hass.states.get(entity_id), entity_id
        # Leave no timer behind.
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": "automation.example"}, blocking=True
        )


def ids(config: Any) -> Iterable[str]:
    """Return the entity ids of the company that an example names."""
    return re.findall(r"\b\w+\.amir_xu_\w+", json.dumps(config))


async def test_example_of_reading(
    hass: HomeAssistant, emulator: Emulator, enable_custom_integrations: None
) -> None:
    (config,) = [
        config
        for config in automations().values()
        if "ringcentral.get_presence" in json.dumps(config)
    ]
    amir = next(
        key
        for key in emulator.extension_ids
        if emulator.extension(key).name == "Amir Xu"
    )
    async with following(hass, emulator):
        await emulator.set_presence(amir, {"message": "Back at two"})
        assert await async_setup_component(hass, "persistent_notification", {})
        assert await async_setup_component(
            hass, "script", {"script": {"example": {"sequence": config["actions"]}}}
        )
        await hass.services.async_call("script", "example", blocking=True)
    told = hass.data["persistent_notification"]
    assert [note["message"].strip() for note in told.values()] == [
        "Amir Xu: Back at two"
    ]


async def test_what_reading_returns(
    hass: HomeAssistant, emulator: Emulator, enable_custom_integrations: None
) -> None:
    page = section(AUTOMATIONS, "### `ringcentral.get_presence`")
    (line,) = [line for line in page.splitlines() if "`active_calls`" in line]
    extensions, *keys = words(line)
    async with following(hass, emulator):
        await emulator.play_call(
            emulator.own_extension_id, ["ring"], from_="+14155550177", from_name="Jo"
        )
        await emulator.wait_for(lambda: emulator.counters.events_sent > 0)
        await hass.async_block_till_done()
        found: Any = await hass.services.async_call(
            DOMAIN,
            "get_presence",
            {"entity_id": "event.amir_xu_call"},
            blocking=True,
            return_response=True,
        )
        own: Any = await hass.services.async_call(
            DOMAIN,
            "get_presence",
            {"label_id": mark(hass, emulator.own_extension_id)},
            blocking=True,
            return_response=True,
        )
    assert list(found) == [extensions]
    (presence,) = own[extensions].values()
    (call,) = presence["active_calls"]
    assert set(keys) == {*presence, *call}


def mark(hass: HomeAssistant, extension_id: str) -> str:
    """Give an entity of an extension a label, and return the label."""
    registry = er.async_get(hass)
    entry = next(
        entry
        for entry in registry.entities.values()
        if entry.unique_id.endswith(f"_{extension_id}_ringing")
    )
    registry.async_update_entity(entry.entity_id, labels={"here"})
    return "here"


async def test_what_is_kept_out_of_the_recorder(
    hass: HomeAssistant, emulator: Emulator, enable_custom_integrations: None
) -> None:
    (example,) = [parse_yaml(text) for text in examples(PRIVACY)]
    config = RECORDER_SCHEMA(example)["recorder"]
    globs = config["exclude"]["entity_globs"]
    async with following(hass, emulator):
        registry = er.async_get(hass)
        entities = {
            entry.entity_id: entry.unique_id.count("_")
            for entry in registry.entities.values()
            if entry.platform == DOMAIN
            and is_of_extension(entry, emulator)
            # It has the name of the extension alone, so each is listed.
            and entry.translation_key != "status"
        }
    assert len(config["exclude"]["entities"]) == 1
    assert len(entities) > 300
    for entity_id in entities:
        assert any(fnmatch(entity_id, glob) for glob in globs), entity_id
    for glob in globs:
        assert any(fnmatch(entity_id, glob) for entity_id in entities), glob


def is_of_extension(entry: er.RegistryEntry, emulator: Emulator) -> bool:
    """Whether an entity belongs to an extension, and not to the account."""
    rest = entry.unique_id.removeprefix(f"{emulator.account_id}_")
    return rest.split("_")[0].isdigit()


def test_the_example_of_a_sensor_is_formatted() -> None:
    (example,) = examples(CONTRIBUTING, "python")
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "-"],
        input=example,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert formatted == example


async def test_the_example_makes_a_sensor(
    hass: HomeAssistant,
    emulator: Emulator,
    enable_custom_integrations: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (example,) = examples(CONTRIBUTING, "python")
    added = eval(example, vars(sensor))
    unknown = Standing.of(models.Presence(extension_id="1"), calls.Calls())
    assert added.value_fn(unknown) is None
    monkeypatch.setattr(sensor, "CALL_FACTS", (*sensor.CALL_FACTS, added))
    async with following(hass, emulator):
        own = emulator.own_extension_id
        await emulator.play_call(own, ["ring", "answer", "hold"])
        registry = er.async_get(hass)
        unique_id = f"{emulator.account_id}_{own}_calls_on_hold"
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None
        await emulator.wait_for(lambda: emulator.counters.events_sent >= 3)
        await hass.async_block_till_done()
        state = hass.states.get(entity_id)
        assert state is not None
        assert state.state == "1"
