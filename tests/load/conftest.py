"""What a crowd needs."""

from tests.databases import shared_database as shared_database
