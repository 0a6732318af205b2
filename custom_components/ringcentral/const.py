"""Names that several modules of the integration need."""

import logging
from typing import Final

DOMAIN: Final = "ringcentral"
LOGGER = logging.getLogger(__package__)

DEFAULT_SERVER: Final = "https://platform.ringcentral.com"
CONSOLE_URL: Final = "https://developers.ringcentral.com/console"

CONF_AUTH: Final = "auth"
CONF_AUTH_IMPLEMENTATION: Final = "auth_implementation"
CONF_SERVER: Final = "server"
CONF_JWT: Final = "jwt"
CONF_FOLLOW: Final = "follow"
CONF_EXTENSIONS: Final = "extensions"
CONF_FROM: Final = "from"
CONF_STATUS: Final = "status"
CONF_TO: Final = "to"
CONF_CALLER_IDENTITY: Final = "caller_identity"

AUTH_JWT: Final = "jwt"
AUTH_OAUTH: Final = "oauth"

CALLER_HIDDEN: Final = "hidden"
CALLER_NAME: Final = "name"
CALLER_FULL: Final = "full"

ATTR_CALLER_NAME: Final = "caller_name"
ATTR_CALLER_NUMBER: Final = "caller_number"
ATTR_CALLED_NUMBER: Final = "called_number"
ATTR_OUTCOME: Final = "outcome"
ATTR_QUEUE: Final = "queue"
ATTR_SINCE: Final = "since"
ATTR_ALSO: Final = "also"
