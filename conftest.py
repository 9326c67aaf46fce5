"""Makes the deployed system available to every level of the tests."""

pytest_plugins = ["tests.deployed"]
