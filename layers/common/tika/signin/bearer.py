"""Who calls a route that wants a token."""

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver

from tika.clock import utc_now
from tika.refusals import Unauthenticated
from tika.signin import tokens
from tika.signin.tokens import Caller


def caller(app: APIGatewayRestResolver) -> Caller:
    """By the bearer token of the request that `app` is at. Raises Unauthenticated."""
    scheme, _, token = (app.current_event.headers.get("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    return tokens.verify(token.strip(), now=utc_now())
