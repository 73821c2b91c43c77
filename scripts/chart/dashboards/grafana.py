"""Make a board into what Grafana reads, by the models of its own SDK (Apache-2.0)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import bargauge, common, stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as model

from .panels import RELEASE, Board, Panel, Query

UID = "implementation-dag-"
TAG = "implementation-dag"
# The chart puts the value monitoring.runbooks in its place.
RUNBOOKS = "https://runbooks.invalid"
DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
LAST = common.ReduceDataOptions(calcs=["lastNotNull"])
ONE_MOMENT = ("stat", "bargauge", "table")
OPTIONS: dict[str, Callable[[], object]] = {
    "stat": lambda: stat.Options(reduce_options=LAST, graph_mode=common.BigValueGraphMode.NONE),
    "bargauge": lambda: bargauge.Options(reduce_options=LAST, orientation=common.VizOrientation.HORIZONTAL),
    "table": table.Options,
    "timeseries": timeseries.Options,
}


def written(board: Board) -> str:
    """The dashboard as JSON."""
    made = build.Dashboard(board.title).uid(UID + board.name).description(board.words).tags([TAG])
    made = made.readonly().time(board.since, "now").refresh("1m").link(_others())
    for variable in _variables(board):
        made = made.with_variable(variable)
    number = 0
    for row in board.rows:
        made = made.with_row(build.Row(row.title))
        for panel in row.panels:
            number += 1
            made = made.with_panel(_panel(panel, number))
    return _lines(json.loads(json.dumps(made.build(), cls=JSONEncoder)))


def _lines(board: dict[str, Any]) -> str:
    """A line for each panel, so that a change of one is seen as that."""
    panels = board.pop("panels")
    lines = ",\n".join(json.dumps(panel, ensure_ascii=False) for panel in panels)
    return f'{json.dumps(board, ensure_ascii=False)[:-1]}, "panels": [\n{lines}\n]}}\n'


def _panel(panel: Panel, number: int) -> build.Panel:
    made = build.Panel().id(number).type(panel.kind).title(panel.title).description(panel.words).datasource(DATASOURCE)
    made = made.unit(panel.unit).span(panel.width).height(panel.height).options(OPTIONS[panel.kind]())
    steps = [model.Threshold(value=value, color=colour) for value, colour in panel.steps]
    made = made.thresholds(build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps))
    if panel.kind == "timeseries":
        made = made.custom(_drawn(panel))
    if panel.leads:
        made = made.data_links([_link("More", panel.leads)])
    if panel.runbooks:
        made = made.links([_link(alert, f"${{runbooks}}/{alert}.md") for alert in panel.runbooks])
    if panel.kind == "table":
        made = made.with_transformation(_without_time())
    for letter, query in zip("ABCDEF", panel.queries, strict=False):
        made = made.with_target(_query(query, letter, panel.kind))
    return made


def _drawn(panel: Panel) -> common.GraphFieldConfig:
    mode = common.StackingMode.NORMAL if panel.stacked else common.StackingMode.NONE
    filled = 30 if panel.stacked else 0
    return common.GraphFieldConfig(stacking=common.StackingConfig(mode=mode, group="A"), fill_opacity=filled)


def _query(query: Query, letter: str, kind: str) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(query.expr).ref_id(letter).legend_format(query.legend or "__auto")
    if kind == "table":
        made = made.format("table")  # type: ignore[arg-type]
    return made.instant() if kind in ONE_MOMENT else made.range()


def _without_time() -> model.DataTransformerConfig:
    return model.DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True}})


def _link(title: str, url: str) -> build.DashboardLink:
    return build.DashboardLink(title).type(model.DashboardLinkType.LINK).url(url).target_blank(True)


def _others() -> build.DashboardLink:
    made = build.DashboardLink("More of implementation-dag").type(model.DashboardLinkType.DASHBOARDS).tags([TAG])
    return made.include_vars(True).keep_time(True)


def _variables(board: Board) -> Iterator[Any]:
    yield build.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    yield _asked("job", "Release", "implementation_dag_last_look_age_seconds")
    if board.by_repository:
        yield _asked("repository", "Repository", f'implementation_dag_runs_total{{job="{RELEASE}"}}')
    yield build.ConstantVariable("runbooks").value(RUNBOOKS)


def _asked(label: str, words: str, series: str) -> build.QueryVariable:
    made = build.QueryVariable(label).label(words).datasource(DATASOURCE).query(f"label_values({series}, {label})")
    return made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)
