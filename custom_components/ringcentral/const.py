"""Names that more than one module of the integration needs."""

import logging
from typing import Final

DOMAIN: Final = "ringcentral"
LOGGER = logging.getLogger(__package__)

CONF_AUTH: Final = "auth"
CONF_SERVER: Final = "server"
CONF_JWT: Final = "jwt"
CONF_FOLLOW: Final = "follow"
CONF_EXTENSIONS: Final = "extensions"
CONF_CALLER_IDENTITY: Final = "caller_identity"

AUTH_JWT: Final = "jwt"
CALLER_HIDDEN: Final = "hidden"
CALLER_NAME: Final = "name"
CALLER_FULL: Final = "full"

ATTR_CALLER_NAME: Final = "caller_name"
ATTR_CALLER_NUMBER: Final = "caller_number"
