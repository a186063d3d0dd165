"""The wiring of the notices."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from cloud_api.citizens.telling import ReporterTelling
from cloud_api.database import Store
from cloud_api.dispatch.roster import Roster
from cloud_api.flow_choice import Flows
from cloud_api.notices.addressing import Addressing
from cloud_api.notices.ledger import NoticeState
from cloud_api.notices.plan import NoticePlan, load_plan
from cloud_api.notices.postman import Postman
from cloud_api.notices.senders import NoticeSender
from cloud_api.notices.templates import TEMPLATE_FOLDER, Templates, load_templates
from cloud_api.notices.writer import NoticeWriter
from cloud_api.orders.desk import OrderDesk

__all__ = ["Notices", "build_notices", "open_templates"]


class Notices:
    """The writer, and a postman for each channel."""

    def __init__(self, plan: NoticePlan, writer: NoticeWriter, postmen: list[Postman]) -> None:
        self.plan = plan
        self.writer = writer
        self.postmen = postmen


def open_templates(plan: NoticePlan, path: Path) -> Templates:
    """Return the templates of the plan in ``path``.

    Raises:
        ConfigError, NoticePlanError: they cannot be read or contradict themselves.
    """
    return load_templates(
        TEMPLATE_FOLDER if plan.templates is None else path.parent / plan.templates
    )


def build_notices(
    path: Path,
    store: Store,
    roster: Roster,
    flows: Flows,
    sender: NoticeSender,
    *,
    desk: OrderDesk,
    rng: Random,
    utc_offset_minutes: int,
    settled: Callable[[str, NoticeState], None],
) -> Notices:
    """Return the notices by the plan in ``path``.

    Raises:
        ConfigError, NoticePlanError: the plan or its templates cannot be read.
    """
    plan = load_plan(path)
    templates = open_templates(plan, path)
    telling = ReporterTelling(plan, templates, desk, utc_offset_minutes)
    writer = NoticeWriter(
        store,
        plan,
        templates,
        Addressing(plan, roster, utc_offset_minutes),
        reporters=telling.tell,
        utc_offset_minutes=utc_offset_minutes,
    )
    postmen = [
        Postman(
            store,
            plan,
            channel,
            sender,
            flows,
            reporter=telling.secrets,
            rng=rng,
            settled=settled,
        )
        for channel in plan.channels
    ]
    return Notices(plan, writer, postmen)
