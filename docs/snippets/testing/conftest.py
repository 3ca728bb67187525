import pytest
from bookshop import create_app
from flask import Flask


@pytest.fixture
def app() -> Flask:
    return create_app({"TESTING": True})
