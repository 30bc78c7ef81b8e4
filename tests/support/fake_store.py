"""The fake Redis, with the errors of the real store client."""

import fakeredis

from tasks.store.client import Translating


class FakeStoreClient(Translating, fakeredis.FakeRedis):
    """Raises LedgerUnavailable as `StoreClient` does."""
