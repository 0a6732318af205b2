"""Account and extensions (docs/protocol.md 2.3)."""

from . import shapes
from .api import A, Reply, Request, Route, X, find_extension
from .service import Service

LIST_FIELDS = (("status", "status"), ("type", "type"), ("extensionNumber", "number"))


def read_account(service: Service, request: Request, _ids: dict[str, str]) -> Reply:
    """GET account."""
    return Reply(body=shapes.account_info(service.account, request.base))


def read_extension(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET one extension."""
    ext = find_extension(service, request, ids["extension"])
    return Reply(
        body=shapes.extension_info(service.account, ext, request.base, single=True)
    )


def list_extensions(service: Service, request: Request, _ids: dict[str, str]) -> Reply:
    """GET the account's extensions, filtered and paged."""
    account = service.account
    page = request.number("page", 1, 1, None)
    per_page = request.number("perPage", 100, 1, 1000)
    found = list(account.extensions.values())
    for name, attribute in LIST_FIELDS:
        if wanted := request.many(name):
            found = [ext for ext in found if getattr(ext, attribute) in wanted]
    records = [
        shapes.extension_info(account, ext, request.base, single=False)
        for ext in found[(page - 1) * per_page : page * per_page]
    ]
    if wanted := request.many("email"):
        everyone = [
            shapes.extension_info(account, ext, request.base, single=False)
            for ext in found
        ]
        matching = [
            each for each in everyone if each.get("contact", {}).get("email") in wanted
        ]
        records = matching[(page - 1) * per_page : page * per_page]
        total = len(matching)
    else:
        total = len(found)
    uri = f"{request.base}/restapi/v1.0/account/{account.id}/extension"
    return Reply(body=shapes.listed(records, uri, request.query, page, per_page, total))


ROUTES = [
    Route("GET", A, "Light", read_account, "ReadAccounts", "ReadCompanyInfo"),
    Route("GET", X, "Light", read_extension, "ReadAccounts", "ReadExtensions"),
    Route(
        "GET",
        A + "/extension",
        "Medium",
        list_extensions,
        "ReadAccounts",
        "ReadExtensions",
    ),
]
