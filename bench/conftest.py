"""The bench stands on the tests' fixtures."""

from tests.budget.scenes import stage
from tests.conftest import a_citizen, a_session, at, aws

__all__ = ["a_citizen", "a_session", "at", "aws", "stage"]
