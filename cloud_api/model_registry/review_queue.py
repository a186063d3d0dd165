"""The queue of pictures that people look at again 人工复核."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct
from sqlalchemy import delete, func, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import NotFound
from cloud_api.instants import to_us
from cloud_api.model_registry.tables import reviews
from contracts.review import ReviewDecision, ReviewItem, network_name

__all__ = ["Review", "ReviewQueue", "ReviewState"]

_MOST = 50_000
"""Pictures kept; the oldest that are decided go first, then the oldest."""


class ReviewState(StrEnum):
    """Whether somebody has looked."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Review(Struct, frozen=True, kw_only=True):
    """A picture and what was said of it."""

    item: ReviewItem
    state: ReviewState
    decision: ReviewDecision | None
    decided_at_us: int | None
    decided_by: str | None


class ReviewQueue:
    """What boxes think is hard, until a person has looked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, items: Sequence[ReviewItem]) -> int:
        """Keep pictures; return how many are new."""
        new = 0
        with self._store.write(Lane.MODELS) as connection:
            ids = [item.id for item in items]
            query = select(reviews.c.id).where(reviews.c.id.in_(ids))
            known = set(connection.scalars(query))
            for item in {item.id: item for item in items}.values():
                if item.id in known:
                    continue
                new += 1
                connection.execute(
                    insert(reviews).values(
                        id=item.id,
                        state=ReviewState.OPEN.value,
                        box=item.box,
                        camera=item.camera,
                        reason=item.reason.value,
                        taken_at_us=to_us(item.taken_at),
                        body=msgspec.json.encode(item),
                        model=item.model,
                        network=network_name(item.model),
                    )
                )
            surplus = int(connection.scalar(select(func.count()).select_from(reviews)) or 0) - _MOST
            if surplus > 0:
                open_last = reviews.c.state == ReviewState.OPEN.value
                oldest = select(reviews.c.id).order_by(open_last, reviews.c.taken_at_us)
                gone = list(connection.scalars(oldest.limit(surplus)))
                connection.execute(delete(reviews).where(reviews.c.id.in_(gone)))
        return new

    def list(
        self,
        *,
        state: ReviewState | None,
        camera: str | None,
        reason: str | None,
        model: str | None = None,
        after: str,
        limit: int,
    ) -> list[Review]:
        """Return pictures by id, of one state, camera, reason or network only where one is named.

        Args:
            state: whether somebody has looked.
            camera: its id.
            reason: why it is here.
            model: a network in all its versions by its name, or one version by name, version and hash.
            after: id behind which the list begins.
            limit: most pictures.
        """
        query = select(reviews).where(reviews.c.id > after).order_by(reviews.c.id).limit(limit)
        for column, wanted in (
            (reviews.c.state, None if state is None else state.value),
            (reviews.c.camera, camera),
            (reviews.c.reason, reason),
            # a name is what is left without version and hash: then there is none to take off
            (reviews.c.network if model == network_name(model or "") else reviews.c.model, model),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        with self._store.read() as connection:
            return [
                Review(
                    item=msgspec.json.decode(row.body, type=ReviewItem),
                    state=ReviewState(row.state),
                    decision=None
                    if row.labels is None
                    else msgspec.json.decode(row.labels, type=ReviewDecision),
                    decided_at_us=row.decided_at_us,
                    decided_by=row.decided_by,
                )
                for row in connection.execute(query)
            ]

    def decide(self, item: str, decision: ReviewDecision, now: datetime, *, by: str) -> ReviewState:
        """Note what a person says; a later word replaces an earlier one.

        Raises:
            NotFound: there is no such picture.
        """
        state = ReviewState.ACCEPTED if decision.accepted else ReviewState.REJECTED
        with self._store.write(Lane.MODELS) as connection:
            done = connection.execute(
                update(reviews)
                .where(reviews.c.id == item)
                .values(
                    state=state.value,
                    labels=msgspec.json.encode(decision),
                    decided_at_us=to_us(now),
                    decided_by=by,
                )
            )
        if done.rowcount == 0:
            raise NotFound(f"review {item!r} does not exist; see GET /v1/reviews")
        return state

    def reopen(self, item: str) -> ReviewState:
        """Forget what was said of a picture, so that somebody looks at it again.

        Raises:
            NotFound: there is no such picture.
        """
        with self._store.write(Lane.MODELS) as connection:
            done = connection.execute(
                update(reviews)
                .where(reviews.c.id == item)
                .values(
                    state=ReviewState.OPEN.value, labels=None, decided_at_us=None, decided_by=None
                )
            )
        if done.rowcount == 0:
            raise NotFound(f"review {item!r} does not exist; see GET /v1/reviews")
        return ReviewState.OPEN
